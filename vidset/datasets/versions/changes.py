"""Compares two ways of labeling one image, object by object."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from vidset.datasets.versions.objects import DrawnObject, read_objects

Labels = tuple[str | None, str | None]
_SAME_PLACE = 0.9
_SAME_THING = 0.1


def changes(before: Labels, after: Labels) -> list[str]:
    """A line for each difference between two pairs of an image's class and its objects."""
    found = []
    if before[0] != after[0]:
        found.append(f"{before[0] or 'no class'} -> {after[0] or 'no class'}")
    if (before[1] is None) != (after[1] is None):
        found.append("objects were not asked for" if after[1] is None else "objects are asked for")
    gone, new = _without_equals(read_objects(before[1]), read_objects(after[1]))
    for old, now in _pairs(gone, new):
        found.append(_told_pair(old, now))
    found += [f"removed {told_object(each)}" for each in gone]
    found += [f"added {told_object(each)}" for each in new]
    return found


def told_object(thing: DrawnObject) -> str:
    """An object as text, such as `car at 10, 20 (30 x 40)`."""
    return thing.label if thing.bounds is None else f"{thing.label} at {_place(thing)}"


def _without_equals(
    before: Sequence[DrawnObject], after: Sequence[DrawnObject]
) -> tuple[list[DrawnObject], list[DrawnObject]]:
    """The objects that the other side does not have, each as often as it is there more."""
    new = list(after)
    gone = []
    for thing in before:
        same = next((each for each in new if each.content == thing.content), None)
        if same is None:
            gone.append(thing)
        else:
            new.remove(same)
    return gone, new


def _pairs(
    gone: list[DrawnObject], new: list[DrawnObject]
) -> Iterator[tuple[DrawnObject, DrawnObject]]:
    """Takes what is most likely the same thing out of both lists, pair by pair.

    Things in the same place go first, then those of the same label, the nearest first. An object
    of another label has to be in nearly the same place.
    """
    pairs = sorted(
        ((overlap(old, now), i, j) for i, old in enumerate(gone) for j, now in enumerate(new)),
        key=lambda pair: (-pair[0], pair[1], pair[2]),
    )
    matched: dict[int, int] = {}
    for least_same, least_other in (_SAME_PLACE, _SAME_PLACE), (_SAME_THING, 0.5), (-1.0, 2.0):
        for shared, i, j in pairs:
            least = least_same if gone[i].label == new[j].label else least_other
            if shared >= least and i not in matched and j not in matched.values():
                matched[i] = j
    found = [(gone[i], new[j]) for i, j in sorted(matched.items())]
    for old, now in found:
        gone.remove(old)
        new.remove(now)
    yield from found


def overlap(a: DrawnObject, b: DrawnObject) -> float:
    """The intersection of what holds both over the union; 0 where nothing is drawn."""
    if a.bounds is None or b.bounds is None:
        return 0.0
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.bounds, b.bounds
    width = max(0.0, min(ax + aw, bx + bw) - max(ax, bx))
    height = max(0.0, min(ay + ah, by + bh) - max(ay, by))
    union = aw * ah + bw * bh - width * height
    return width * height / union if union > 0 else 0.0


def _told_pair(old: DrawnObject, now: DrawnObject) -> str:
    label = old.label if old.label == now.label else f"{old.label} -> {now.label}"
    if angles := _angles(old, now):
        return f"{label} at {_place(now)} turned from {angles[0]:g} to {angles[1]:g} degrees"
    if old.bounds != now.bounds:
        return f"{label} moved from {_place(old)} to {_place(now)}"
    if old.label != now.label:
        return f"{told_object(old)} -> {now.label}"
    return f"{told_object(old)}: its {_other_parts(old, now)} changed"


def _angles(old: DrawnObject, now: DrawnObject) -> tuple[float, float] | None:
    """The angles of a box that was turned in its place, and changed in nothing else."""
    if old.box is None or now.box is None or old.box.angle == now.box.angle:
        return None
    return (
        (old.box.angle, now.box.angle) if replace(old.box, angle=now.box.angle) == now.box else None
    )


def _other_parts(old: DrawnObject, now: DrawnObject) -> str:
    if old.type != now.type:
        return f"type ({old.type} -> {now.type})"
    if old.mask != now.mask:
        return f"mask ({_pixels(old)} -> {_pixels(now)})"
    if old.box != now.box:
        return "box"
    if old.rings != now.rings:
        numbers = len(old.rings), len(now.rings)
        return (
            "outline" if numbers[0] == numbers[1] else "outline ({} -> {} rings)".format(*numbers)
        )
    return "attributes"


def _pixels(thing: DrawnObject) -> str:
    return f"{thing.area or 0:g} px"


def _place(thing: DrawnObject) -> str:
    if thing.bounds is None:
        return "no place"
    x, y, width, height = thing.bounds
    return f"{x:g}, {y:g} ({width:g} x {height:g})"
