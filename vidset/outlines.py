"""Polygons to pixels, filled exactly as pycocotools fills them, and pixels to their outlines.

As in `masks`, a picture is (height, width) bool, and numpy alone is taken.
"""

from collections.abc import Iterable
from itertools import pairwise

import numpy as np

Points = tuple[tuple[float, float], ...]
_SCALE = 5.0  # By which pycocotools enlarges a polygon before it walks along its edges.


def filled(rings: Iterable[tuple[Points, bool]], width: int, height: int) -> np.ndarray:
    """Paint rings in their order: each adds its area, or as a hole takes it away.

    Args:
        rings: corners in pixels, and whether they are a hole.
    """
    pixels = np.zeros((height, width), bool)
    for points, is_hole in rings:
        inside = _filled(points, width, height)
        pixels = pixels & ~inside if is_hole else pixels | inside
    return pixels


def outlines(pixels: np.ndarray) -> list[tuple[Points, bool]]:
    """The rings along the edges of the pixels, which `filled` makes the same picture of.

    No ring touches itself. Larger ones come first, so that an island comes after its lake.
    """
    steps = _edges(pixels)
    rings = []
    while steps:
        start = next(iter(steps))
        path, seen = [start], {start: 0}
        here, heading = start, (0, 0)
        while True:
            heading = _turned(steps, here, heading)
            here = here[0] + heading[0], here[1] + heading[1]
            if here in seen:  # A ring is closed; the way here goes on.
                first = seen[here]
                ring = path[first:]
                for each in ring[1:]:
                    del seen[each]
                del path[first + 1 :]
                rings.append(_ring(ring))
                if first == 0 and here not in steps:
                    break
                if first == 0:
                    heading = (0, 0)
                continue
            seen[here] = len(path)
            path.append(here)
    return sorted(
        ((points, area < 0) for points, area in rings), key=lambda ring: -abs(_area(ring[0]))
    )


def _filled(points: Points, width: int, height: int) -> np.ndarray:
    """The steps of pycocotools' rleFrPoly, for all edges at once."""
    corners = np.trunc(_SCALE * np.asarray(points, float) + 0.5).astype(np.int64)
    start, end = corners, np.roll(corners, -1, axis=0)
    dx, dy = np.abs(end - start).T
    is_flat = dx >= dy
    is_flipped = (is_flat & (start[:, 0] > end[:, 0])) | (~is_flat & (start[:, 1] > end[:, 1]))
    start, end = (
        np.where(is_flipped[:, None], end, start),
        np.where(is_flipped[:, None], start, end),
    )
    long = np.maximum(dx, dy)
    rise = np.where(is_flat, end[:, 1] - start[:, 1], end[:, 0] - start[:, 0])
    slope = rise / np.maximum(long, 1)
    which = np.repeat(np.arange(len(long)), long + 1)
    step = np.arange(len(which)) - np.repeat(np.cumsum(long + 1) - (long + 1), long + 1)
    step = np.where(is_flipped[which], long[which] - step, step)
    along = np.where(is_flat, start[:, 0], start[:, 1])[which] + step
    across = np.where(is_flat, start[:, 1], start[:, 0])[which]
    across = np.trunc(across + slope[which] * step + 0.5).astype(np.int64)
    u = np.where(is_flat[which], along, across)
    v = np.where(is_flat[which], across, along)
    has_moved = u[1:] != u[:-1]
    before, after = (u[:-1][has_moved], v[:-1][has_moved]), (u[1:][has_moved], v[1:][has_moved])
    x = (np.where(after[0] < before[0], after[0], after[0] - 1) + 0.5) / _SCALE - 0.5
    is_inside = (np.floor(x) == x) & (x >= 0) & (x <= width - 1)
    y = (np.minimum(after[1], before[1]) + 0.5) / _SCALE - 0.5
    y = np.ceil(np.clip(y, 0, height))
    at = (x[is_inside] * height + y[is_inside]).astype(np.int64)
    toggles = np.bincount(at, minlength=width * height + 1)[:-1]
    return (np.cumsum(toggles) % 2 == 1).reshape(width, height).T


def _edges(pixels: np.ndarray) -> dict[tuple[int, int], list[tuple[int, int]]]:
    """Returns each pixel corner's steps along the edge that have the object on their right."""
    framed = np.pad(pixels.astype(bool), 1)
    steps: dict[tuple[int, int], list[tuple[int, int]]] = {}
    over, under = framed[:-1, 1:-1], framed[1:, 1:-1]
    left, right = framed[1:-1, :-1], framed[1:-1, 1:]
    for is_edge, shift, heading in (
        (under & ~over, (0, 0), (1, 0)),
        (over & ~under, (1, 0), (-1, 0)),
        (right & ~left, (0, 1), (0, -1)),
        (left & ~right, (0, 0), (0, 1)),
    ):
        rows, columns = np.nonzero(is_edge)
        for y, x in zip(rows.tolist(), columns.tolist(), strict=True):
            steps.setdefault((x + shift[0], y + shift[1]), []).append(heading)
    return steps


def _turned(
    steps: dict[tuple[int, int], list[tuple[int, int]]],
    here: tuple[int, int],
    heading: tuple[int, int],
) -> tuple[int, int]:
    """Take the next step out; of two the one to the right, which stays with its pixel."""
    ways = steps[here]
    right = (-heading[1], heading[0])
    way = right if right in ways else ways[0]
    ways.remove(way)
    if not ways:
        del steps[here]
    return way


def _ring(path: list[tuple[int, int]]) -> tuple[Points, float]:
    """The corners alone, and the area: above zero where the path goes clockwise."""
    before, after = [path[-1], *path[:-1]], [*path[1:], path[0]]
    corners = tuple(
        (float(x), float(y))
        for (x, y), (px, py), (nx, ny) in zip(path, before, after, strict=True)
        if (x - px) * (ny - y) != (y - py) * (nx - x)
    )
    return corners, _area(corners)


def _area(points: Points) -> float:
    pairs = pairwise([*points, points[0]])
    return sum(x * b - a * y for (x, y), (a, b) in pairs) / 2
