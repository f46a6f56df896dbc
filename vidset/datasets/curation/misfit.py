"""Whether what is drawn in an image fits it."""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from vidset.datasets.curation.sources.source import Found

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
        corners = _corners(thing)
        if corners is None:
            continue
        name = f"object {thing.get('id', number)} ({thing['label']})"
        if not all(isfinite(value) for corner in corners for value in corner):
            return f"{name}: wanted finite numbers, got {corners}"
        left, top, right, bottom = bounds(corners)
        if right <= left or bottom <= top:
            return f"{name}: wanted a shape with an area, got {_said(left, top, right, bottom)}"
        most = _MOST_OUTSIDE
        if min(left, top) < -most or right > width + most or bottom > height + most:
            got = _said(left, top, right, bottom)
            return f"{name}: wanted it inside {width} x {height} pixels, got {got}"
    return None


def bounds(corners: list[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of what holds all corners."""
    xs, ys = zip(*corners, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _corners(thing: Mapping[str, Any]) -> list[tuple[float, float]] | None:
    if box := thing.get("box"):
        left, top = box["x"], box["y"]
        return [(left, top), (left + box["width"], top + box["height"])]
    if points := thing.get("points"):
        return [(point["x"], point["y"]) for point in points]
    if rings := thing.get("rings"):
        return [(point["x"], point["y"]) for ring in rings for point in ring["points"]]
    return None


def _said(left: float, top: float, right: float, bottom: float) -> str:
    return f"{left:g}, {top:g} to {right:g}, {bottom:g}"
