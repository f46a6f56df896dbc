"""CVAT's XML 1.1 for images: https://docs.cvat.ai/docs/manual/advanced/xml_format.

Shapes are in pixels. Objects have no ids of their own. What kind an attribute is, `meta` tells for
each label: a checkbox, a number or a text. Classifications are tags.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vidset.formats.cvat_writing import CHECKBOX, NUMBER, OURS, PART_OF, TEXT, write
from vidset.formats.finding import files_below
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of, with_numbers
from vidset.formats.reading import (
    Reading,
    image_size,
    leads_elsewhere,
    together,
    told_name,
)
from vidset.formats.splits import split_named, split_of_file, told_splits
from vidset.formats.xml_files import Node, as_number, read_xml
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point, Ring
from vidset.masks import Mask

__all__ = ["read", "write"]
# Shapes that an annotation cannot hold, in the plural.
_OTHERS = {
    "points": "points",
    "polyline": "polylines",
    "cuboid": "cuboids",
    "ellipse": "ellipses",
    "skeleton": "skeletons",
}
_SHAPES = ("box", "polygon", "mask", "tag")


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images in the file's order; of a folder, those of all its files.

    `occluded`, `group_id` and `z_order` are attributes where they say something.

    Raises:
        ValueError: as `Reader.read` says; also for tracks, and for points, lines, cuboids, ellipses
            and skeletons unless they may be lost.
    """
    reading = reading or Reading()
    files = [Path(path)]
    if files[0].is_dir():
        files = files_below(files[0], ".xml")
        if not files:
            raise ValueError(f"{path}: wanted .xml with CVAT's annotations, got none")
    names: set[str] = set()
    is_split = told_splits(split_of_file(Path(file.name)) for file in files)
    for file in files:
        split = split_of_file(Path(file.name)) if is_split else None
        for labels in _read_file(file, names, reading):
            yield labels if labels.splits or not split else replace(labels, splits=(split,))


def _read_file(file: Path, names: set[str], reading: Reading) -> Iterator[ImageLabels]:
    root = read_xml(file, "CVAT's annotations")
    if root.tag != "annotations":
        raise ValueError(f"{root.place}: wanted <annotations> of CVAT, got <{root.tag}>")
    if tracks := root.all("track"):
        raise ValueError(
            f"{tracks[0].place}: wanted labels of images, got {len(tracks)} tracks of a video; "
            "export the task as CVAT for images 1.1"
        )
    meta = root.first("meta")
    kinds = _kinds(meta) if meta else {}
    is_ours = meta is not None and meta.said("source") == OURS
    images = root.all("image")
    is_split = told_splits(map(_split, images))
    for image in images:
        read_image = partial(_labels, image, kinds, names, reading, is_ours=is_ours)
        split = _split(image) if is_split else None
        for labels in reading.whole(read_image):
            yield replace(labels, splits=(split,)) if split else labels


def _split(image: Node) -> str | None:
    return split_named(image.attributes.get("subset", ""))


def _kinds(meta: Node) -> dict[tuple[str, str], str]:
    """The kinds of attributes by label and name; `meta` holds labels of a task, job or project."""
    found = {}
    waiting = [meta]
    while waiting:
        node = waiting.pop()
        waiting += node.children
        if node.tag == "label":
            attributes = node.first("attributes")
            for each in attributes.all("attribute") if attributes else ():
                found[node.said("name"), each.said("name")] = each.said("input_type")
    return found


def _labels(
    image: Node,
    kinds: Mapping[tuple[str, str], str],
    names: set[str],
    reading: Reading,
    *,
    is_ours: bool,
) -> ImageLabels:
    name = told_name(image.needs("name"), image.place)
    if name in names:
        raise ValueError(f"{image.place}: wanted each image once, got {name!r} again")
    names.add(name)
    told: tuple[Any, Any] = (None, None)
    if "width" in image.attributes or "height" in image.attributes:
        told = tuple(map(_whole, (image.number("width"), image.number("height"))))  # pyright: ignore
    width, height = image_size(told, name, reading.size_of, image.place)
    objects: list[LabeledObject] = []
    for number, shape in enumerate(image.children, 1):
        with reading.part():
            if shape.tag in _OTHERS:
                reading.drop(_OTHERS[shape.tag], shape.place)
            elif shape.tag not in _SHAPES:
                raise ValueError(
                    f"{shape.place}: wanted {', '.join((*_SHAPES, *_OTHERS))}, got <{shape.tag}>"
                )
            else:
                objects.append(_object(shape, str(number), (width, height), kinds))
    said = with_numbers(image.attributes, image.place)
    return ImageLabels(
        name,
        width,
        height,
        tuple(_joined(objects)),
        empty_is_told=is_ours or bool(objects),
        is_elsewhere=leads_elsewhere(image.needs("name")),
        **(origin_of(said, image.place) if is_ours else {}),
    )


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


def _object(
    shape: Node,
    object_id: str,
    size: tuple[int | None, int | None],
    kinds: Mapping[tuple[str, str], str],
) -> LabeledObject:
    label = shape.needs("label")
    attributes: dict[str, Attribute] = {}
    for each in shape.all("attribute"):
        name = each.needs("name")
        attributes[name] = _typed(each.text, kinds.get((label, name), TEXT))
    if shape.tag == "tag":
        return LabeledObject(object_id, label, "classification", attributes=attributes)
    if shape.attributes.get("occluded") == "1":
        attributes.setdefault("occluded", True)
    if group := shape.attributes.get("group_id"):
        attributes.setdefault("group_id", _whole(as_number(group, f"{shape.place}: group_id")))
    if shape.attributes.get("z_order", "0") != "0":
        attributes.setdefault("z_order", _whole(shape.number("z_order")))
    if shape.tag == "polygon":
        rings = (Ring(_points(shape)),)
        return LabeledObject(object_id, label, "polygon", rings=rings, attributes=attributes)
    if shape.tag == "mask":
        mask = _mask(shape, size)
        return LabeledObject(object_id, label, "mask", mask=mask, attributes=attributes)
    left, top, right, bottom = map(shape.number, ("xtl", "ytl", "xbr", "ybr"))
    angle = shape.number("rotation") % 360 if "rotation" in shape.attributes else 0.0
    box = Box(left, top, right - left, bottom - top, angle)
    kind = "rotated_box" if angle else "box"
    return LabeledObject(object_id, label, kind, box=box, attributes=attributes)


def _typed(text: str, kind: str) -> Attribute:
    if kind == CHECKBOX and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind == NUMBER:
        try:
            return int(text)
        except ValueError:
            return as_number(text, "attribute")
    return text


def _points(shape: Node) -> tuple[Point, ...]:
    place = f"{shape.place}: points"
    found = []
    for pair in shape.needs("points").split(";"):
        x, _, y = pair.partition(",")
        found.append((as_number(x, place), as_number(y, place)))
    if len(found) < 3:
        raise ValueError(f"{place}: wanted 3 points or more, got {len(found)}")
    return tuple(found)


def _mask(shape: Node, size: tuple[int | None, int | None]) -> Mask:
    """CVAT's run lengths go along the rows of a box in the image."""
    if size[0] is None or size[1] is None:
        raise ValueError(f"{shape.place}: wanted the size of the image of a mask, got none")
    left, top, width, height = (
        int(shape.number(name)) for name in ("left", "top", "width", "height")
    )
    runs = [int(as_number(n, f"{shape.place}: rle")) for n in shape.needs("rle").split(",")]
    if min(runs) < 0 or min(left, top, width, height) < 0 or sum(runs) != width * height:
        raise ValueError(
            f"{shape.place}: wanted run lengths of {width} x {height} pixels, got {sum(runs)}"
        )
    if left + width > size[0] or top + height > size[1]:
        raise ValueError(f"{shape.place}: wanted a mask inside {size[0]} x {size[1]} pixels")
    part = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    pixels = np.zeros((size[1], size[0]), bool)
    pixels[top : top + height, left : left + width] = part
    return Mask.of(pixels)


def _joined(objects: Sequence[LabeledObject]) -> Iterator[LabeledObject]:
    """Joins the rings of one object, which `write` takes apart."""
    told = []
    for item in objects:
        part = item.attributes.get(PART_OF) if item.rings else None
        told.append((None if part is None else (item.label, part), item))
    for number, item in enumerate(together(told), 1):
        is_told = item.rings is not None
        kept = {k: v for k, v in item.attributes.items() if k != PART_OF or not is_told}
        yield replace(item, id=str(number), attributes=kept)
