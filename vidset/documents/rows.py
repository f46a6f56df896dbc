"""Annotation and task documents to rows of their tables; what is malformed is told by field.

A row has every column of infra/schemas, times as aware datetimes, days as dates.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from json.encoder import encode_basestring
from typing import Any

from vidset.documents import fields

Document = Mapping[str, Any]
Row = dict[str, Any]

_ANNOTATION_STATES = frozenset(("labeled", "skipped", "rejected"))
_TASK_STATES = frozenset(("requested", "dispatched", "completed", "failed", "cancelled"))
_TYPES = frozenset(("box", "rotated_box", "polygon", "mask", "classification"))
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_EDGES, _AXES = ("x", "y", "width", "height"), ("x", "y")


def annotation_row(name: str, document: Document) -> Row:
    """The row of `annotations/<name>`. Fields that the table does not have are passed over.

    Raises:
        BadInputError: a field is missing, or not what the table wants.
    """
    place = f"annotations/{name}"
    objects = fields.value(place, document, "objects")
    if type(objects) is not list:
        fields.refuse(f"{place}.objects", "a list", objects)
    return {
        **_image(place, name, document),
        "state": fields.one_of(place, document, "state", _ANNOTATION_STATES),
        "objects": [
            _object(f"{place}.objects[{number}]", item) for number, item in enumerate(objects)
        ],
        "vendor": fields.text(place, document, "vendor"),
        "vendor_task_id": fields.text_or_none(place, document, "vendor_task_id"),
        "annotator": fields.text(place, document, "annotator"),
        "revision": fields.integer(place, document, "revision"),
        "updated_at": fields.time(place, document, "updated_at"),
        "written_at": fields.time(place, document, "written_at"),
    }


def task_row(name: str, document: Document) -> Row:
    """The row of `tasks/<name>`.

    Raises:
        BadInputError: a field is missing, or not what the table wants.
    """
    place = f"tasks/{name}"
    return {
        **_image(place, name, document),
        "state": fields.one_of(place, document, "state", _TASK_STATES),
        "vendor": fields.text(place, document, "vendor"),
        "vendor_task_id": fields.text_or_none(place, document, "vendor_task_id"),
        "attempts": fields.integer(place, document, "attempts"),
        "cost": fields.number(f"{place}.cost", fields.value(place, document, "cost")),
        "booked_on": fields.day_or_none(place, document, "booked_on"),
        "requested_at": fields.time(place, document, "requested_at"),
        "dispatched_at": fields.time_or_none(place, document, "dispatched_at"),
        "completed_at": fields.time_or_none(place, document, "completed_at"),
        "due_at": fields.time_or_none(place, document, "due_at"),
        "error": fields.text_or_none(place, document, "error"),
        "written_at": fields.time(place, document, "written_at"),
        # Tasks of 0.1 lack it.
        "template_revision": fields.text_or_none(
            place, {"template_revision": None, **document}, "template_revision"
        ),
    }


def prediction_row(name: str, document: Document) -> Row:
    """The row of `predictions/<name>`, of a run or imported.

    Raises:
        BadInputError: a field is missing, or not what the table wants.
    """
    place = f"predictions/{name}"
    image_id = fields.text(place, document, "image_id")
    if image_id != name.partition("-")[0]:
        fields.refuse(f"{place}.image_id", "what the document's name begins with", image_id)
    objects = fields.value(place, document, "objects")
    scores = document.get("scores")
    if type(objects) is not list:
        fields.refuse(f"{place}.objects", "a list", objects)
    if scores is not None and (type(scores) is not list or len(scores) != len(objects)):
        fields.refuse(f"{place}.scores", "a score for each object", scores)
    rows = [_object(f"{place}.objects[{number}]", item) for number, item in enumerate(objects)]
    for number, row in enumerate(rows):
        row["score"] = None if scores is None else fields.number(f"{place}.scores", scores[number])
    texts, whole = ("image_uri", "run", "run_id", "model", "version"), ("epoch", "unsure")
    sizes = ("image_width", "image_height")
    numbers = ("uncertainty", "score", "margin", "entropy", "least_score")
    # Imported predictions lack most fields.
    known = {name: document.get(name) for name in (*texts, *whole, *sizes, *numbers, "sent_at")}
    return {
        "prediction_id": name,
        "image_id": image_id,
        "source": fields.text(place, document, "source"),
        **{name: fields.text_or_none(place, known, name) for name in texts},
        **{name: fields.integer_or_none(place, known, name) for name in (*whole, *sizes)},
        "objects": rows,
        **{name: fields.number_or_none(place, known, name) for name in numbers},
        "sent_at": fields.time_or_none(place, known, "sent_at"),
        "written_at": fields.time(place, document, "written_at"),
    }


# By collection, which has the name of its table.
ROWS: dict[str, Callable[[str, Document], Row]] = {
    "annotations": annotation_row,
    "predictions": prediction_row,
    "tasks": task_row,
}


def _image(place: str, name: str, document: Document) -> Row:
    image_id = fields.text(place, document, "image_id")
    if image_id != name:
        fields.refuse(f"{place}.image_id", f"{name}, the document's name", image_id)
    return {
        "image_id": image_id,
        "image_uri": fields.text(place, document, "image_uri"),
        "image_width": fields.integer_or_none(place, document, "image_width"),
        "image_height": fields.integer_or_none(place, document, "image_height"),
    }


def _object(place: str, item: Any) -> Row:
    if not isinstance(item, dict):
        fields.refuse(place, "a map", item)
    kind = fields.one_of(place, item, "type", _TYPES)
    box, mask = fields.value(place, item, "box"), item.get("mask")
    if (box is None) == (kind in ("box", "rotated_box")):
        fields.refuse(f"{place}.box", "a map for a box, and None for all else", box)
    if (not mask) == (kind == "mask"):
        fields.refuse(f"{place}.mask", "a map for a mask, and None for all else", mask)
    rings = _rings(place, item, kind)
    is_plain = len(rings) == 1 and not rings[0]["hole"]
    return {
        "id": fields.text(place, item, "id"),
        "label": fields.text(place, item, "label"),
        "type": kind,
        "box": None if box is None else _box(f"{place}.box", box),
        "points": rings[0]["points"] if is_plain else [],
        "attributes": _attributes(f"{place}.attributes", fields.value(place, item, "attributes")),
        "rings": rings,
        "mask": _mask(f"{place}.mask", mask) if mask else None,
    }


def _box(place: str, found: Any) -> Row:
    row = _numbers(place, found, _EDGES)
    return row | {"angle": fields.number(place, found.get("angle", 0.0))}


def _rings(place: str, item: Document, kind: str) -> list[Row]:
    """The rings; documents of 0.1 have the points of the only one."""
    rings, name = item.get("rings"), "rings"
    if "rings" not in item:
        points, name = fields.value(place, item, "points"), "points"
        if points and type(points) is not list:
            fields.refuse(f"{place}.points", "a list", points)
        rings = [{"points": points}] if points else None
    if (not rings) == (kind == "polygon"):
        fields.refuse(f"{place}.{name}", "a list for a polygon, and None for all else", rings)
    if rings and type(rings) is not list:
        fields.refuse(f"{place}.rings", "a list", rings)
    return [_ring(f"{place}.{name}", ring) for ring in rings or ()]


def _ring(place: str, ring: Any) -> Row:
    if not isinstance(ring, dict) or type(ring.get("points")) is not list:
        fields.refuse(place, "a map with points", ring)
    hole = ring.get("hole", False)
    if type(hole) is not bool:
        fields.refuse(f"{place}.hole", "true or false", hole)
    return {"points": [_numbers(place, point, _AXES) for point in ring["points"]], "hole": hole}


def _mask(place: str, found: Any) -> Row:
    size = fields.value(place, found, "size") if isinstance(found, dict) else None
    if type(size) is not list or len(size) != 2 or any(type(n) is not int for n in size):
        fields.refuse(place, "a map with the size as [height, width], and counts", found)
    return {"height": size[0], "width": size[1], "counts": fields.text(place, found, "counts")}


def _numbers(place: str, found: Any, names: Sequence[str]) -> Row:
    if not isinstance(found, dict):
        fields.refuse(place, "a map", found)
    return {name: fields.number(place, fields.value(place, found, name)) for name in names}


def _attributes(place: str, found: Any) -> list[Row]:
    if not isinstance(found, dict):
        fields.refuse(place, "a map", found)
    rows = [{"name": name, "value": _as_json(place, value)} for name, value in found.items()]
    if not all(fields.is_unicode(text) for row in rows for text in row.values()):
        fields.refuse(place, "texts", found)
    return rows


def _as_json(place: str, value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    is_list = type(value) is list and all(type(item) is str for item in value)
    if not is_list and type(value) is not bool:
        fields.number(place, value)
    return _JSON(value)
