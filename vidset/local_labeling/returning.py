"""Find what a person changed in labels that come back in a format which cannot say everything.

A format drops what it cannot say, and rounds. An object of a file that looks as the format would
have written the stored one is the stored one: it keeps its attributes, its holes and its decimals.
What the format cannot say at all, it does not delete either.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import shapely

from vidset.formats.boxes import boxed
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import Format
from vidset.labeling.annotation import Annotation, LabeledObject, outline
from vidset.labeling.shapes import box_around, turned_corners

# Pixels. Tools write two decimals and more; nobody moves an object by this little.
_ROUNDING = 0.011
_SAME_PLACE = 0.5  # Of the area of two boxes together, from which on one is the other, moved.


def is_same(some: Iterable[LabeledObject], others: Iterable[LabeledObject]) -> bool:
    """Returns whether both say the same, whatever ids and order are, but for what tools round."""
    left = [_said(item) for item in others]
    for said in map(_said, some):
        match = next((n for n, other in enumerate(left) if said.is_same(other)), None)
        if match is None:
            return False
        del left[match]
    return not left


def restore(
    named: Format, pairs: Sequence[tuple[Annotation, Sequence[LabeledObject]]]
) -> list[tuple[LabeledObject, ...]]:
    """Give back to objects of a file what its format could not say of them.

    Args:
        pairs: what is stored of an image, and what the file says of it.
    """
    if not named.writes or named.images is None:  # Nobody can tell how it would have told them.
        return [tuple(objects) for _, objects in pairs]
    told = _as_told(named, [stored for stored, _ in pairs])
    says_attributes = "attributes" in named.writes
    found = []
    for number, (stored, objects) in enumerate(pairs):
        ways = [told.get((number, place), ()) for place in range(len(stored.objects))]
        found.append(_restored(stored.objects, ways, objects, says_attributes=says_attributes))
    return found


def _restored(
    stored: Sequence[LabeledObject],
    ways: Sequence[Sequence[LabeledObject]],
    objects: Sequence[LabeledObject],
    *,
    says_attributes: bool,
) -> tuple[LabeledObject, ...]:
    """Args:
    ways: in which the format would have told each stored object; none where it cannot.
    """
    left = dict(enumerate(stored))
    found, known = list(objects), set[int]()
    said = [_said(item) for item in objects]
    exact = [[_said(item)] for item in stored]
    for known_ways in exact, [[_said(way) for way in each] for each in ways]:
        for place in range(len(found)):
            if place in known:
                continue
            ways_of = ((n, way) for n in left for way in known_ways[n])
            number = next((n for n, way in ways_of if said[place].is_same(way)), None)
            if number is not None:
                found[place] = left.pop(number)
                known.add(place)
    if not says_attributes:
        for place, item in enumerate(found):
            if place in known:
                continue
            number = next((n for n in left if ways[n] and _is_moved(left[n], item)), None)
            if number is not None:
                found[place] = replace(item, attributes=left.pop(number).attributes)
    unsayable = [item for number, item in left.items() if not ways[number]]
    return _with_new_ids(found, {found[place].id for place in known}, unsayable, known)


def _with_new_ids(
    found: Sequence[LabeledObject],
    taken: set[str],
    unsayable: Sequence[LabeledObject],
    known: set[int],
) -> tuple[LabeledObject, ...]:
    """Stored objects keep their ids; an object of the file that has one of these gets another."""
    taken |= {item.id for item in unsayable}
    result = []
    for place, item in enumerate(found):
        id_ = item.id
        if place not in known and id_ in taken:
            numbers = map(str, range(1, len(found) + len(taken) + 2))
            id_ = next(number for number in numbers if number not in taken)
        taken.add(id_)
        result.append(replace(item, id=id_))
    return (*result, *unsayable)


def _as_told(
    named: Format, stored: Sequence[Annotation]
) -> Mapping[tuple[int, int], list[LabeledObject]]:
    """Return what comes back of each object, by the numbers of its image and of itself.

    An object may be told as its shape, as the corners of its box, or as the box around it: some
    formats are of one kind as a whole.
    """
    asked: defaultdict[str, dict[str, ImageLabels]] = defaultdict(dict)
    for number, annotation in enumerate(stored):
        for place, item in enumerate(annotation.objects):
            for way, variant in _ways(item).items():
                name = f"{number}-{place}.jpg"
                asked[way][name] = ImageLabels(
                    name, annotation.image_width, annotation.image_height, (variant,)
                )
    found: defaultdict[tuple[int, int], list[LabeledObject]] = defaultdict(list)
    for images in asked.values():
        for labels in _through(named, images):
            number, _, place = labels.image_name.removesuffix(".jpg").partition("-")
            found[int(number), int(place)] += labels.objects
    return found


def _ways(item: LabeledObject) -> dict[str, LabeledObject]:
    ways = {item.type: item}
    around = box_around(item)
    if item.box:
        rings = outline(turned_corners(item.box))
        ways["corners"] = replace(item, type="polygon", box=None, rings=rings)
    if around and item.type != "box":
        ways["around"] = boxed(item, around)
    return ways


def _through(named: Format, images: Mapping[str, ImageLabels]) -> Iterable[ImageLabels]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels")
        named.writer().write(images.values(), path, lossy=True)

        def size_of(name: str) -> tuple[int, int]:
            return images[name].width or 1, images[name].height or 1

        yield from named.read(path, Reading(size_of, lossy=True))


def _is_moved(one: LabeledObject, other: LabeledObject) -> bool:
    """Returns whether the second may be the first in another place."""
    boxes = [box_around(each) for each in (one, other)]
    if one.label != other.label or None in boxes:
        return False
    a, b = (
        shapely.box(box.x, box.y, box.x + box.width, box.y + box.height) for box in boxes if box
    )
    common = shapely.area(shapely.intersection(a, b))
    return bool(common > _SAME_PLACE * shapely.area(shapely.union(a, b)))


@dataclass(frozen=True, slots=True)
class _Said:
    """An object's words, and its coordinates in their order."""

    words: str
    numbers: tuple[float, ...]

    def is_same(self, other: "_Said") -> bool:
        return self.words == other.words and all(
            abs(a - b) <= _ROUNDING for a, b in zip(self.numbers, other.numbers, strict=True)
        )


def _said(item: LabeledObject) -> _Said:
    numbers: list[float] = []
    document = item.to_document()
    shape = {name: document.pop(name) for name in ("box", "rings")}
    del document["id"]

    def without_numbers(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: without_numbers(each) for key, each in value.items()}
        if isinstance(value, list):
            return [without_numbers(each) for each in value]
        if isinstance(value, float):
            numbers.append(value)
            return None
        return value

    kept = without_numbers(shape)
    return _Said(json.dumps([document, kept], sort_keys=True), tuple(numbers))
