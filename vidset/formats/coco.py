"""COCO's instances, one JSON file: https://cocodataset.org/#format-data.

Boxes have no segmentation, polygons a part for each ring, masks run lengths (RLE). A rotated box is
the polygon of its corners, with the attribute `rotation`. COCO has no holes: a polygon with one can
be written as a mask. Attributes and object ids stand in `attributes` and `object_id`, which COCO's
own tools pass over. Reading takes the memory of the whole file.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from vidset.formats.coco_writing import OURS, write
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    member,
    numbers,
    read_json,
    relative_or_uri,
)
from vidset.labeling.annotation import Box, LabeledObject, Point, Ring
from vidset.labeling.checking import ROTATION
from vidset.labeling.shapes import rotated_box_of
from vidset.masks import Mask

__all__ = ["read", "write"]
_TOLERANCE = 1e-3  # Pixels and degrees.


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images in the file's order.

    An annotation of several polygons is one object of several rings. A box with the attribute
    `rotation`, as CVAT writes it, is a rotated box.

    Raises:
        ValueError: as `Reader.read` says; also for crowds unless they may be lost.
    """
    reading = reading or Reading()
    document = read_json(Path(path))
    categories = {
        key: member(category, "name", str, place)
        for key, category, place in _by_id(document, "categories", str(path))
    }
    images = {key: (image, place) for key, image, place in _by_id(document, "images", str(path))}
    drawn: dict[Any, list[tuple[Any, str]]] = {key: [] for key in images}
    known = {"image_id": images, "category_id": categories}
    for annotation, place in _annotations(document, str(path)):
        with reading.part():
            for key, entries in known.items():
                got = annotation.get(key)
                if not isinstance(got, int | str) or got not in entries:
                    raise ValueError(
                        f"{place}: wanted the {key} of an entry of the file, got {got!r}"
                    )
            drawn[annotation["image_id"]].append((annotation, place))
    info = document.get("info")
    is_ours = isinstance(info, dict) and info.get("description") == OURS
    names: set[str] = set()
    for key, (image, place) in images.items():
        yield from reading.whole(
            partial(_labels, image, place, drawn[key], categories, names, reading, is_ours=is_ours)
        )


def _annotations(document: Any, path: str) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each with its place. Files of images alone have none."""
    if isinstance(document, dict) and "annotations" not in document:
        return
    for number, entry in enumerate(member(document, "annotations", list, path)):
        place = f"{path}: annotations[{number}]"
        if not isinstance(entry, dict):
            raise ValueError(f"{place}: wanted an object, got {str(entry)[:80]!r}")
        yield {"id": number, **entry}, place


def _labels(
    image: Mapping[str, Any],
    place: str,
    drawn: Iterable[tuple[Any, str]],
    categories: Mapping[Any, str],
    names: set[str],
    reading: Reading,
    *,
    is_ours: bool,
) -> ImageLabels:
    name = member(image, "file_name", str, place)
    if "/" not in name:  # A file that was written on Windows.
        name = name.replace("\\", "/")
    name = relative_or_uri(name, place)
    if name in names:
        raise ValueError(f"{place}: wanted each file_name once, got {name!r} again")
    names.add(name)
    told = tuple(map(_whole, (image.get("width"), image.get("height"))))
    told = (None, None) if told == (0, 0) else told  # Roboflow does not always tell it.
    width, height = image_size((told[0], told[1]), name, reading.size_of, place)
    taken: set[str] = set()
    objects: list[LabeledObject] = []
    for annotation, where in drawn:
        with reading.part():
            label = categories[annotation["category_id"]]
            size = (width, height) if width and height else None
            objects += _objects(annotation, label, taken, size, where, reading)
    origin = origin_of(image, place)
    is_told = is_ours or bool(objects)
    return ImageLabels(name, width, height, tuple(objects), empty_is_told=is_told, **origin)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _by_id(document: Any, key: str, path: str) -> Iterator[tuple[Any, dict, str]]:
    seen = set()
    for number, entry in enumerate(member(document, key, list, path)):
        place = f"{path}: {key}[{number}]"
        entry_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry_id, int | str) or entry_id in seen:
            raise ValueError(f"{place}: wanted an id of its own, got {str(entry)[:80]!r}")
        seen.add(entry_id)
        yield entry_id, entry, place


def _objects(
    annotation: Mapping[str, Any],
    label: str,
    taken: set[str],
    size: tuple[int, int] | None,
    place: str,
    reading: Reading,
) -> Iterator[LabeledObject]:
    said = annotation.get("object_id")
    object_id = free_id(said if isinstance(said, str) else str(annotation["id"]), taken)
    told = annotation.get("attributes") or {}
    if isinstance(told, dict):  # CVAT writes null where nobody answered.
        told = {name: value for name, value in told.items() if value is not None}
    attributes = dict(attributes_in(told, f"{place}.attributes"))
    if isinstance(annotation.get("score"), int | float):
        attributes.setdefault("score", annotation["score"])
    if annotation.get("keypoints"):
        reading.leave_out("keypoints")
    parts = annotation.get("segmentation") or []
    if annotation.get("iscrowd"):
        reading.drop("crowds", place)
        return
    if isinstance(parts, dict):
        mask = _mask(parts, size, f"{place}.segmentation")
        yield LabeledObject(object_id, label, "mask", mask=mask, attributes=attributes)
        return
    if not isinstance(parts, list):
        raise ValueError(f"{place}.segmentation: wanted polygons or RLE, got {str(parts)[:80]!r}")
    if parts and all(isinstance(number, int | float) for number in parts):
        parts = [parts]
    parts = [part for part in parts if part != []]
    if not parts:
        box = _box(annotation, attributes, place)
        kind = "rotated_box" if box.angle else "box"
        yield LabeledObject(object_id, label, kind, box=box, attributes=attributes)
        return
    polygons = [_points(part, f"{place}.segmentation[{n}]") for n, part in enumerate(parts)]
    if turned := _turned(polygons, attributes):
        del attributes[ROTATION]
        yield LabeledObject(object_id, label, "rotated_box", box=turned, attributes=attributes)
        return
    rings = tuple(map(Ring, polygons))
    yield LabeledObject(object_id, label, "polygon", rings=rings, attributes=attributes)


def _mask(document: Any, size: tuple[int, int] | None, place: str) -> Mask:
    try:
        mask = Mask.from_document(document)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None
    if size is not None and (mask.width, mask.height) != size:
        raise ValueError(
            f"{place}: wanted a mask of the image's size {size[0]} x {size[1]}, "
            f"got {mask.width} x {mask.height}"
        )
    return mask


def _box(annotation: Mapping[str, Any], attributes: dict[str, Any], place: str) -> Box:
    """The box, turned as CVAT says; its attribute is taken away then."""
    values = numbers(annotation.get("bbox"), f"{place}.bbox")
    if len(values) != 4:
        raise ValueError(f"{place}.bbox: wanted x, y, width and height, got {values}")
    turned = attributes.get(ROTATION)
    is_ours = isinstance(annotation.get("object_id"), str)
    if is_ours or isinstance(turned, bool) or not isinstance(turned, int | float):
        return Box(*values)
    del attributes[ROTATION]
    return Box(*values, angle=turned % 360)


def _turned(polygons: Sequence[tuple[Point, ...]], attributes: Mapping[str, Any]) -> Box | None:
    """The rotated box that was written as a polygon, if it still is one of the angle it tells."""
    angle = attributes.get(ROTATION)
    if len(polygons) != 1 or isinstance(angle, bool) or not isinstance(angle, int | float):
        return None
    box = rotated_box_of(polygons[0], _TOLERANCE)
    if box is None or abs((box.angle - angle + 180) % 360 - 180) > _TOLERANCE:
        return None
    return replace(box, angle=float(angle))


def _points(part: Any, place: str) -> tuple[Point, ...]:
    values = numbers(part, place)
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"{place}: wanted x and y of 3 points or more, got {len(values)} numbers")
    return tuple(zip(values[::2], values[1::2], strict=True))
