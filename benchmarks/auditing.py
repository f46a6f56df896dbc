"""The leak audit: near duplicates that it finds, and how its cost grows with the images."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from time import process_time

import cv2
import numpy as np
import pyarrow as pa

from benchmarks.twins import run_twins, table_of
from vidset.datasets.images.measures import SCHEMA as MEASURES
from vidset.datasets.images.measures import THUMBNAIL_SIDE, decode, measure
from vidset.datasets.images.near_duplicates import NEAR_DISTANCE
from vidset.datasets.schema.statistics import describe
from vidset.datasets.splits.assign import assign_splits
from vidset.datasets.splits.audit import audit
from vidset.datasets.splits.groups import join_groups
from vidset.datasets.versions.manifest import SCHEMA, Manifest

_SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
_SIZES = (10_000, 30_000, 100_000)
_SIDE = 64


def run(videos: list[Path]) -> None:
    cv2.setNumThreads(1)
    run_twins(videos)
    _cost()
    print("\nCPU seconds for so many images in three splits:\n")
    print("| images | number | audit | groups | split | statistics | leaks | crowded |")
    print("|---|---|---|---|---|---|---|---|")
    for name, make in _KINDS.items():
        for count in _SIZES:
            print(f"| {name} | {count:,} | {_grown(*make(count))} |", flush=True)


def _grown(manifest: Manifest, measures: pa.Table) -> str:
    images = manifest.table
    place = images.schema.get_field_index("group")
    images = images.set_column(place, "group", pa.nulls(len(images), pa.string()))
    times = [process_time()]
    found = audit(manifest, measures)
    times.append(process_time())
    groups = join_groups(images, measures, NEAR_DISTANCE)
    times.append(process_time())
    assign_splits(groups, images["label"].to_pylist(), shares=_SHARES, seed=0)
    times.append(process_time())
    describe(manifest, measures)
    times.append(process_time())
    spent = " | ".join(f"{b - a:.1f}" for a, b in pairwise(times))
    return f"{spent} | {len(found.leaks):,} | {found.crowded:,}"


def _photos(count: int) -> Iterator[np.ndarray]:
    """Clouds, no two alike."""
    random = np.random.default_rng(0)
    for _ in range(count):
        small = random.integers(0, 256, (8, 8), np.uint8)
        yield cv2.resize(small, (_SIDE, _SIDE), interpolation=cv2.INTER_CUBIC)


def _drawings(count: int) -> Iterator[np.ndarray]:
    """One line with up to four corners on white: many look alike."""
    random = np.random.default_rng(0)
    for _ in range(count):
        luma = np.full((_SIDE, _SIDE), 255, np.uint8)
        corners = random.integers(8, _SIDE - 8, (int(random.integers(2, 5)), 2))
        cv2.polylines(luma, [corners.astype(np.int32)], isClosed=False, color=0, thickness=2)
        yield luma


def _parked(count: int) -> Iterator[np.ndarray]:
    """A hundred fixed cameras with noise: each picture is near all others of its camera."""
    random = np.random.default_rng(0)
    views = list(_photos(100))
    for number in range(count):
        noise = random.integers(-8, 9, (_SIDE, _SIDE))
        yield np.clip(views[number % len(views)] + noise, 0, 255).astype(np.uint8)


def _version(found: pa.Table) -> tuple[Manifest, pa.Table]:
    """A manifest of such pictures, divided by chance; and their measures."""
    count = len(found)
    random = np.random.default_rng(0)
    hashes = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(count)]
    measures = {
        "image_sha256": hashes,
        "pixels_sha256": hashes,
        "image_format": ["png"] * count,
        "brightness": random.normal(128, 20, count),
        "phash": found["phash"],
        "thumbnail": found["thumbnail"],
    }
    images = {
        "image_sha256": hashes,
        "image_uri": [f"{number}.png" for number in range(count)],
        "image_format": ["png"] * count,
        "label": random.choice(list("abcdefghij"), count),
        "split": random.choice(list(_SHARES), count, p=list(_SHARES.values())),
        "group": hashes,
        "origin": hashes,
        "source": ["folder"] * count,
    }
    return Manifest(_table(images, SCHEMA, count)), _table(measures, MEASURES, count)


def _table(columns: dict, schema: pa.Schema, count: int) -> pa.Table:
    """Makes a table with 1 in the other columns of numbers, and null where that may be."""
    arrays = []
    for field in schema:
        if field.name in columns:
            values = columns[field.name]
            values = values if isinstance(values, pa.ChunkedArray) else pa.array(values)
            arrays.append(values.cast(field.type))
        elif field.nullable:
            arrays.append(pa.nulls(count, field.type))
        else:
            arrays.append(pa.array(np.ones(count)).cast(field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _one_hash(count: int) -> tuple[Manifest, pa.Table]:
    """Pictures that all are different and have the same hash."""
    random = np.random.default_rng(0)
    thumbnails = [random.bytes(THUMBNAIL_SIDE**2) for _ in range(count)]
    columns = {
        "phash": pa.array([7] * count, pa.uint64()),
        "thumbnail": pa.array(thumbnails, pa.binary(THUMBNAIL_SIDE**2)),
    }
    return _version(pa.table(columns))


_KINDS: dict[str, Callable[[int], tuple[Manifest, pa.Table]]] = {
    "photos": lambda count: _version(table_of(_photos(count))),
    "line drawings": lambda count: _version(table_of(_drawings(count))),
    "100 fixed cameras": lambda count: _version(table_of(_parked(count))),
    "different, of one hash": _one_hash,
}


def _cost() -> None:
    """Measures the cost beside what nobody can do without: decoding, and SHA-256."""
    print("\nMeasuring an image, CPU ms:\n\n| image | all measures | decoding and SHA-256 |")
    print("|---|---|---|")
    for name, size in ("240x240", (240, 240)), ("1280x720", (1280, 720)):
        small = np.random.default_rng(0).integers(0, 256, (27, 48, 3), np.uint8)
        picture = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)
        for ending in ".png", ".jpg":
            data = cv2.imencode(ending, picture)[1].tobytes()
            ours = _least(lambda: measure(data, "a"))  # noqa: B023
            plain = _least(lambda: (decode(data, "a"), hashlib.sha256(data).digest()))  # noqa: B023
            print(f"| {name}{ending} | {ours:.2f} | {plain:.2f} |")


def _least(work: Callable[[], object]) -> float:
    found = []
    for _ in range(20):
        began = process_time()
        work()
        found.append(process_time() - began)
    return min(found) * 1e3
