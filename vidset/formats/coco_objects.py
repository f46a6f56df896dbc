"""One annotation of COCO's instances to the object that it is; see `vidset.formats.coco`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidset.formats.reading import Reading, attributes_in, free_id, numbers
from vidset.labeling.annotation import Box, LabeledObject, Point, Ring
from vidset.labeling.checking import ROTATION
from vidset.labeling.shapes import rotated_box_of
from vidset.masks import Mask

_TOLERANCE = 1e-3  # Pixels and degrees.
_ROUNDED = 1.0  # Pixels by which the corners of a box may be off: tools round them.
_CROWD = "iscrowd"


def objects_of(
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
    if annotation.get(_CROWD):
        if not reading.crowds:
            reading.drop("crowds", place, "--crowds takes them, as CVAT writes every mask, or ")
            return
        attributes[_CROWD] = True
    if isinstance(parts, dict):
        mask = _mask(parts, size, f"{place}.segmentation")
        yield LabeledObject(object_id, label, "mask", mask=mask, attributes=attributes)
        return
    if not isinstance(parts, list):
        raise ValueError(f"{place}.segmentation: wanted polygons or RLE, got {str(parts)[:80]!r}")
    if parts and all(isinstance(number, int | float) for number in parts):
        parts = [parts]
    parts = list(_outlines(parts, annotation.get("bbox"), place, reading))
    if not parts:
        box = _box(annotation, attributes, place)
        kind = "rotated_box" if box.angle else "box"
        yield LabeledObject(object_id, label, kind, box=box, attributes=attributes)
        return
    polygons = [_points(part, part_place) for part, part_place in parts]
    if turned := _turned(polygons, attributes):
        del attributes[ROTATION]
        yield LabeledObject(object_id, label, "rotated_box", box=turned, attributes=attributes)
        return
    rings = tuple(map(Ring, polygons))
    yield LabeledObject(object_id, label, "polygon", rings=rings, attributes=attributes)


def _outlines(
    parts: Sequence[Any], box: Any, place: str, reading: Reading
) -> Iterator[tuple[Any, str]]:
    """The parts that have an outline, with their places.

    Of two points is what some tools write for a box: its corners, or the box itself.
    """
    for number, part in enumerate(parts):
        part_place = f"{place}.segmentation[{number}]"
        if part == [] or _is_box(part, box):
            continue
        if isinstance(part, list) and len(part) in (2, 4) and len(parts) > 1:
            reading.drop("parts of outlines with fewer than 3 points", part_place)
            continue
        yield part, part_place


def _is_box(part: Any, box: Any) -> bool:
    """Returns whether four numbers are the annotation's box, or two corners of it."""
    try:
        told, wanted = numbers(part, ""), numbers(box, "")
    except ValueError:
        return False
    if len(told) != 4 or len(wanted) != 4:
        return False
    left, top, width, height = wanted
    corners = [left, top, left + width, top + height]
    return any(
        all(abs(one - other) <= _ROUNDED for one, other in zip(told, each, strict=True))
        for each in (wanted, corners)
    )


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
