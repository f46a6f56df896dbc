"""Random labels of every kind, and what is different after they went through a format.

What a format announces as lost has to be all that is different. `COSTS` says what each announcement
stands for; a format that announces something else has to be added there.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import shapely

from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import Format, formats
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Ring
from vidset.labeling.shapes import box_around, geometry_of_rings, pixels_of, turned_corners
from vidset.masks import Mask

OBJECT, SHAPE, ATTRIBUTE, IMAGE = "object", "shape", "attribute", "image"
COSTS = {
    "classifications": OBJECT,
    "repeated classifications": OBJECT,
    "empty masks": OBJECT,
    "objects outside of the image": OBJECT,
    "outlines": SHAPE,
    "masks": SHAPE,
    "rotations": SHAPE,
    "outlines beside boxes": SHAPE,
    "masks beside boxes": SHAPE,
    "masks, which become outlines": SHAPE,
    "rotations beside outlines": SHAPE,
    "outlines of polygons with holes, which become masks": SHAPE,
    "attributes": ATTRIBUTE,
    "attributes of classifications": ATTRIBUTE,
    "attributes of rotated boxes named rotation": ATTRIBUTE,
    "attributes of the names of its own fields": ATTRIBUTE,
    "attributes that are empty or named with [] at the end": ATTRIBUTE,
    "attributes with several values": ATTRIBUTE,
    "attributes named object_id": ATTRIBUTE,
    "skipped images": IMAGE,
    "rejected images": IMAGE,
}
KINDS = ("box", "rotated_box", "polygon", "rings", "hole", "mask", "classification")
_LEAST_AREA = 1e-4  # Square pixels: what rounding can come to along an outline.
_LABELS = ("car", "road", "sky", "Ampel ü", "a b")


def round_trip_formats() -> list[Format]:
    """Those that can be written as label files and read again.

    Pascal VOC's boxes are whole pixels, which are no differences of kind: see test_voc.py. Label
    maps make one mask of all objects of a label: see test_label_maps_writing.py.
    """
    others = ("voc", "label-maps", "bdd100k", "cityscapes")
    both = (each for each in formats().values() if each.reads and each.writes and each.images)
    return [each for each in both if each.name not in others]


def dataset(seed: int) -> list[ImageLabels]:
    """Some images with objects of some kinds, as an annotator may draw them."""
    random = np.random.default_rng(seed)
    kinds = random.choice(KINDS, random.integers(1, len(KINDS) + 1), replace=False)
    found = []
    for number in range(random.integers(1, 5)):
        width, height = (int(side) for side in random.integers(60, 400, 2))
        objects = tuple(
            _object(str(kind), str(n), width, height, random)
            for n, kind in enumerate(random.choice(kinds, random.integers(0, 6)), 1)
        )
        name = f"{random.choice(['a', 'b c/ü'])}/{number}.jpg"
        found.append(ImageLabels(name, width, height, _without_repeats(objects)))
    if random.random() < 0.2:
        found.append(ImageLabels("skipped.jpg", 80, 60, (), "skipped"))
    return found


def _without_repeats(objects: Sequence[LabeledObject]) -> tuple[LabeledObject, ...]:
    """An image has a word once."""
    words: set[str] = set()
    kept = []
    for item in objects:
        if item.type != "classification" or item.label not in words:
            kept.append(item)
            words.add(item.label)
    return tuple(kept)


def _object(
    kind: str, id_: str, width: int, height: int, random: np.random.Generator
) -> LabeledObject:
    label = str(random.choice(_LABELS))
    if kind == "classification":
        return LabeledObject(id_, f"{label} day", kind)
    said = {"id": id_, "label": label, "attributes": _attributes(random)}
    x, y = random.random(2) * [width * 0.5, height * 0.5]
    w, h = 8 + random.random(2) * [width * 0.4, height * 0.4]
    w, h = min(w, width - x), min(h, height - y)
    if kind == "box":
        return LabeledObject(type="box", box=Box(x, y, w, h), **said)
    if kind == "rotated_box":
        angle = float(random.choice([30.0, 90.0, 200.5, -12.25]))
        return LabeledObject(type="rotated_box", box=Box(x, y, w, h, angle), **said)
    if kind == "mask":
        pixels = np.zeros((height, width), bool)
        pixels[int(y) : int(y + h) + 1, int(x) : int(x + w) + 1] = True
        pixels &= random.random(pixels.shape) < random.choice([0.97, 1.0])
        pixels[int(y), int(x)] = True
        return LabeledObject(type="mask", mask=Mask.of(pixels), **said)
    first = _ring(x, y, w * 0.45, h, random)
    rings = [Ring(first)]
    if kind == "hole":
        middle = np.mean(first, axis=0)
        inside = tuple((float(a), float(b)) for a, b in (np.array(first) - middle) * 0.4 + middle)
        rings.append(Ring(inside, hole=True))
    if kind == "rings":
        rings.append(Ring(_ring(x + w * 0.5, y, w * 0.45, h, random)))
    return LabeledObject(type="polygon", rings=tuple(rings), **said)


def _ring(
    x: float, y: float, w: float, h: float, random: np.random.Generator
) -> tuple[tuple[float, float], ...]:
    """A star around the middle of a rectangle, of five corners and more."""
    turns = np.sort(random.random(random.integers(5, 12))) * 2 * np.pi
    turns = np.unique(np.concatenate([turns, [0.1, 1.7, 3.3, 4.9]]))
    reach = 0.5 + random.random(len(turns)) * 0.5
    xs = x + w / 2 * (1 + np.cos(turns) * reach)
    ys = y + h / 2 * (1 + np.sin(turns) * reach)
    return tuple(zip(xs.tolist(), ys.tolist(), strict=True))


def _attributes(random: np.random.Generator) -> dict[str, Attribute]:
    some: dict[str, Attribute] = {
        "occluded": True,
        "colour": "dark blue",
        "lanes": 3,
        "share": 0.25,
        "of": ["x", "y"],
        "group_id": 4,
        "rotation": 7,
    }
    return {name: value for name, value in some.items() if random.random() < 0.25}


def through(one: Format, said: Sequence[ImageLabels], folder: Path) -> list[ImageLabels]:
    """Write labels, read them again, and compare the difference with what was announced."""
    place = folder / ("labels.json" if one.labels == "file" else "labels")
    written = one.writer().write(said, place, lossy=True)
    sizes = {each.image_name: (each.width or 0, each.height or 0) for each in said}
    reading = Reading(sizes.__getitem__)
    back = list(one.read(place, reading))
    unknown = set(written.dropped) - set(COSTS)
    assert not unknown, f"{one.name} announces what tests/formats/round_trips.py does not know"
    announced: Counter[str] = Counter()
    for what, number in written.dropped.items():
        announced[COSTS[what]] += number
    assert differences(said, back) == announced, (one.name, written.dropped)
    assert reading.dropped.total() == 0
    return back


def differences(said: Sequence[ImageLabels], back: Sequence[ImageLabels]) -> Counter[str]:
    """Count what is gone or different, and fail where something is there that was never said."""
    found: Counter[str] = Counter()
    by_name = {each.image_name: each for each in back}
    assert len(by_name) == len(back)
    for labels in said:
        other = by_name.pop(labels.image_name, None)
        if other is None:
            found[IMAGE] += 1
            continue
        assert (other.width, other.height) in ((labels.width, labels.height), (None, None))
        assert other.state == labels.state
        found += _differences_of_objects(labels, list(other.objects))
    assert not by_name
    return found


def _differences_of_objects(labels: ImageLabels, left: list[LabeledObject]) -> Counter[str]:
    found: Counter[str] = Counter()
    size = labels.width or 0, labels.height or 0
    for item in labels.objects:
        match = next((other for other in left if _is_same_thing(item, other, size)), None)
        if match is None:
            found[OBJECT] += 1
            continue
        left.remove(match)
        found[SHAPE] += item.type != match.type
        found[ATTRIBUTE] += len(set(item.attributes) - set(match.attributes))
        kept = {name: item.attributes.get(name) for name in match.attributes}
        assert kept == match.attributes
    assert not left, f"there are objects that nobody wrote: {left}"
    return +found


def _is_same_thing(item: LabeledObject, other: LabeledObject, size: tuple[int, int]) -> bool:
    """Whether one object is what has become of the other: its shape, its pixels or its box."""
    if item.label != other.label or (item.type == "classification") != (
        other.type == "classification"
    ):
        return False
    if item.type == "classification":
        return True
    if other.type == "box":
        return _is_near_box(box_around(item), other.box)
    if item.mask or other.mask:
        return bool((pixels_of(item, *size) == pixels_of(other, *size)).all())
    if item.type == other.type == "polygon":
        areas = [geometry_of_rings(each.rings or ()) for each in (item, other)]
        return float(shapely.area(shapely.symmetric_difference(*areas))) < _LEAST_AREA
    return bool(shapely.equals_exact(_corners(item), _corners(other), 1e-6))


def _is_near(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool(np.allclose(one, other, rtol=0, atol=1e-6))


def _corners(item: LabeledObject) -> shapely.Geometry:
    points = turned_corners(item.box) if item.box else item.points or ()
    return shapely.normalize(shapely.Polygon(points))


def _is_near_box(one: Box | None, other: Box | None) -> bool:
    if one is None or other is None:
        return False
    edges = [[box.x, box.y, box.width, box.height] for box in (one, replace(other, angle=0.0))]
    return _is_near(np.array(edges[0]), np.array(edges[1]))
