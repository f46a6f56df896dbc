"""Checks whether an answer can be stored: its objects must fit the template and the image."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Any

import shapely

from vidset.labeling.annotation import (
    Answer,
    Attribute,
    Box,
    LabeledObject,
    ObjectType,
    Point,
    Ring,
)
from vidset.labeling.errors import InvalidAnswerError, OtherShapeError, UnknownLabelError
from vidset.labeling.shapes import box_around, geometry_of_rings
from vidset.labeling.template import Template

Size = tuple[int, int]
ROTATION = "rotation"
"""The attribute by which vidset 0.1 told a rotated rectangle, a polygon, from an outline."""
ACCEPTED: Mapping[ObjectType, tuple[ObjectType, ...]] = {
    "box": ("box", "rotated_box"),
    "rotated_box": ("rotated_box", "box"),
    "polygon": ("polygon",),
    "mask": ("mask", "polygon"),
    "classification": ("classification",),
}
"""The shapes that may be drawn for a label of each type; its own type first."""
# Vendors speak of percents, rounded: a shape may leave the image by a pixel, and is cut off there.
_MOST_OUTSIDE = 1.0
_SIZE_TOLERANCE = 0.5
_EPSILON = 1e-6
_SHAPES: Mapping[ObjectType, str | None] = {
    "box": "box",
    "rotated_box": "box",
    "polygon": "rings",
    "mask": "mask",
    "classification": None,
}
_MOST = 1e9  # Pixels. Beyond it areas lose their meaning, and infinity lies there too.


def check_answer(
    answer: Answer,
    template: Template,
    width: int | None,
    height: int | None,
    where: str | None = None,
) -> Answer:
    """The answer to store: as it came, but for shapes that leave the image by up to a pixel.

    Attributes that the template does not know are kept as they are.

    Args:
        width, height: of the image, as far as they are known; else the vendor's are taken.
        where: what messages begin with; by default the image and the vendor's annotation.

    Raises:
        InvalidAnswerError: with the image, the object, what was wanted and what was got.
    """
    where = where or f"image {answer.image_id}, {answer.vendor} annotation {answer.annotation_id}"
    seen = answer.image_width, answer.image_height
    for name, ours, theirs in zip(("width", "height"), (width, height), seen, strict=True):
        if ours is not None and theirs is not None and ours != theirs:
            raise InvalidAnswerError(f"{where}: wanted the image's {name} {ours}, got {theirs}")
    if answer.state != "labeled" and answer.objects:
        got = f"{len(answer.objects)}, the first {answer.objects[0].id}"
        raise InvalidAnswerError(f"{where}: a {answer.state} answer has no objects, got {got}")
    if len(answer.objects) > template.max_objects:
        raise InvalidAnswerError(
            f"{where}: wanted at most {template.max_objects} objects, which the template's "
            f"max_objects sets, got {len(answer.objects)}"
        )
    wide, high = width or answer.image_width, height or answer.image_height
    size = (wide, high) if wide and high else None
    ids, objects = set(), []
    for item in answer.objects:
        place = f"{where}, object {item.id} ({item.label})"
        if item.id in ids:
            raise InvalidAnswerError(f"{place}: wanted each object id once, got it twice")
        ids.add(item.id)
        _check_type(item, template, place)
        _check_attributes(item, template, place)
        objects.append(_checked_shape(item, template, size, place))
    return replace(answer, objects=tuple(objects))


def _check_type(item: LabeledObject, template: Template, place: str) -> None:
    label = template.label(item.label)
    if label is None:
        wanted = ", ".join(known.name for known in template.labels)
        raise UnknownLabelError(f"{place}: wanted a label of {wanted}, got {item.label!r}")
    shapes = {"box": item.box, "rings": item.rings, "mask": item.mask}
    got = [name for name, shape in shapes.items() if shape is not None]
    wanted = _SHAPES[item.type]
    if got != ([wanted] if wanted else []):
        raise InvalidAnswerError(
            f"{place}: wanted the shape of a {item.type} and no other, got {got or 'none'}"
        )
    if item.type in ACCEPTED[label.type]:
        return
    # A rectangle that vidset 0.1 knew to be turned is a polygon of four corners.
    is_turned = _is_number(item.attributes.get(ROTATION)) and len(set(item.points or ())) == 4
    if (label.type, item.type) != ("box", "polygon") or not is_turned:
        got = f"{place}: wanted a {label.type}, got a {item.type}"
        raise OtherShapeError(got, label.type)


def _check_attributes(item: LabeledObject, template: Template, place: str) -> None:
    given: Mapping[str, Attribute] = item.attributes
    for asked in template.attributes:
        applies = not asked.labels or item.label in asked.labels
        value = given.get(asked.name)
        if asked.name not in given or value == []:
            if asked.required and applies:
                raise InvalidAnswerError(f"{place}: wanted the attribute {asked.name}, got none")
            continue
        chosen = value if asked.many and isinstance(value, list) else [value]
        repeated = len(set(map(str, chosen))) < len(chosen)
        wrong = repeated or any(choice not in asked.choices for choice in chosen)
        if wrong or asked.many != isinstance(value, list):
            wanted = f"{'a list of' if asked.many else 'one of'} {', '.join(asked.choices)}"
            raise InvalidAnswerError(
                f"{place}: wanted as {asked.name} {wanted}, got {str(value)[:80]!r}"
            )
    for name, value in given.items():
        if isinstance(value, float) and not isfinite(value):
            raise InvalidAnswerError(f"{place}: wanted a finite {name}, got {value}")


def _checked_shape(
    item: LabeledObject, template: Template, size: Size | None, place: str
) -> LabeledObject:
    """Returns the object with its shape inside the image."""
    if item.type == "rotated_box" and item.box:
        _check_rotated(item.box, size, place)
    elif item.box:
        item = replace(item, box=_checked_box(item.box, size, place))
    elif item.rings is not None:
        item = replace(item, rings=_checked_rings(item.rings, size, place))
    elif item.mask:
        _check_mask(item, size, place)
    box = item.box or box_around(item)
    if box is None:
        return item
    bounds = box.width, box.height
    label = template.label(item.label)
    least = (label.min_width, label.min_height) if label else (0, 0)
    if any(got < wanted - _SIZE_TOLERANCE for got, wanted in zip(bounds, least, strict=True)):
        raise InvalidAnswerError(
            f"{place}: wanted at least {least[0]:g} x {least[1]:g} px, "
            f"got {bounds[0]:g} x {bounds[1]:g}"
        )
    return item


def _checked_box(box: Box, size: Size | None, place: str) -> Box:
    got = f"x={box.x}, y={box.y}, width={box.width}, height={box.height}"
    if not all(map(_is_number, (box.x, box.y, box.width, box.height))):
        raise InvalidAnswerError(f"{place}: wanted a box of finite numbers, got {got}")
    if box.width <= 0 or box.height <= 0:
        raise InvalidAnswerError(f"{place}: wanted a box with a positive size, got {got}")
    if box.angle:
        raise InvalidAnswerError(
            f"{place}: wanted an upright box, got an angle of {box.angle}: that is a rotated_box"
        )
    right, bottom = box.x + box.width, box.y + box.height
    corners = ((box.x, box.y), (right, bottom))
    inside = _clamped(corners, size, place)
    if inside == corners:
        return box  # Not from its edges: these are rounded.
    (left, top), (right, bottom) = inside
    if right <= left or bottom <= top:
        raise InvalidAnswerError(f"{place}: wanted a box inside {_image(size)}, got {got}")
    return Box(left, top, right - left, bottom - top)


def _check_rotated(box: Box, size: Size | None, place: str) -> None:
    """Refuses a middle outside. Corners may lie there, since a turned box cannot be cut off."""
    got = f"x={box.x}, y={box.y}, width={box.width}, height={box.height}, angle={box.angle}"
    if not all(map(_is_number, (box.x, box.y, box.width, box.height, box.angle))):
        raise InvalidAnswerError(f"{place}: wanted a rotated box of finite numbers, got {got}")
    if box.width <= 0 or box.height <= 0:
        raise InvalidAnswerError(f"{place}: wanted a rotated box with a positive size, got {got}")
    middle = box.x + box.width / 2, box.y + box.height / 2
    _clamped((middle,), size, f"{place}, its middle")


def _checked_rings(rings: tuple[Ring, ...], size: Size | None, place: str) -> tuple[Ring, ...]:
    checked: list[Ring] = []
    for number, ring in enumerate(rings):
        where = place if len(rings) == 1 else f"{place}, ring {number + 1} of {len(rings)}"
        checked.append(Ring(_checked_ring(ring.points, size, where), ring.hole))
    if not rings or rings[0].hole:
        raise InvalidAnswerError(
            f"{place}: wanted a polygon's first ring around its area, got "
            f"{'a hole' if rings else 'no ring'}"
        )
    area = shapely.area(geometry_of_rings(checked))
    if area <= 0:
        raise InvalidAnswerError(f"{place}: wanted a polygon with an area, got {area}")
    return tuple(checked)


def _checked_ring(points: tuple[Point, ...], size: Size | None, place: str) -> tuple[Point, ...]:
    if not all(_is_number(value) for point in points for value in point):
        raise InvalidAnswerError(f"{place}: wanted a polygon of finite numbers, got {points}")
    points = _clamped(points, size, place)
    if len(set(points)) < 3:
        got = len(set(points))
        raise InvalidAnswerError(f"{place}: wanted a polygon of 3 points or more, got {got}")
    polygon = shapely.Polygon(points)
    if not polygon.is_valid:  # Before the area, which means nothing where lines cross.
        reason = shapely.is_valid_reason(polygon)
        raise InvalidAnswerError(f"{place}: wanted a polygon that does not cross itself: {reason}")
    if polygon.area <= 0:
        raise InvalidAnswerError(f"{place}: wanted a polygon with an area, got {polygon.area}")
    return points


def _check_mask(item: LabeledObject, size: Size | None, place: str) -> None:
    if item.mask is None:
        return
    if size is not None and (item.mask.width, item.mask.height) != size:
        raise InvalidAnswerError(
            f"{place}: wanted a mask of the image's size {size[0]} x {size[1]} px, got one of "
            f"{item.mask.width} x {item.mask.height}"
        )
    try:
        area = item.mask.area
    except ValueError as error:
        raise InvalidAnswerError(f"{place}: {error}") from None
    if not area:
        raise InvalidAnswerError(f"{place}: wanted a mask with pixels, got an empty one")


def _clamped(points: tuple[Point, ...], size: Size | None, place: str) -> tuple[Point, ...]:
    """The points inside the image; one that is there already is returned as it is."""
    if size is None:
        return points
    for x, y in points:
        outside = max(-x, -y, x - size[0], y - size[1])
        if outside > _MOST_OUTSIDE + _EPSILON:
            raise InvalidAnswerError(
                f"{place}: wanted it inside {_image(size)}, got the point ({x:g}, {y:g}), "
                f"which is {outside:g} px outside"
            )
    right, bottom = map(float, size)
    return tuple((min(max(x, 0.0), right), min(max(y, 0.0), bottom)) for x, y in points)


def _is_number(value: Any) -> bool:
    """Also of what vendors send in its place: texts, infinities, integers of a thousand digits."""
    return isinstance(value, int | float) and not isinstance(value, bool) and -_MOST < value < _MOST


def _image(size: Size | None) -> str:
    return f"the image of {size[0]} x {size[1]} px" if size else "the image"
