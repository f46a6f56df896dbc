"""A recipe applied to a version: the images that the next version has."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from itertools import islice
from typing import Any

import cv2
import numpy as np

from training.entry import TRAIN, Entry, to_json
from training.measuring import decode
from training.recipe import Recipe
from training.repository import Repository
from training.steps.step import Step, recorded

# An object of which less than this share of the area is left in the picture is gone from it.
_LEAST_VISIBLE = 0.25
_JPEG_QUALITY = 95
_AT_ONCE = 64


def apply_recipe(
    repository: Repository, entries: Iterable[Entry], recipe: Recipe, executor: Executor
) -> Iterator[Entry]:
    """The entries that the recipe makes of these; their images are stored.

    Every image is replaced by the transformed one, and those of the training split get copies
    beside them. A copy that comes out pixel for pixel like another of the image is left out.

    Raises:
        DatasetError: an image cannot be read.
    """
    waiting = iter(entries)
    while batch := list(islice(waiting, _AT_ONCE)):
        files = [repository.read_image(entry) for entry in batch]
        for made in executor.map(make, batch, files, [recipe] * len(batch), chunksize=4):
            for entry, data in made:
                repository.put_image(data, entry.image_format)
                yield entry


def make(entry: Entry, data: bytes, recipe: Recipe) -> list[tuple[Entry, bytes]]:
    """What the recipe makes of one image, with its bytes: the transformed one, then copies."""
    picture = decode(data, entry.image_uri)
    things = json.loads(entry.objects) if entry.objects is not None else None
    picture, things = _through(recipe.transforms, picture, things)
    steps = [recorded(step) for step in recipe.transforms]
    base = (entry, data)
    if recipe.transforms:
        base = _made(entry, picture, things, steps)
    made, seen = [base], {_digest(picture)}
    for copy in range(recipe.copies if entry.split == TRAIN else 0):
        drawn = recipe.draw(entry.image_sha256, copy)
        other, moved = _through(drawn, picture, things)
        if _digest(other) not in seen:
            seen.add(_digest(other))
            made.append(_made(entry, other, moved, [*steps, *map(recorded, drawn)]))
    return made


def transforms_of(details: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All that was done to every image of a version since it was collected, by its version.json."""
    return list(details.get("transforms", []))


def _through(
    steps: Sequence[Step], picture: np.ndarray, things: list[dict[str, Any]] | None
) -> tuple[np.ndarray, list[dict[str, Any]] | None]:
    moved = np.eye(3)
    for step in steps:
        stepped = step.apply(picture)
        picture, moved = stepped.picture, stepped.moved @ moved
    if things is None or np.array_equal(moved, np.eye(3)):
        return picture, things
    size = (picture.shape[1], picture.shape[0])
    kept = (move_object(thing, moved, size) for thing in things)
    return picture, [thing for thing in kept if thing is not None]


def move_object(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    """An object (as in the annotation document) after its picture was moved; None if it is gone.

    Args:
        moved: 3x3, from old to new points.
        size: the new picture's (width, height).
    """
    if thing.get("box"):
        box = thing["box"]
        left, top = box["x"], box["y"]
        right, bottom = left + box["width"], top + box["height"]
        points = _moved([(left, top), (right, top), (right, bottom), (left, bottom)], moved)
        whole = points.min(axis=0), points.max(axis=0)
        inside = np.clip(whole[0], 0, size), np.clip(whole[1], 0, size)
        area = math.prod(whole[1] - whole[0])
        if area <= 0 or math.prod(inside[1] - inside[0]) < _LEAST_VISIBLE * area:
            return None
        (x, y), (width, height) = inside[0].tolist(), (inside[1] - inside[0]).tolist()
        return {**thing, "box": _rounded({"x": x, "y": y, "width": width, "height": height})}
    if thing.get("points"):
        points = _moved([(point["x"], point["y"]) for point in thing["points"]], moved)
        middle = points.mean(axis=0)
        if not ((middle >= 0) & (middle <= size)).all():
            return None
        points = np.clip(points, 0, size)
        return {**thing, "points": [_rounded({"x": x, "y": y}) for x, y in points.tolist()]}
    return dict(thing)


def _moved(points: Sequence[tuple[float, float]], moved: np.ndarray) -> np.ndarray:
    return (np.column_stack([np.array(points, float), np.ones(len(points))]) @ moved.T)[:, :2]


def _rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    # Thousandths of a pixel: the last bits of a product differ between machines, an id must not.
    return {name: round(value, 3) for name, value in numbers.items()}


def _digest(picture: np.ndarray) -> bytes:
    return hashlib.sha256(repr(picture.shape).encode() + picture.tobytes()).digest()


def _made(
    entry: Entry,
    picture: np.ndarray,
    things: list[dict[str, Any]] | None,
    steps: list[dict[str, Any]],
) -> tuple[Entry, bytes]:
    ending, how = ".png", [cv2.IMWRITE_PNG_COMPRESSION, 9]
    if entry.image_format == "jpeg":
        ending, how = ".jpg", [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY]
    _, encoded = cv2.imencode(ending, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), how)
    data = encoded.tobytes()
    earlier = json.loads(entry.made_by) if entry.made_by else []
    made = replace(
        entry,
        image_sha256=hashlib.sha256(data).hexdigest(),
        image_format="jpeg" if ending == ".jpg" else "png",
        width=picture.shape[1],
        height=picture.shape[0],
        objects=None if things is None else to_json(things),
        parent=entry.image_sha256,
        made_by=to_json([*earlier, *steps]),
    )
    return made, data
