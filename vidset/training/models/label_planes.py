"""An image's polygons and masks as one label for each pixel, as a network of one size learns it."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vidset.datasets.versions.entry import Entry
from vidset.formats.painting import BACKGROUND, IGNORED, has_pixels, paint
from vidset.masks import Mask
from vidset.training.models.boxes import input_scale

UNKNOWN = -1
"""Pixels that are neither learned nor scored."""
_OUTSIDE = 65535


@dataclass(frozen=True, slots=True)
class _Plane:
    """One image's labels at the input's size: the names, and numbers of them, compressed."""

    names: tuple[str, ...]
    data: bytes


def labels_of(entry: Entry) -> list[str]:
    """The labels of an image's polygons and masks, sorted; those to be ignored are left out."""
    return sorted({thing.label for thing in entry.things if has_pixels(thing.labeled)} - {IGNORED})


def unusable(entry: Entry) -> str | None:
    """Returns why nobody can tell the labels of an image's pixels; None if they can be told."""
    if entry.objects is None:
        return "nobody said which objects it has"
    for thing in entry.things:
        if thing.box is not None:
            return f"has a box ({thing.label}), which does not say which pixels are the object's"
        mask = thing.mask
        if mask and (mask.width, mask.height) != (entry.width, entry.height):
            return f"has a mask of {mask.width} x {mask.height} ({thing.label})"
    return None


def paint_entry(entry: Entry) -> tuple[np.ndarray, list[str]]:
    """(height, width) numbers of an image's pixels, and their names; 65535 is ignored."""
    names = sorted({*labels_of(entry), BACKGROUND})
    numbers = {name: number for number, name in enumerate(names)} | {IGNORED: _OUTSIDE}
    objects = [thing.labeled for thing in entry.things]
    painted, _ = paint(objects, numbers, entry.width, entry.height, nothing=numbers[BACKGROUND])
    return painted, names


def true_masks(entry: Entry) -> dict[str, Mask]:
    """A mask for each label, none over the other, without the pixels to be ignored."""
    return masks_in(*paint_entry(entry))


def masks_in(painted: np.ndarray, names: Sequence[str]) -> dict[str, Mask]:
    """A mask for each label that has pixels, in the order of the names."""
    there: list[int] = [each for each in np.unique(painted).tolist() if each < len(names)]
    return {names[number]: Mask.of(painted == number) for number in there}


class LabelPlanes:
    """The labels of images as a network learns them: painted once, and kept compressed.

    A plane of 320 x 180 pixels takes some 2 kB.

    Args:
        rule: the recipe's input: `width` and `height`.
    """

    def __init__(self, rule: Mapping[str, Any]):
        self._rule = rule
        self._kept: dict[tuple[str, str], _Plane] = {}

    def names(self, entry: Entry) -> tuple[str, ...]:
        """The labels of the pixels that an image has, at the input's size."""
        return self._plane(entry).names

    def targets(self, entry: Entry, classes: Sequence[str]) -> np.ndarray:
        """(height, width) int64 of the input: places in `classes`; -1 is not learned."""
        plane = self._plane(entry)
        places = {label: place for place, label in enumerate(classes)}
        table = np.full(256, UNKNOWN, np.int64)
        for number, name in enumerate(plane.names):
            table[number] = places.get(name, UNKNOWN)
        shape = self._rule["height"], self._rule["width"]
        return table[np.frombuffer(zlib.decompress(plane.data), np.uint8).reshape(shape)]

    def _plane(self, entry: Entry) -> _Plane:
        key = entry.image_sha256, entry.image_uri
        if key not in self._kept:
            self._kept[key] = self._painted(entry)
        return self._kept[key]

    def _painted(self, entry: Entry) -> _Plane:
        painted, names = paint_entry(entry)
        width, height = inside(entry.width, entry.height, self._rule)
        if (height, width) != painted.shape:
            painted = cv2.resize(painted, (width, height), interpolation=cv2.INTER_NEAREST)
        there = [number for number in np.unique(painted).tolist() if number != _OUTSIDE]
        plane = np.full((self._rule["height"], self._rule["width"]), 255, np.uint8)
        for place, number in enumerate(there):
            plane[:height, :width][painted == number] = place
        return _Plane(tuple(names[number] for number in there), zlib.compress(plane.tobytes(), 1))


def inside(width: int, height: int, rule: Mapping[str, Any]) -> tuple[int, int]:
    """Returns the width and height that an image takes in the input, at its top left."""
    scale = input_scale(width, height, rule)
    return max(round(width * scale), 1), max(round(height * scale), 1)
