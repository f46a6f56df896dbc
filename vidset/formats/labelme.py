"""labelme's files, one JSON for each image: https://github.com/wkentaro/labelme.

Classifications are the image's flags. Of an object, booleans among the attributes are the shape's
flags, `group_id` and `description` have their fields, and the rest stands in `attributes` beside
`object_id`, which labelme keeps as it finds them.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from math import atan2, degrees
from pathlib import Path, PurePosixPath, PureWindowsPath
from posixpath import normpath
from typing import Any

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields, origin_of
from vidset.formats.owned_folder import MANIFEST
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    member,
    numbers,
    read_json,
    relative_name,
)
from vidset.formats.spool import spooled
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point
from vidset.labeling.checking import ROTATION

_NAME = "labelme"
_VERSION = "5.5.0"
# Shapes that an annotation cannot hold, in the plural.
_OTHERS = {
    "circle": "circles",
    "line": "lines",
    "linestrip": "line strips",
    "mask": "masks",
    "point": "points",
    "points": "groups of points",
}


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """All .json files of a folder and below it, in the order of their names; or a single one.

    An oriented rectangle is a polygon with the attribute `rotation`, in degrees.

    Raises:
        ValueError: as `Format.read` says; also for points, lines, circles and masks.
    """
    reading = reading or Reading()
    place = Path(path)
    if not place.exists():
        raise ValueError(f"{place}: wanted a folder with labelme's files, got nothing")
    root = place if place.is_dir() else place.parent
    names = {}
    for file in sorted(place.rglob("*.json")) if place.is_dir() else [place]:
        if file.name == MANIFEST:
            continue
        before, labels = len(reading.faults), None
        with reading.part():
            labels = _read(file, root, reading)
        if labels is None or len(reading.faults) > before:
            continue  # An image with a fault is not taken by halves.
        if labels.image_name in names:
            other = names[labels.image_name]
            raise ValueError(f"{file}: wanted one file of {labels.image_name}, got also {other}")
        names[labels.image_name] = file
        yield labels


def _read(file: Path, root: Path, reading: Reading) -> ImageLabels:
    place, document = str(file), read_json(file)
    shapes = member(document, "shapes", list, place)
    # labelme, too, reads both of Windows' and Unix' separators.
    image_path = PureWindowsPath(member(document, "imagePath", str, place)).as_posix()
    below = file.parent.relative_to(root).as_posix()
    name = relative_name(normpath(PurePosixPath(below, image_path)), f"{place}: imagePath")
    told = document.get("imageWidth"), document.get("imageHeight")
    width, height = image_size(told, name, reading.size_of, place)
    taken: set[str] = set()
    objects: list[LabeledObject] = []
    for number, shape in enumerate(shapes):
        with reading.part():
            objects += _object(shape, str(number), taken, f"{place}: shapes[{number}]", reading)
    for label, is_set in _flags(document, place).items():
        if is_set:
            objects.append(LabeledObject(free_id(label, taken), label, "classification"))
    return ImageLabels(name, width, height, tuple(objects), **origin_of(document, place))


def _flags(parent: Any, place: str) -> dict[str, bool]:
    if parent.get("flags") in (None, ""):  # Old versions write a text.
        return {}
    flags = member(parent, "flags", dict, place)
    return {name: member(flags, name, bool, f"{place}: flags") for name in flags}


def _object(
    shape: Any, number: str, taken: set[str], place: str, reading: Reading
) -> Iterator[LabeledObject]:
    label = member(shape, "label", str, place)
    kind = shape.get("shape_type") or "polygon"  # Older versions have no other.
    if isinstance(kind, str) and kind in _OTHERS:
        reading.drop(_OTHERS[kind], place)
        return
    corners = tuple(
        _corner(point, f"{place}.points[{n}]")
        for n, point in enumerate(member(shape, "points", list, place))
    )
    attributes: dict[str, Attribute] = dict(_flags(shape, place))
    attributes |= attributes_in(shape.get("attributes") or {}, f"{place}.attributes")
    if shape.get("group_id") is not None:
        attributes["group_id"] = member(shape, "group_id", int, place)
    if shape.get("description"):
        attributes["description"] = member(shape, "description", str, place)
    said = shape.get("object_id")
    object_id = free_id(said if isinstance(said, str) else number, taken)
    counts = {"polygon": range(3, len(corners) + 1), "rectangle": (2, 4)}
    counts |= {"oriented_rectangle": (4,), "rotation": (4,)}
    if not isinstance(kind, str) or kind not in counts:
        raise ValueError(f"{place}: wanted a polygon or a rectangle, got a shape_type {kind!r}")
    if len(corners) not in counts[kind]:
        raise ValueError(f"{place}: wanted the points of a {kind}, got {len(corners)}")
    if kind == "rectangle" and _is_upright(corners):
        (left, right), (top, bottom) = (sorted(values) for values in zip(*corners, strict=True))
        box = Box(left, top, right - left, bottom - top)
        yield LabeledObject(object_id, label, "box", box=box, attributes=attributes)
        return
    if kind != "polygon":
        (x0, y0), (x1, y1) = corners[:2]
        attributes.setdefault(ROTATION, degrees(atan2(y1 - y0, x1 - x0)))
    yield LabeledObject(object_id, label, "polygon", points=corners, attributes=attributes)


def _is_upright(corners: Sequence[Point]) -> bool:
    """Whether two opposite corners, or all four of newer versions, are those of a box."""
    return len(corners) == 2 or all(len({each[axis] for each in corners}) == 2 for axis in (0, 1))


def _corner(value: Any, place: str) -> Point:
    values = numbers(value, place)
    if len(values) != 2:
        raise ValueError(f"{place}: wanted x and y, got {values}")
    return values[0], values[1]


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """`<image name without extension>.json` below a folder: for labelme, the one with the images.

    Labels have no numbers here, but must be in the order, if there is one.
    """
    root = Path(path)
    with spooled(labels, _sayable, format_name=_NAME, lossy=lossy, file_of=_file_of) as spool:
        spool.label_numbers(labels_order)
        root.mkdir(parents=True, exist_ok=True)
        for each in spool:
            file = root / _file_of(each.image_name)
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(_document(each), ensure_ascii=False, indent=2)
            file.write_text(text + "\n", encoding="utf-8")
        return spool.written()


def _file_of(image_name: str) -> str:
    return str(PurePosixPath(image_name).with_suffix(".json"))


def _sayable(labels: ImageLabels) -> tuple[ImageLabels | None, list[Loss]]:
    place = f"image {labels.image_name!r}"
    if labels.state != "labeled":
        return None, [(f"{labels.state} images", place)]
    name = relative_name(labels.image_name, place)
    if "\\" in name:
        raise ValueError(f"{place}: wanted a name without backslash, which labelme takes for /")
    objects, losses, flags = [], [], set()
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        if item.type != "classification":
            objects.append(item)
        elif item.label in flags:
            losses.append(("repeated classifications", where))
        else:
            flags.add(item.label)
            objects.append(replace(item, attributes={}))
            losses += [("attributes of classifications", where)] * len(item.attributes)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _document(labels: ImageLabels) -> dict[str, Any]:
    return {
        "version": _VERSION,
        "flags": {item.label: True for item in labels.objects if item.type == "classification"},
        "shapes": [_shape(item) for item in labels.objects if item.type != "classification"],
        "imagePath": PurePosixPath(labels.image_name).name,
        "imageData": None,
        "imageHeight": labels.height,
        "imageWidth": labels.width,
        **origin_fields(labels),
    }


def _shape(item: LabeledObject) -> dict[str, Any]:
    points: Sequence[Point] = item.points or ()
    if item.box:
        box = item.box
        points = ((box.x, box.y), (box.x + box.width, box.y + box.height))
    rest: dict[str, Any] = dict(item.attributes)
    flags = {name: rest.pop(name) for name in [*rest] if isinstance(rest[name], bool)}
    group_id = rest.pop("group_id") if isinstance(rest.get("group_id"), int) else None
    has_text = rest.get("description") and isinstance(rest["description"], str)
    return {
        "label": item.label,
        "points": [list(point) for point in points],
        "group_id": group_id,
        "description": rest.pop("description") if has_text else "",
        "shape_type": "rectangle" if item.box else "polygon",
        "flags": flags,
        "object_id": item.id,
        "attributes": rest,
    }
