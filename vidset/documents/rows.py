"""Annotation and task documents to rows of their tables; what is malformed is told by field.

A row has every column of infra/schemas, times as aware datetimes, days as dates.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from json.encoder import encode_basestring
from typing import Any, NoReturn

from vidset.errors import BadInputError

Document = Mapping[str, Any]
Row = dict[str, Any]

_ANNOTATION_STATES = frozenset(("labeled", "skipped", "rejected"))
_TASK_STATES = frozenset(("requested", "dispatched", "completed", "failed", "cancelled"))
_TYPES = frozenset(("box", "rotated_box", "polygon", "mask", "classification"))
_NUMBERS = frozenset((int, float))
_JSON = json.JSONEncoder(ensure_ascii=False).encode
_EDGES, _AXES = ("x", "y", "width", "height"), ("x", "y")


def annotation_row(name: str, document: Document) -> Row:
    """The row of `annotations/<name>`. Fields that the table does not have are passed over.

    Raises:
        BadInputError: a field is missing, or not what the table wants.
    """
    place = f"annotations/{name}"
    objects = _value(place, document, "objects")
    if type(objects) is not list:
        _refuse(f"{place}.objects", "a list", objects)
    return {
        **_image(place, name, document),
        "state": _one_of(place, document, "state", _ANNOTATION_STATES),
        "objects": [
            _object(f"{place}.objects[{number}]", item) for number, item in enumerate(objects)
        ],
        "vendor": _text(place, document, "vendor"),
        "vendor_task_id": _text_or_none(place, document, "vendor_task_id"),
        "annotator": _text(place, document, "annotator"),
        "revision": _integer(place, document, "revision"),
        "updated_at": _time(place, document, "updated_at"),
        "written_at": _time(place, document, "written_at"),
    }


def task_row(name: str, document: Document) -> Row:
    """The row of `tasks/<name>`.

    Raises:
        BadInputError: a field is missing, or not what the table wants.
    """
    place = f"tasks/{name}"
    return {
        **_image(place, name, document),
        "state": _one_of(place, document, "state", _TASK_STATES),
        "vendor": _text(place, document, "vendor"),
        "vendor_task_id": _text_or_none(place, document, "vendor_task_id"),
        "attempts": _integer(place, document, "attempts"),
        "cost": _number(f"{place}.cost", _value(place, document, "cost")),
        "booked_on": _day_or_none(place, document, "booked_on"),
        "requested_at": _time(place, document, "requested_at"),
        "dispatched_at": _time_or_none(place, document, "dispatched_at"),
        "completed_at": _time_or_none(place, document, "completed_at"),
        "due_at": _time_or_none(place, document, "due_at"),
        "error": _text_or_none(place, document, "error"),
        "written_at": _time(place, document, "written_at"),
        # Tasks of 0.1 lack it.
        "template_revision": _text_or_none(
            place, {"template_revision": None, **document}, "template_revision"
        ),
    }


# By collection, which has the name of its table.
ROWS: dict[str, Callable[[str, Document], Row]] = {
    "annotations": annotation_row,
    "tasks": task_row,
}


def _image(place: str, name: str, document: Document) -> Row:
    image_id = _text(place, document, "image_id")
    if image_id != name:
        _refuse(f"{place}.image_id", f"{name}, the document's name", image_id)
    return {
        "image_id": image_id,
        "image_uri": _text(place, document, "image_uri"),
        "image_width": _integer_or_none(place, document, "image_width"),
        "image_height": _integer_or_none(place, document, "image_height"),
    }


def _object(place: str, item: Any) -> Row:
    if not isinstance(item, dict):
        _refuse(place, "a map", item)
    kind = _one_of(place, item, "type", _TYPES)
    box, mask = _value(place, item, "box"), item.get("mask")
    if (box is None) == (kind in ("box", "rotated_box")):
        _refuse(f"{place}.box", "a map for a box, and None for all else", box)
    if (not mask) == (kind == "mask"):
        _refuse(f"{place}.mask", "a map for a mask, and None for all else", mask)
    rings = _rings(place, item, kind)
    is_plain = len(rings) == 1 and not rings[0]["hole"]
    return {
        "id": _text(place, item, "id"),
        "label": _text(place, item, "label"),
        "type": kind,
        "box": None if box is None else _box(f"{place}.box", box),
        "points": rings[0]["points"] if is_plain else [],
        "attributes": _attributes(f"{place}.attributes", _value(place, item, "attributes")),
        "rings": rings,
        "mask": _mask(f"{place}.mask", mask) if mask else None,
    }


def _box(place: str, found: Any) -> Row:
    row = _numbers(place, found, _EDGES)
    return row | {"angle": _number(place, found.get("angle", 0.0))}


def _rings(place: str, item: Document, kind: str) -> list[Row]:
    """The rings; documents of 0.1 have the points of the only one."""
    rings, name = item.get("rings"), "rings"
    if "rings" not in item:
        points, name = _value(place, item, "points"), "points"
        if points and type(points) is not list:
            _refuse(f"{place}.points", "a list", points)
        rings = [{"points": points}] if points else None
    if (not rings) == (kind == "polygon"):
        _refuse(f"{place}.{name}", "a list for a polygon, and None for all else", rings)
    if rings and type(rings) is not list:
        _refuse(f"{place}.rings", "a list", rings)
    return [_ring(f"{place}.{name}", ring) for ring in rings or ()]


def _ring(place: str, ring: Any) -> Row:
    if not isinstance(ring, dict) or type(ring.get("points")) is not list:
        _refuse(place, "a map with points", ring)
    hole = ring.get("hole", False)
    if type(hole) is not bool:
        _refuse(f"{place}.hole", "true or false", hole)
    return {"points": [_numbers(place, point, _AXES) for point in ring["points"]], "hole": hole}


def _mask(place: str, found: Any) -> Row:
    size = _value(place, found, "size") if isinstance(found, dict) else None
    if type(size) is not list or len(size) != 2 or any(type(n) is not int for n in size):
        _refuse(place, "a map with the size as [height, width], and counts", found)
    return {"height": size[0], "width": size[1], "counts": _text(place, found, "counts")}


def _numbers(place: str, found: Any, names: Sequence[str]) -> Row:
    if not isinstance(found, dict):
        _refuse(place, "a map", found)
    return {name: _number(place, _value(place, found, name)) for name in names}


def _attributes(place: str, found: Any) -> list[Row]:
    if not isinstance(found, dict):
        _refuse(place, "a map", found)
    rows = [{"name": name, "value": _as_json(place, value)} for name, value in found.items()]
    if not all(_is_unicode(text) for row in rows for text in row.values()):
        _refuse(place, "texts", found)
    return rows


def _as_json(place: str, value: Any) -> str:
    if type(value) is str:
        return encode_basestring(value)
    is_list = type(value) is list and all(type(item) is str for item in value)
    if not is_list and type(value) is not bool:
        _number(place, value)
    return _JSON(value)


def _value(place: str, document: Document, field: str) -> Any:
    try:
        return document[field]
    except KeyError:
        raise BadInputError(f"lacks the field {field}", place) from None


def _text(place: str, document: Document, field: str) -> str:
    value = _value(place, document, field)
    if type(value) is not str or not _is_unicode(value):
        _refuse(f"{place}.{field}", "a text", value)
    return value


def _is_unicode(text: str) -> bool:
    """JSON can say lone surrogates, which no table takes."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_or_none(place: str, document: Document, field: str) -> str | None:
    return None if _value(place, document, field) is None else _text(place, document, field)


def _one_of(place: str, document: Document, field: str, known: frozenset[str]) -> str:
    value = _text(place, document, field)
    if value not in known:
        _refuse(f"{place}.{field}", f"one of {', '.join(sorted(known))}", value)
    return value


def _integer(place: str, document: Document, field: str) -> int:
    value = _value(place, document, field)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        _refuse(f"{place}.{field}", "an integer of 64 bits", value)
    return value


def _integer_or_none(place: str, document: Document, field: str) -> int | None:
    return None if _value(place, document, field) is None else _integer(place, document, field)


def _number(place: str, value: Any) -> float:
    try:
        number = float(value) if type(value) in _NUMBERS else math.nan  # True is no number.
    except OverflowError:  # JSON's integers have no end.
        number = math.inf
    if not math.isfinite(number):
        _refuse(place, "a finite number", value)
    return number


def _time(place: str, document: Document, field: str) -> datetime:
    """A SQLite file has RFC 3339, Firestore a datetime of its own class."""
    value = _value(place, document, field)
    try:
        moment = datetime.fromisoformat(value if type(value) is str else value.isoformat())
        if moment.tzinfo is None:
            _refuse(f"{place}.{field}", "a time with its zone", value)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (AttributeError, TypeError, ValueError, OverflowError):
        _refuse(f"{place}.{field}", "a time", value)


def _time_or_none(place: str, document: Document, field: str) -> datetime | None:
    return None if _value(place, document, field) is None else _time(place, document, field)


def _day_or_none(place: str, document: Document, field: str) -> date | None:
    text = _text_or_none(place, document, field)
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        _refuse(f"{place}.{field}", "a day such as 2026-01-31", text)


def _refuse(place: str, wanted: str, got: Any) -> NoReturn:
    raise BadInputError(f"wanted {wanted}, got {repr(got)[:80]}", place)
