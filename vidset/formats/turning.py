"""Turned boxes as the polygons of their corners."""

from math import cos, radians, sin

from vidset.labeling.annotation import Box, Point


def turned_corners(box: Box, degrees: float) -> tuple[Point, ...]:
    """Return the corners of a box that is turned clockwise about its centre, as seen."""
    x, y = box.x + box.width / 2, box.y + box.height / 2
    dx, dy = box.width / 2, box.height / 2
    across, along = cos(radians(degrees)), sin(radians(degrees))
    corners = ((-dx, -dy), (dx, -dy), (dx, dy), (-dx, dy))
    return tuple((x + a * across - b * along, y + a * along + b * across) for a, b in corners)
