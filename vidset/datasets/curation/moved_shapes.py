"""Objects after a recipe has moved the pixels of their picture."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from vidset.labeling.annotation import Box, Point
from vidset.labeling.shapes import area_of_ring, rotated_box_of, turned_corners
from vidset.masks import Mask

LEAST_VISIBLE = 0.25
"""An object of which less than this share of the area is left in the picture is gone from it."""
_TOLERANCE = 1e-6


def move_object(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    """An object (as in the annotation document) after its picture was moved; None if it is gone.

    Args:
        moved: 3x3, from old to new points.
        size: the new picture's (width, height).
    """
    if thing.get("mask") or thing.get("rings") or (thing.get("box") or {}).get("angle"):
        return move_shape(thing, moved, size)
    if thing.get("box"):
        box = thing["box"]
        left, top = box["x"], box["y"]
        right, bottom = left + box["width"], top + box["height"]
        points = moved_points([(left, top), (right, top), (right, bottom), (left, bottom)], moved)
        whole = points.min(axis=0), points.max(axis=0)
        inside = np.clip(whole[0], 0, size), np.clip(whole[1], 0, size)
        area = math.prod(whole[1] - whole[0])
        if area <= 0 or math.prod(inside[1] - inside[0]) < LEAST_VISIBLE * area:
            return None
        (x, y), (width, height) = inside[0].tolist(), (inside[1] - inside[0]).tolist()
        return {**thing, "box": rounded({"x": x, "y": y, "width": width, "height": height})}
    if thing.get("points"):
        points = moved_points([(point["x"], point["y"]) for point in thing["points"]], moved)
        middle = points.mean(axis=0)
        if not ((middle >= 0) & (middle <= size)).all():
            return None
        points = np.clip(points, 0, size)
        return {**thing, "points": [rounded({"x": x, "y": y}) for x, y in points.tolist()]}
    return dict(thing)


def move_shape(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    """A mask, a polygon of rings or a turned box after the move; None if it is gone.

    Args:
        moved: 3x3, from old to new points.
        size: the new picture's (width, height).
    """
    if thing.get("mask"):
        return _move_mask(thing, moved, size)
    if thing.get("rings"):
        return _move_rings(thing, moved, size)
    return _move_turned(thing, moved, size)


def moved_points(points: Sequence[Point], moved: np.ndarray) -> np.ndarray:
    """Returns where the points went, (n, 2)."""
    return (np.column_stack([np.array(points, float), np.ones(len(points))]) @ moved.T)[:, :2]


def rounded(numbers: Mapping[str, float]) -> dict[str, float]:
    """Round to thousandths: the last bits differ between machines, and an id must not."""
    return {name: round(value, 3) for name, value in numbers.items()}


def _move_mask(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    mask = Mask.from_document(thing["mask"])
    # OpenCV counts from the middle of the first pixel, points from its corner.
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    pixels = cv2.warpPerspective(
        mask.pixels().astype(np.uint8),
        np.linalg.inv(half) @ moved @ half,
        size,
        flags=cv2.INTER_NEAREST,
    )
    whole = mask.area * abs(float(np.linalg.det(moved[:2, :2])))
    if not pixels.any() or int(pixels.sum()) < LEAST_VISIBLE * whole:
        return None
    return {**thing, "mask": Mask.of(pixels).to_document()}


def _move_rings(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    whole, left, rings = 0.0, 0.0, []
    for ring in thing["rings"]:
        sign = -1 if ring.get("hole") else 1
        points = moved_points([(point["x"], point["y"]) for point in ring["points"]], moved)
        everywhere = [(float(x), float(y)) for x, y in points]
        inside = _cut(everywhere, size)
        whole += sign * abs(area_of_ring(everywhere))
        area = abs(area_of_ring(inside)) if len(inside) >= 3 else 0.0
        if area > _TOLERANCE:
            left += sign * area
            corners = [rounded({"x": x, "y": y}) for x, y in inside]
            rings.append({**ring, "points": corners})
    if whole <= 0 or left < LEAST_VISIBLE * whole or rings[0].get("hole"):
        return None
    return {**thing, "rings": rings}


def _cut(points: Sequence[Point], size: tuple[int, int]) -> list[Point]:
    """The part of a ring inside the picture: Sutherland and Hodgman, one edge after another."""
    found = list(points)
    for axis, limit, is_lower in (
        (0, 0.0, True),
        (0, size[0], False),
        (1, 0.0, True),
        (1, size[1], False),
    ):
        given, found = found, []
        for number, there in enumerate(given):
            here = given[number - 1]
            is_in = [(p[axis] >= limit) if is_lower else (p[axis] <= limit) for p in (here, there)]
            if is_in[0] != is_in[1]:
                share = (limit - here[axis]) / (there[axis] - here[axis])
                crossing = [here[k] + share * (there[k] - here[k]) for k in (0, 1)]
                crossing[axis] = float(limit)
                found.append((crossing[0], crossing[1]))
            if is_in[1]:
                found.append(there)
    return found


def _move_turned(
    thing: Mapping[str, Any], moved: np.ndarray, size: tuple[int, int]
) -> dict[str, Any] | None:
    """A turned box stays one: where it is slanted, it is the smallest one around its corners."""
    points = moved_points(turned_corners(Box(**thing["box"])), moved)
    middle = points.mean(axis=0)
    if not ((middle >= 0) & (middle <= size)).all():
        return None
    corners = [(float(x), float(y)) for x, y in points]
    box = rotated_box_of(corners, _TOLERANCE) or _around(points)
    if box.width <= 0 or box.height <= 0:
        return None
    said = {name: getattr(box, name) for name in ("x", "y", "width", "height", "angle")}
    said = rounded(said)
    if not said["angle"]:
        del said["angle"]
    return {**thing, "box": said}


def _around(points: np.ndarray) -> Box:
    """The smaller of the rectangles along one of two sides that hold all four corners."""
    found = []
    for end in (1, 3):
        along = points[end] - points[0]
        angle = float(np.degrees(np.arctan2(along[1], along[0])))
        turn = np.radians(angle)
        axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        low, high = (points @ axes.T).min(axis=0), (points @ axes.T).max(axis=0)
        (width, height), middle = (high - low).tolist(), axes.T @ ((low + high) / 2)
        x, y = middle[0] - width / 2, middle[1] - height / 2
        found.append(Box(float(x), float(y), width, height, angle))
    return min(found, key=lambda box: box.width * box.height)
