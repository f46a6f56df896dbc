"""Checks whether what is drawn in an image fits it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from vidset.datasets.curation.sources.source import Found
from vidset.labeling.annotation import Box
from vidset.labeling.shapes import turned_corners
from vidset.masks import Mask

# Tools speak of percents, and of the middle of pixels: a shape may leave the image by a pixel.
_MOST_OUTSIDE = 1.0


def misfit(found: Found, width: int, height: int) -> str | None:
    """The first thing that is wrong with the labels of an image of this size; None: nothing."""
    if found.size is not None and found.size != (width, height):
        said = "{} x {}".format(*found.size)
        return f"labeled as an image of {said} pixels, got {width} x {height}"
    return misfit_of(found.objects or (), width, height)


def misfit_of(objects: Sequence[Mapping[str, Any]], width: int, height: int) -> str | None:
    """The first object that does not fit an image of this size; None: all do."""
    for number, thing in enumerate(objects):
        if fault := _fault_of(thing, width, height):
            return f"object {thing.get('id', number)} ({thing['label']}): {fault}"
    return None


def _fault_of(thing: Mapping[str, Any], width: int, height: int) -> str | None:
    if mask := thing.get("mask"):
        return _fault_of_mask(mask, width, height)
    least = min((len(ring["points"]) for ring in thing.get("rings") or ()), default=3)
    if least < 3:
        return f"wanted rings of 3 points or more, got {least}"
    corners = _corners(thing)
    return _fault_of_corners(thing, corners, width, height) if corners else None


def _fault_of_corners(
    thing: Mapping[str, Any], corners: list[tuple[float, float]], width: int, height: int
) -> str | None:
    if not all(isfinite(value) for corner in corners for value in corner):
        return f"wanted finite numbers, got {corners}"
    left, top, right, bottom = bounds(corners)
    if right <= left or bottom <= top:
        return f"wanted a shape with an area, got {_said(left, top, right, bottom)}"
    if (thing.get("box") or {}).get("angle"):  # Its corners may be outside, as it cannot be cut.
        left, top = right, bottom = (left + right) / 2, (top + bottom) / 2
    most = _MOST_OUTSIDE
    if min(left, top) < -most or right > width + most or bottom > height + most:
        got = _said(left, top, right, bottom)
        return f"wanted it inside {width} x {height} pixels, got {got}"
    return None


def _fault_of_mask(document: Mapping[str, Any], width: int, height: int) -> str | None:
    try:
        mask = Mask.from_document(document)
    except ValueError as error:
        return str(error)
    if (mask.width, mask.height) != (width, height):
        return f"wanted a mask of {width} x {height} pixels, got {mask.width} x {mask.height}"
    return None if mask.area else "wanted a mask with pixels, got an empty one"


def bounds(corners: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Returns left, top, right and bottom of what holds all corners."""
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _corners(thing: Mapping[str, Any]) -> list[tuple[float, float]] | None:
    if box := thing.get("box"):
        left, top = box["x"], box["y"]
        if box.get("angle"):
            return list(turned_corners(Box(**box)))
        return [(left, top), (left + box["width"], top + box["height"])]
    if points := thing.get("points"):
        return [(point["x"], point["y"]) for point in points]
    if rings := thing.get("rings"):
        return [(point["x"], point["y"]) for ring in rings for point in ring["points"]]
    return None


def _said(left: float, top: float, right: float, bottom: float) -> str:
    return f"{left:g}, {top:g} to {right:g}, {bottom:g}"
