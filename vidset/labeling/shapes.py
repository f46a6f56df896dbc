"""Computes where an object lies in its image, whatever its kind. Pixels, origin top left."""

from collections.abc import Iterable, Sequence
from math import atan2, cos, degrees, dist, radians, sin

import numpy as np
import shapely

from vidset.labeling.annotation import Box, LabeledObject, Point, Ring
from vidset.outlines import filled


def turned_corners(box: Box) -> tuple[Point, ...]:
    """The corners of a box that is turned about its middle, from the top left one on, clockwise."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    dx, dy = box.width / 2, box.height / 2
    across, along = cos(radians(box.angle)), sin(radians(box.angle))
    corners = ((-dx, -dy), (dx, -dy), (dx, dy), (-dx, dy))
    return tuple((x + a * across - b * along, y + a * along + b * across) for a, b in corners)


def rotated_box_of(corners: Sequence[Point], tolerance: float) -> Box | None:
    """The box whose corners these are, in either direction; None if they are no rectangle's.

    Args:
        tolerance: pixels by which a corner may be elsewhere.
    """
    if len(corners) != 4:
        return None
    first, second, third, fourth = corners
    if area_of_ring(corners) < 0:
        second, fourth = fourth, second
    x = (first[0] + second[0] + third[0] + fourth[0]) / 4
    y = (first[1] + second[1] + third[1] + fourth[1]) / 4
    width = (dist(first, second) + dist(third, fourth)) / 2
    height = (dist(second, third) + dist(fourth, first)) / 2
    angle = degrees(atan2(second[1] - first[1], second[0] - first[0]))
    box = Box(x - width / 2, y - height / 2, width, height, angle)
    pairs = zip((first, second, third, fourth), turned_corners(box), strict=True)
    return box if max(dist(*pair) for pair in pairs) <= tolerance else None


def area_of_ring(points: Sequence[Point]) -> float:
    """The area that a line goes around, by the shoelace formula; below zero if anticlockwise."""
    pairs = zip(points, (*points[1:], points[0]), strict=True)
    return sum(x * b - a * y for (x, y), (a, b) in pairs) / 2


def box_around(item: LabeledObject) -> Box | None:
    """The upright box that holds an object. None of a word, and of a mask without pixels."""
    if item.box and not item.box.angle:
        return item.box
    if item.mask:
        bounds = item.mask.bounds
        if bounds is None:
            return None
        left, top, right, bottom = map(float, bounds)
        return Box(left, top, right - left, bottom - top)
    corners = corners_of(item)
    if not corners:
        return None
    xs, ys = zip(*corners, strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def corners_of(item: LabeledObject) -> tuple[Point, ...]:
    """All corners of a box or of rings; none of other objects."""
    if item.box:
        return turned_corners(item.box)
    return tuple(point for ring in item.rings or () for point in ring.points)


def geometry_of(item: LabeledObject) -> shapely.Geometry | None:
    """The area of a box or of rings, painted in their order; None of other objects."""
    if item.box:
        return shapely.Polygon(turned_corners(item.box))
    return geometry_of_rings(item.rings) if item.rings else None


def geometry_of_rings(rings: Iterable[Ring]) -> shapely.Geometry:
    """The area of rings, painted in their order: holes take away what came before."""
    area: shapely.Geometry = shapely.Polygon()
    for number, ring in enumerate(rings):
        part = shapely.Polygon(ring.points)
        if not number and not ring.hole:
            area = part
            continue
        area, part = (each if each.is_valid else shapely.make_valid(each) for each in (area, part))
        area = shapely.difference(area, part) if ring.hole else shapely.union(area, part)
    return area


def rings_of_geometry(area: shapely.Geometry) -> tuple[Ring, ...]:
    """The rings around an area: of each part the outer one, and its holes behind it."""
    parts = [part for part in shapely.get_parts(area) if isinstance(part, shapely.Polygon)]
    rings: list[Ring] = []
    for part in parts:
        lines = [(part.exterior, False), *((line, True) for line in part.interiors)]
        for line, is_hole in lines:
            points = tuple((float(x), float(y)) for x, y in list(line.coords)[:-1])
            rings.append(Ring(points, is_hole))
    return tuple(rings)


def is_inside(ring: Ring, rings: Iterable[Ring]) -> bool:
    """Returns whether a ring's area lies in that of others. A ring that crosses itself does not."""
    part = shapely.Polygon(ring.points)
    if len(ring.points) < 3 or not part.is_valid:
        return False
    rings = [each for each in rings if shapely.Polygon(each.points).is_valid]
    return bool(shapely.covers(geometry_of_rings(rings), part))


def area_of(item: LabeledObject) -> float:
    """Square pixels; 0 of a word."""
    if item.mask:
        return float(item.mask.area)
    if item.box:
        return item.box.width * item.box.height
    return float(shapely.area(geometry_of_rings(item.rings))) if item.rings else 0.0


def pixels_of(item: LabeledObject, width: int, height: int) -> np.ndarray:
    """The pixels of an object that is no word, (height, width) bool, in an image of this size."""
    if item.mask:
        return item.mask.pixels()
    if item.box:
        return filled([(turned_corners(item.box), False)], width, height)
    return filled([(ring.points, ring.hole) for ring in item.rings or ()], width, height)
