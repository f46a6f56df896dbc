"""labelme's files, one JSON for each image: https://github.com/wkentaro/labelme.

Classifications are the image's flags. Of an object, booleans among the attributes are the shape's
flags, `group_id` and `description` have their fields, and the rest stands in `attributes` beside
`object_id`, which labelme keeps as it finds them.

Polygons of one label and one `group_id` are the rings of one object, as labelme's own converters
take them. labelme has no holes: a polygon with one can be written as a mask.
"""

import base64
import binascii
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path, PurePosixPath, PureWindowsPath
from posixpath import normpath
from typing import Any

import cv2
import numpy as np

from vidset.formats.boxes import HOLES, as_mask, has_hole
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
from vidset.formats.spool import of_labeled_images, spooled
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point, outline
from vidset.labeling.shapes import rotated_box_of, turned_corners
from vidset.masks import Mask
from vidset.picture_headers import check_picture

_NAME = "labelme"
_VERSION = "5.5.0"
_TOLERANCE = 0.5  # Pixels by which corners may be off those of a rectangle: tools round them.
_RINGS = "vidset_rings"
"""The attribute by which we know a group that was made for the rings of an object: their number."""
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

    An oriented rectangle, which X-AnyLabeling calls a rotation, is a rotated box; one whose corners
    are no rectangle's is a polygon.

    Raises:
        ValueError: as `Format.read` says; also for points, lines and circles.
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
        for labels in reading.whole(partial(_read, file, root, reading)):
            if other := names.get(labels.image_name):
                raise ValueError(
                    f"{file}: wanted one file of {labels.image_name}, got also {other}"
                )
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
    return ImageLabels(name, width, height, tuple(objects), **origin_of(document, place))


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
    if shape.get("group_id") is not None:
        attributes["group_id"] = member(shape, "group_id", int, place)
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
    said = {name: value for name, value in item.attributes.items() if name != _RINGS}
    if _RINGS in item.attributes:
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


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    name = relative_name(labels.image_name, place)
    if "\\" in name:
        raise ValueError(f"{place}: wanted a name without backslash, which labelme takes for /")
    objects, losses, flags = [], [], set()
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        if has_hole(item) and labels.width and labels.height:
            objects.append(as_mask(item, labels.width, labels.height))
            losses.append((HOLES, where))
        elif item.mask and item.mask.bounds is None:
            losses.append(("empty masks", where))
        elif item.type != "classification":
            objects.append(item)
        elif item.label in flags:
            losses.append(("repeated classifications", where))
        else:
            flags.add(item.label)
            objects.append(replace(item, attributes={}))
            losses += [("attributes of classifications", where)] * len(item.attributes)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _document(labels: ImageLabels) -> dict[str, Any]:
    drawn = [item for item in labels.objects if item.type != "classification"]
    used = [item.attributes.get("group_id") for item in drawn]
    groups = (number for number in count(1) if number not in used)
    return {
        "version": _VERSION,
        "flags": {item.label: True for item in labels.objects if item.type == "classification"},
        "shapes": [shape for item in drawn for shape in _shapes(item, groups)],
        "imagePath": PurePosixPath(labels.image_name).name,
        "imageData": None,
        "imageHeight": labels.height,
        "imageWidth": labels.width,
        **origin_fields(labels),
    }


def _shapes(item: LabeledObject, groups: Iterator[int]) -> Iterator[dict[str, Any]]:
    """One shape, or one of each ring with a group that they share."""
    if not item.rings or len(item.rings) == 1:
        yield _shape(item)
        return
    own = item.attributes.get("group_id")
    has_group = isinstance(own, int) and not isinstance(own, bool)
    group = {} if has_group else {"group_id": next(groups), _RINGS: len(item.rings)}
    for ring in item.rings:
        part = replace(item, rings=(ring,), attributes={**item.attributes, **group})
        yield _shape(part)


def _shape(item: LabeledObject) -> dict[str, Any]:
    kind, points, more = _drawn(item)
    rest: dict[str, Any] = dict(item.attributes)
    flags = {name: rest.pop(name) for name in [*rest] if isinstance(rest[name], bool)}
    group_id = rest.pop("group_id") if isinstance(rest.get("group_id"), int) else None
    has_text = rest.get("description") and isinstance(rest["description"], str)
    return {
        "label": item.label,
        "points": [list(point) for point in points],
        "group_id": group_id,
        "description": rest.pop("description") if has_text else "",
        "shape_type": kind,
        "flags": flags,
        "object_id": item.id,
        "attributes": rest,
        **more,
    }


def _drawn(item: LabeledObject) -> tuple[str, Sequence[Point], Mapping[str, Any]]:
    """The kind of a shape, its points, and what it has beside them."""
    if item.box and item.box.angle:
        return "oriented_rectangle", turned_corners(item.box), {}
    if item.box:
        box = item.box
        corners = ((box.x, box.y), (box.x + box.width, box.y + box.height))
        return "rectangle", corners, {}
    bounds = item.mask.bounds if item.mask else None
    if item.mask and bounds:
        left, top, right, bottom = bounds
        picture = item.mask.pixels()[top:bottom, left:right].astype(np.uint8)
        _, png = cv2.imencode(".png", picture)
        corners = ((float(left), float(top)), (float(right - 1), float(bottom - 1)))
        return "mask", corners, {"mask": base64.b64encode(png.tobytes()).decode()}
    return "polygon", item.points or (), {}
