"""Several rings as one line, joined by lines of no width, as YOLO's converters write them."""

from collections.abc import Sequence

import numpy as np
import shapely

from vidset.labeling.annotation import Point, Ring
from vidset.labeling.shapes import geometry_of_rings, rings_of_geometry


def joined(rings: Sequence[Ring]) -> tuple[Point, ...]:
    """One line around all rings: from the first to each other one and back, where they are near.

    Holes that lie partly outside are cut, since a line can only tell those that lie inside.
    """
    line = _joined(rings)
    wanted, told = ([ring.hole for ring in each] for each in (rings, separated(line)))
    if sorted(wanted) == sorted(told):
        return line
    cut = rings_of_geometry(geometry_of_rings(rings))
    return _joined(cut) if cut else line


def _joined(rings: Sequence[Ring]) -> tuple[Point, ...]:
    first, *others = rings
    bridges: dict[int, list[tuple[Point, ...]]] = {}
    ours = np.array(first.points)
    for ring in others:
        theirs = np.array(ring.points)
        distances = ((ours[:, None] - theirs[None]) ** 2).sum(axis=2)
        distances[distances == 0] = np.inf  # Without a bridge nobody could tell them apart.
        here, there = np.unravel_index(int(distances.argmin()), distances.shape)
        turned = (*ring.points[there:], *ring.points[: there + 1])
        bridges.setdefault(int(here), []).append(turned)
    points: list[Point] = []
    for number, point in enumerate(first.points):
        points.append(point)
        for ring in bridges.get(number, ()):
            points += [*ring, point]
    return tuple(points)


def separated(points: Sequence[Point]) -> tuple[Ring, ...]:
    """The rings of a line that goes from one to the next and back; one for any other line.

    A ring that lies inside of another one is a hole, one inside of that an island, and so on.
    """
    path: list[Point] = []
    found: list[tuple[int, tuple[Point, ...]]] = []
    at: dict[Point, int] = {}
    for point in points:
        if path and point == path[-1]:
            continue
        if point in at:
            first = at[point]
            found.append((first, tuple(path[first:])))
            for each in path[first + 1 :]:
                del at[each]
            del path[first + 1 :]
        else:
            at[point] = len(path)
            path.append(point)
    found.append((0, tuple(path)))
    lines = [line for _, line in sorted(found, key=lambda each: each[0]) if len(line) >= 3]
    has_bridge = any(len(line) == 2 for _, line in found)
    if len(lines) < 2 or not has_bridge:
        return (Ring(tuple(points)),)
    depths = _depths(lines)
    order = sorted(range(len(lines)), key=lambda place: depths[place])
    return tuple(Ring(lines[place], depths[place] % 2 == 1) for place in order)


def _depths(lines: Sequence[tuple[Point, ...]]) -> list[int]:
    """Returns how many of the others each line lies inside of."""
    areas = np.array([shapely.Polygon(line) for line in lines])
    is_simple = shapely.is_valid(areas)
    tree = shapely.STRtree(areas[is_simple])
    inner, _ = tree.query(areas[is_simple], predicate="within")
    found = np.zeros(len(lines), int)
    found[is_simple] = np.bincount(inner, minlength=int(is_simple.sum())) - 1  # It is in itself.
    return found.tolist()
