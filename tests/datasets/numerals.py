"""Dataset versions of drawn images, for tests: numerals with a class, shapes with boxes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np

from vidset.datasets.exchange.received import measures_table
from vidset.datasets.images.measures import measure
from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.demo.numerals import NUMERALS, draw_numeral

SHAPES = ("circle", "square", "triangle")
# The dark channels of each: told apart by colour alone they are learned in a third of the time.
_DARK = {
    "circle": (False, True, True),
    "square": (True, False, True),
    "triangle": (True, True, False),
}


def write_numerals(
    repository: Repository,
    counts: Mapping[str, int],
    *,
    labels: Sequence[str] = NUMERALS,
    seed: int = 0,
    details: Mapping[str, Any] | None = None,
) -> str:
    """A version with `counts` images of each label in each split; its id."""
    return write_version(repository, list(numerals(repository, counts, labels, seed)), details)


def numerals(
    repository: Repository, counts: Mapping[str, int], labels: Sequence[str], seed: int
) -> Iterator[Entry]:
    """The images of such a version, stored."""
    random = np.random.default_rng(seed)
    for split, count in counts.items():
        for label in labels:
            for number in range(count):
                picture = draw_numeral(label, random)
                yield entry(repository, picture, f"{split}/{label}/{number}.png", split, label)


def write_shapes(repository: Repository, counts: Mapping[str, int], *, seed: int = 0) -> str:
    """A version with `counts` images of one to three shapes in each split; its id."""
    random = np.random.default_rng(seed)
    entries = []
    for split, count in counts.items():
        for number in range(count):
            picture, things = draw_shapes(random)
            name = f"{split}/{number}.png"
            entries.append(entry(repository, picture, name, split, None, things))
    return write_version(repository, entries)


def write_version(
    repository: Repository, entries: Sequence[Entry], details: Mapping[str, Any] | None = None
) -> str:
    """The id of a version of these entries."""
    said = {"created_at": "2026-01-01T00:00:00", "parents": [], "transforms": [], **(details or {})}
    images = {each.image_sha256: each for each in entries}
    measured = {
        digest: asdict(measure(repository.read_image(each), each.image_uri))
        for digest, each in images.items()
    }
    return repository.write_version(Manifest.of(entries), measures_table(measured.values()), said)


def entry(
    repository: Repository,
    picture: np.ndarray,
    name: str,
    split: str,
    label: str | None,
    things: Sequence[Mapping[str, Any]] | None = None,
) -> Entry:
    """A picture, (h, w, 3) uint8 RGB, stored, with what it shows."""
    data = cv2.imencode(".png", picture[:, :, ::-1])[1].tobytes()
    digest = repository.put_image(data, "png")
    return Entry(
        image_sha256=digest,
        image_uri=name,
        image_format="png",
        width=picture.shape[1],
        height=picture.shape[0],
        label=label,
        objects=None if things is None else to_json(things),
        group=digest,
        split=split,
        origin=digest,
        source="folder",
    )


def draw_shapes(random: np.random.Generator) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """On grey, one to three shapes that do not touch, each label in its colours; their boxes."""
    height, width = (int(side) for side in random.integers(120, 300, size=2))
    picture = np.full((height, width, 3), random.integers(90, 160), np.uint8)
    taken, things = np.zeros((height, width), bool), []
    for number in range(int(random.integers(1, 4))):
        side = int(random.integers(24, 70))
        left, top = int(random.integers(0, width - side)), int(random.integers(0, height - side))
        if taken[top : top + side, left : left + side].any():
            continue
        taken[top : top + side, left : left + side] = True
        label = SHAPES[int(random.integers(len(SHAPES)))]
        levels = ((0, 40) if is_dark else (200, 255) for is_dark in _DARK[label])
        colour = tuple(int(random.choice(each)) for each in levels)
        _draw_shape(picture, label, left, top, side, colour)
        box = {"x": left, "y": top, "width": side, "height": side}
        thing = {"id": str(number), "label": label, "type": "box", "box": box}
        things.append(thing | {"attributes": {}})
    noise = random.normal(0, 8, size=picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8), things


def _draw_shape(
    picture: np.ndarray, label: str, left: int, top: int, side: int, colour: tuple[int, ...]
) -> None:
    right, bottom = left + side - 1, top + side - 1
    if label == "square":
        cv2.rectangle(picture, (left, top), (right, bottom), colour, -1)
    elif label == "circle":
        cv2.circle(picture, (left + side // 2, top + side // 2), side // 2 - 1, colour, -1)
    else:
        corners = np.array([(left, bottom), (right, bottom), (left + side // 2, top)])
        cv2.fillPoly(picture, [corners], colour)
