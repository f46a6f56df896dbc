"""Manifests with their measures, of files in memory."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import cv2
import numpy as np
import pyarrow as pa

from vidset.datasets.images.measures import SCHEMA as MEASURES
from vidset.datasets.images.measures import measure
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest


@dataclass(frozen=True)
class Row:
    """An image to be in a manifest. `origin`: the uri of the row that it was made from."""

    uri: str
    data: bytes
    split: str = "train"
    label: str | None = "a"
    group: str | None = None
    objects: Sequence[dict[str, Any]] | None = None
    origin: str | None = None


def manifest_of(rows: Iterable[Row]) -> tuple[Manifest, pa.Table]:
    """A manifest, in which an image without group is a group of its own; and the measures."""
    rows = list(rows)
    measured = {row.uri: measure(row.data, row.uri) for row in rows}
    entries = [
        Entry(
            image_sha256=measured[row.uri].image_sha256,
            image_uri=row.uri,
            image_format=measured[row.uri].image_format,
            width=measured[row.uri].width,
            height=measured[row.uri].height,
            label=row.label,
            objects=None if row.objects is None else to_json(row.objects),
            group=row.group or measured[row.uri].image_sha256,
            split=row.split,
            origin=measured[row.origin or row.uri].image_sha256,
            source="folder",
        )
        for row in rows
    ]
    each = {one.image_sha256: asdict(one) for one in measured.values()}
    return Manifest.of(entries), pa.Table.from_pylist(list(each.values()), MEASURES)


def candidates_of(rows: Iterable[Row]) -> tuple[pa.Table, pa.Table]:
    """As `manifest_of`, before groups are joined: in the rows' order, and null where none is."""
    rows = list(rows)
    _, measures = manifest_of(rows)
    hashes = {row.uri: measure(row.data, row.uri).image_sha256 for row in rows}
    images = {
        "image_sha256": [hashes[row.uri] for row in rows],
        "group": [row.group for row in rows],
        "origin": [hashes[row.origin or row.uri] for row in rows],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in images.items()}), (
        measures
    )


def encoded(picture: np.ndarray, ending: str = ".png", quality: int = 90) -> bytes:
    """A file of (h, w) or (h, w, 3) uint8 RGB."""
    if picture.ndim == 3:
        picture = np.ascontiguousarray(picture[:, :, ::-1])
    how = [cv2.IMWRITE_JPEG_QUALITY, quality] if ending == ".jpg" else []
    return cv2.imencode(ending, picture, how)[1].tobytes()


def scene(seed: int, size: tuple[int, int] = (160, 120)) -> np.ndarray:
    """(h, w, 3) uint8: clouds of colour with shapes in them, no two seeds alike."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 256, (9, 12, 3), np.uint8)
    picture = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
    for _ in range(6):
        corner = random.integers(0, size)
        colour = tuple(int(level) for level in random.integers(0, 256, 3))
        cv2.rectangle(picture, corner.tolist(), (corner + 24).tolist(), colour, -1)
    return picture


def drawing(seed: int, size: tuple[int, int] = (240, 240)) -> np.ndarray:
    """(h, w) uint8: a few strokes on white."""
    random = np.random.default_rng(seed)
    picture = np.full(size[::-1], 255, np.uint8)
    strokes = random.integers(60, 180, (int(random.integers(1, 4)), 2, 2))
    for start, end in strokes.tolist():
        cv2.line(picture, start, end, 0, 7, cv2.LINE_AA)
    return picture
