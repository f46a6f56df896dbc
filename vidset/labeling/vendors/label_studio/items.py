"""One item of a Label Studio result to an object, or to an attribute of one; and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from vidset.labeling.annotation import (
    Attribute,
    Box,
    LabeledObject,
    ObjectType,
    Ring,
    outline,
)
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.shapes import is_inside
from vidset.labeling.vendors.json_object import JsonObject
from vidset.labeling.vendors.label_studio.shapes import (
    Size,
    box_of,
    brush_value,
    mask_of,
    points_of,
    polygon_value,
    rectangle_value,
    rotation_of,
    turned_about_corner,
    turned_about_middle,
    unturned,
)

SHAPES = ("rectanglelabels", "polygonlabels", "brushlabels")
BARE_SHAPES = tuple(kind.removesuffix("labels") for kind in SHAPES)
ATTRIBUTES = ("choices", "number", "rating", "textarea")
MANY = "[]"
"""Ends the name of a control of which several choices may hold: its answer is a list, also of one.
The JSON of a single choice would look alike."""
_ROTATION = "rotation"
# Label Studio has no booleans: this tells the text of one from another text.
_KIND, _BOOLEAN = "kind", "boolean"
_HOLE, _RING = "/hole", "/ring"


@dataclass(frozen=True, slots=True)
class Controls:
    """The names that a label config gives its tags.

    Attributes:
        image: of the image.
        labels: of the control with a label; of one that is not there, its type is the name.
    """

    image: str = "image"
    labels: Mapping[tuple[ObjectType, str], str] = field(default_factory=dict)

    def of(self, type_: ObjectType, label: str) -> str:
        return self.labels.get((type_, label), type_)


def size_of_item(item: JsonObject) -> Size:
    return item.id("original_width"), item.id("original_height")


def shape_of(item: JsonObject, kind: str) -> LabeledObject:
    """The object of one region."""
    if item.has("image_rotation") and item.number("image_rotation"):
        raise InvalidAnswerError(
            f"{item.path('image_rotation')} must be 0, got {item.number('image_rotation')}: "
            "the annotator turned the image, so the shape is not in its pixels"
        )
    value, size = item.object("value"), size_of_item(item)
    labels = value.texts(kind)
    if len(labels) != 1:
        raise InvalidAnswerError(f"{value.path(kind)} must be one label, got {len(labels)}")
    id_, label = item.text("id"), labels[0]
    if kind == "polygonlabels":
        return LabeledObject(id_, label, "polygon", rings=outline(points_of(value, size)))
    if kind == "brushlabels":
        return LabeledObject(id_, label, "mask", mask=mask_of(value, size))
    box, rotation = box_of(value, size), rotation_of(value)
    if rotation % 360 == 0:
        return LabeledObject(id_, label, "box", box=box)
    return LabeledObject(id_, label, "rotated_box", box=turned_about_middle(box, rotation))


def attribute_of(item: JsonObject, kind: str) -> tuple[str, Attribute]:
    """The name and the value of an attribute."""
    name, value = item.text("from_name"), item.object("value")
    if kind in ("number", "rating"):
        return name, value.number(kind)
    texts = value.texts("text" if kind == "textarea" else kind)
    if item.has("meta") and item.values["meta"] == {_KIND: _BOOLEAN} and len(texts) == 1:
        return name, texts[0] == "true"
    if name.endswith(MANY):
        return name.removesuffix(MANY) or name, texts
    return name, texts[0] if len(texts) == 1 else texts


def words_of(item: JsonObject) -> list[LabeledObject]:
    """Return the chosen words, each with the item's id and its word in its own id."""
    id_, labels = item.text("id"), item.object("value").texts("choices")
    if len(labels) == 1:
        return [LabeledObject(id_, labels[0], "classification")]
    return [LabeledObject(f"{id_}/{label}", label, "classification") for label in labels]


def words_item(
    words: Sequence[LabeledObject], name: str, size: Size, controls: Controls
) -> dict[str, Any]:
    first = words[0]
    id_ = first.id if len(words) == 1 else first.id.removesuffix(f"/{first.label}")
    value = {"choices": [word.label for word in words]}
    return _item(id_, name, "choices", value, size, controls)


def shape_items(item: LabeledObject, size: Size, controls: Controls) -> list[dict[str, Any]]:
    """The regions of a shape, and its attributes, each of which repeats the first region.

    Label Studio has no rings: each further one is a polygon of its own below the first.
    """
    first, *more = item.rings or (Ring(()),)
    box, rotation = _rectangle(item)
    if item.mask:
        kind, name, shape = "brushlabels", controls.of("mask", item.label), brush_value(item.mask)
    elif box:
        kind, name = "rectanglelabels", controls.of("box", item.label)
        shape = rectangle_value(box, rotation, size)
    else:
        kind, name = "polygonlabels", controls.of("polygon", item.label)
        shape = polygon_value(first.points, size)
    result = [_item(item.id, name, kind, {**shape, kind: [item.label]}, size, controls)]
    for number, ring in enumerate(more, 2):
        value = {**polygon_value(ring.points, size), kind: [item.label]}
        ring_id = f"{item.id}{_HOLE if ring.hole else _RING}{number}"
        part = _item(ring_id, name, kind, value, size, controls)
        result.append({**part, "parentID": item.id})
    for attribute, answer in item.attributes.items():
        if attribute == _ROTATION and rotation and item.rings:
            continue
        control, asked, said, more = attribute, "choices", answer, {}
        if isinstance(answer, list):
            control += MANY
        elif isinstance(answer, bool):
            said, more = [str(answer).lower()], {"meta": {_KIND: _BOOLEAN}}
        elif isinstance(answer, int | float):
            asked = "number"
        else:
            said = [answer]
        told = _item(item.id, control, asked, {**shape, asked: said}, size, controls)
        result.append(told | more)
    return result


def with_ring(item: LabeledObject, part: LabeledObject) -> LabeledObject:
    """A polygon with another one that Label Studio shows below it: a part of it, or a hole.

    Our own ids tell which; what an annotator has put there is a hole where it lies inside.
    """
    [ring], rings = part.rings or (Ring(()),), item.rings or ()
    ending = part.id.removeprefix(item.id)
    if ending.startswith((_HOLE, _RING)) and part.id.startswith(item.id):
        is_hole = ending.startswith(_HOLE)
    else:
        is_hole = is_inside(ring, rings)
    return replace(item, rings=(*rings, Ring(ring.points, is_hole)))


def _rectangle(item: LabeledObject) -> tuple[Box | None, float]:
    """The box and how it is turned; no box for what only a polygon can show."""
    if item.box and item.box.angle:
        return turned_about_corner(item.box), item.box.angle
    turned = item.attributes.get(_ROTATION)
    if not item.points or isinstance(turned, bool) or not isinstance(turned, int | float):
        return item.box, 0.0
    box = unturned(item.points, turned)
    return box, turned if box else 0.0


def _item(
    id_: str, name: str, kind: str, value: dict[str, Any], size: Size, controls: Controls
) -> dict[str, Any]:
    return {
        "id": id_,
        "from_name": name,
        "to_name": controls.image,
        "type": kind,
        "original_width": size[0],
        "original_height": size[1],
        "image_rotation": 0,
        "value": value,
    }
