"""Percent of the image's size to pixels and back; rectangles, polygons and brushes.

Label Studio's rectangles are turned clockwise, by degrees, around their top left corner, ours
around their middle.
"""

import math
from typing import Any

from vidset.labeling.annotation import Box, Point
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.shapes import turned_corners
from vidset.labeling.vendors.json_object import JsonObject, unlike
from vidset.labeling.vendors.label_studio.brush import from_brush, to_brush
from vidset.masks import Mask

Size = tuple[int, int]
# Corners that are further (pixels) from those of a rectangle are an outline of their own.
_TOLERANCE = 1e-3


def box_of(value: JsonObject, size: Size) -> Box:
    """Return a rectangle in pixels, as it was before it was turned."""
    width, height = size
    return Box(
        x=_pixels(value, "x", width),
        y=_pixels(value, "y", height),
        width=_pixels(value, "width", width),
        height=_pixels(value, "height", height),
    )


def rotation_of(value: JsonObject) -> float:
    return float(value.number("rotation")) if value.has("rotation") else 0.0


def points_of(value: JsonObject, size: Size) -> tuple[Point, ...]:
    if value.has("closed") and not value.flag("closed"):
        raise InvalidAnswerError(f"{value.path('closed')} must be true: the polygon is unfinished")
    points, path = value.list("points"), value.path("points")
    if len(points) < 3:
        raise InvalidAnswerError(f"{path} must be 3 or more, got {len(points)}")
    return tuple(_point(point, f"{path}[{i}]", size) for i, point in enumerate(points))


def corners(box: Box, rotation: float) -> tuple[Point, ...]:
    """Returns the corners clockwise, from the one that was at the top left."""
    turn = math.radians(rotation)
    right = box.width * math.cos(turn), box.width * math.sin(turn)
    down = -box.height * math.sin(turn), box.height * math.cos(turn)
    return (
        (box.x, box.y),
        (box.x + right[0], box.y + right[1]),
        (box.x + right[0] + down[0], box.y + right[1] + down[1]),
        (box.x + down[0], box.y + down[1]),
    )


def turned_about_middle(box: Box, rotation: float) -> Box:
    """A rectangle of Label Studio's as one that is turned about its middle instead."""
    points = corners(box, rotation)
    x, y = (points[0][axis] / 2 + points[2][axis] / 2 for axis in (0, 1))
    return Box(x - box.width / 2, y - box.height / 2, box.width, box.height, rotation)


def turned_about_corner(box: Box) -> Box:
    """The same rectangle as Label Studio has it before it is turned about its top left corner."""
    (x, y), *_ = turned_corners(box)
    return Box(x, y, box.width, box.height)


def mask_of(value: JsonObject, size: Size) -> Mask:
    """Returns what a brush painted."""
    numbers = value.list("rle")
    try:
        return Mask.of(from_brush(numbers, *size))
    except ValueError as error:
        raise InvalidAnswerError(f"{value.path('rle')}: {error}") from None


def brush_value(mask: Mask) -> dict[str, Any]:
    return {"format": "rle", "rle": to_brush(mask.pixels())}


def unturned(points: tuple[Point, ...], rotation: float) -> Box | None:
    """The box whose `corners` these are; None when they are no rectangle's of this rotation."""
    if len(points) != 4:
        return None
    top_left, top_right, _, bottom_left = points
    box = Box(*top_left, math.dist(top_left, top_right), math.dist(top_left, bottom_left))
    pairs = zip(points, corners(box, rotation), strict=True)
    return box if max(math.dist(*pair) for pair in pairs) <= _TOLERANCE else None


def rectangle_value(box: Box, rotation: float, size: Size) -> dict[str, Any]:
    width, height = size
    return {
        "x": box.x * 100 / width,
        "y": box.y * 100 / height,
        "width": box.width * 100 / width,
        "height": box.height * 100 / height,
        "rotation": rotation,
    }


def polygon_value(points: tuple[Point, ...], size: Size) -> dict[str, Any]:
    width, height = size
    percents = [[x * 100 / width, y * 100 / height] for x, y in points]
    return {"points": percents, "closed": True}


def _point(value: Any, path: str, size: Size) -> Point:
    if not isinstance(value, list) or len(value) != 2:
        raise unlike(path, "a pair of numbers", value)
    pair = JsonObject({"x": value[0], "y": value[1]}, path)
    return _pixels(pair, "x", size[0]), _pixels(pair, "y", size[1])


def _pixels(value: JsonObject, name: str, extent: int) -> float:
    pixels = value.number(name) * extent / 100
    if not math.isfinite(pixels):
        raise unlike(value.path(name), "a percentage", value.values[name])
    return pixels
