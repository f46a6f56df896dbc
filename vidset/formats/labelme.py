"""labelme's files, one JSON for each image: https://github.com/wkentaro/labelme.

Classifications are the image's flags. Of an object, booleans among the attributes are the shape's
flags, `group_id` and `description` have their fields, and the rest stands in `attributes` beside
`object_id`, which labelme keeps as it finds them.

Polygons of one label and one `group_id` are the rings of one object, as labelme's own converters
take them. labelme has no holes: a polygon with one can be written as a mask.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PureWindowsPath
from typing import Any

import cv2
import numpy as np

from vidset.formats.finding import label_files
from vidset.formats.format import ImageLabels
from vidset.formats.labelme_writing import RINGS, write
from vidset.formats.origin import origin_of
from vidset.formats.owned_folder import MANIFEST
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    is_uri,
    leads_elsewhere,
    member,
    numbers,
    read_json,
    told_name,
)
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point, outline
from vidset.labeling.shapes import rotated_box_of
from vidset.masks import Mask
from vidset.picture_headers import check_picture

__all__ = ["read", "write"]
_TOLERANCE = 0.5  # Pixels by which corners may be off those of a rectangle: tools round them.
# Shapes that an annotation cannot hold, in the plural.
_OTHERS = {
    "circle": "circles",
    "line": "lines",
    "linestrip": "line strips",
    "point": "points",
    "points": "groups of points",
}


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """All .json files of a folder and below it, in the order of their names; or a single one.

    Other JSON in the folder is counted and left out. An oriented rectangle, which X-AnyLabeling
    calls a rotation, is a rotated box; one whose corners are no rectangle's is a polygon.

    Raises:
        ValueError: as `Format.read` says; also for points, lines and circles.
    """
    reading = reading or Reading()
    place = Path(path)
    if not place.exists():
        raise ValueError(f"{place}: wanted a folder with labelme's files, got nothing")
    root = place if place.is_dir() else place.parent
    names: dict[str, Path] = {}
    is_folder = place.is_dir()
    files = [each for each in label_files(root, ".json", "labelme's") if each.name != MANIFEST]
    others = 0
    for file in files if is_folder else [place]:
        read_file = partial(_read, file, root, reading, is_one_of_many=is_folder)
        for labels in reading.whole(read_file):
            if labels is None:
                others += 1
                continue
            with reading.part():
                if other := names.get(labels.image_name):
                    raise ValueError(
                        f"{file}: wanted one file of {labels.image_name}, got also {other}"
                    )
                names[labels.image_name] = file
                yield labels
    if others and others == len(files):
        raise ValueError(f"{place}: wanted labelme's files, got {others} of something else")


def _read(file: Path, root: Path, reading: Reading, *, is_one_of_many: bool) -> ImageLabels | None:
    """Returns None for a file of a folder that is not labelme's."""
    place, document = str(file), read_json(file)
    keys = document if isinstance(document, dict) else {}
    if is_one_of_many and not ("shapes" in keys or "imagePath" in keys):
        reading.leave_out(f"files that are not labelme's ({file.name})")
        return None
    shapes = member(document, "shapes", list, place)
    name, is_elsewhere = _image_name(member(document, "imagePath", str, place), file, root)
    told = document.get("imageWidth"), document.get("imageHeight")
    width, height = image_size(told, name, reading.size_of, place)
    taken: set[str] = set()
    drawn: list[tuple[LabeledObject, Any]] = []
    for number, shape in enumerate(shapes):
        with reading.part():
            shape_place = f"{place}: shapes[{number}]"
            size = (width, height) if width and height else None
            for item in _object(shape, str(number), taken, size, shape_place, reading):
                drawn.append((item, shape.get("object_id")))
    objects = _with_groups(drawn)
    for label, is_set in _flags(document, place).items():
        if is_set:
            objects.append(LabeledObject(free_id(label, taken), label, "classification"))
    origin = origin_of(document, place)
    return ImageLabels(name, width, height, tuple(objects), is_elsewhere=is_elsewhere, **origin)


def _image_name(told: str, file: Path, root: Path) -> tuple[str, bool]:
    """The image's name below the root, and whether its path leads outside: nothing is read there.

    labelme, too, reads both of Windows' and Unix' separators.
    """
    place = f"{file}: imagePath"
    if is_uri(told):
        return told_name(told, place), False
    path = PureWindowsPath(told)
    if not path.anchor:
        path = PureWindowsPath(file.parent.relative_to(root), path)
    name = path.as_posix()
    return told_name(name, place), leads_elsewhere(name)


def _flags(parent: Any, place: str) -> dict[str, bool]:
    if parent.get("flags") in (None, ""):  # Old versions write a text.
        return {}
    flags = member(parent, "flags", dict, place)
    return {name: member(flags, name, bool, f"{place}: flags") for name in flags}


def _object(
    shape: Any,
    number: str,
    taken: set[str],
    size: tuple[int, int] | None,
    place: str,
    reading: Reading,
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
    if (group := shape.get("group_id")) not in (None, ""):
        is_text = isinstance(group, str)
        attributes["group_id"] = (
            _number(group) if is_text else member(shape, "group_id", int, place)
        )
    if shape.get("description"):
        attributes["description"] = member(shape, "description", str, place)
    if shape.get("difficult") is True:  # X-AnyLabeling's.
        attributes["difficult"] = True
    if isinstance(shape.get("score"), int | float):
        attributes.setdefault("score", shape["score"])
    said = shape.get("object_id")
    object_id = free_id(said if isinstance(said, str) else number, taken)
    if kind == "mask":
        mask = _mask(shape, corners, size, place)
        yield LabeledObject(object_id, label, "mask", mask=mask, attributes=attributes)
        return
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
    box = rotated_box_of(corners, _TOLERANCE) if kind != "polygon" else None
    if box:
        kind = "rotated_box" if box.angle % 360 else "box"
        yield LabeledObject(object_id, label, kind, box=box, attributes=attributes)
        return
    rings = outline(corners)
    yield LabeledObject(object_id, label, "polygon", rings=rings, attributes=attributes)


def _number(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdigit() else text


def _with_groups(drawn: Sequence[tuple[LabeledObject, Any]]) -> list[LabeledObject]:
    """Polygons of one label and group are one object, in the place of its first.

    Those that we wrote as several objects, which their ids tell, stay several.
    """
    objects: list[LabeledObject] = []
    places: dict[tuple[str, Any], list[tuple[int, Any]]] = {}
    for item, said in drawn:
        group = item.attributes.get("group_id")
        if not item.rings or group is None:
            objects.append(item)
            continue
        others = places.setdefault((item.label, group), [])
        same = next((at for at, id_ in others if said is None or id_ in (None, said)), None)
        if same is None:
            others.append((len(objects), said))
            objects.append(item)
            continue
        first = objects[same]
        rings = (*(first.rings or ()), *item.rings)
        attributes = {**item.attributes, **first.attributes}
        objects[same] = replace(first, rings=rings, attributes=attributes)
    return [_without_our_group(item) for item in objects]


def _without_our_group(item: LabeledObject) -> LabeledObject:
    """A group that was made for the rings alone is no attribute."""
    said = {name: value for name, value in item.attributes.items() if name != RINGS}
    if RINGS in item.attributes:
        said.pop("group_id", None)
    return replace(item, attributes=said)


def _mask(shape: Any, corners: Sequence[Point], size: tuple[int, int] | None, place: str) -> Mask:
    """The pixels of a mask: a PNG of what lies between its two corners, both of them inside."""
    if len(corners) != 2 or size is None:
        got = f"{len(corners)} points and the image's size {size}"
        raise ValueError(f"{place}: wanted two points of a mask and the image's size, got {got}")
    try:
        data = base64.b64decode(member(shape, "mask", str, place), validate=True)
        check_picture(data, f"{place}.mask")
    except binascii.Error as error:
        raise ValueError(f"{place}.mask: wanted a PNG in base64: {error}") from None
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)
    left, top, right, bottom = (round(value) for corner in corners for value in corner)
    width, height = size
    wanted = (bottom - top + 1, right - left + 1)
    if picture is None or picture.shape != wanted:
        got = "nothing" if picture is None else "{1} x {0}".format(*picture.shape)
        raise ValueError(f"{place}.mask: wanted a picture of {wanted[1]} x {wanted[0]}, got {got}")
    if min(left, top) < 0 or right >= width or bottom >= height:
        got = f"{left}, {top} to {right}, {bottom}"
        raise ValueError(f"{place}: wanted a mask inside {width} x {height}, got {got}")
    pixels = np.zeros((height, width), bool)
    pixels[top : bottom + 1, left : right + 1] = picture > 0
    return Mask.of(pixels)


def _is_upright(corners: Sequence[Point]) -> bool:
    """Returns whether two opposite corners, or all four of newer versions, are those of a box."""
    return len(corners) == 2 or all(len({each[axis] for each in corners}) == 2 for axis in (0, 1))


def _corner(value: Any, place: str) -> Point:
    values = numbers(value, place)
    if len(values) != 2:
        raise ValueError(f"{place}: wanted x and y, got {values}")
    return values[0], values[1]
