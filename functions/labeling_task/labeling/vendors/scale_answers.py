"""Scale AI's task JSON to reports, and objects to the hypothesis that a task begins with.

The task, the callback and the response are documented in
https://scale.com/docs/api-reference/tasks, https://scale.com/docs/api-reference/callbacks and
https://scale.com/docs/api-reference/image-and-video-reference. Only the structure is checked here,
and fields that are not needed may have any value.
"""

import json
import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal

from labeling.annotation import Answer, Attribute, Box, LabeledObject, Point
from labeling.errors import InvalidAnswerError, without_signatures
from labeling.timestamps import parse_timestamp
from labeling.vendors.http import shortened
from labeling.vendors.scale_template import WHOLE_IMAGE
from labeling.vendors.vendor import Report

CALLBACK_HEADER = "scale-callback-auth"
TASK_TYPE = "imageannotation"
_State = Literal["open", "answered", "failed", "cancelled"]
_STATES: dict[str, _State] = {
    "pending": "open",
    "completed": "answered",
    "canceled": "cancelled",
    "error": "failed",
}


def read_task(task: Any) -> Report:
    """The report that a polled task gives.

    It is never complete: Scale takes a task back to work on it further, and until that is done
    what it said before is the best there is.

    Raises:
        InvalidAnswerError: it is not as Scale documents it; with the place.
    """
    return _checked(task, task)


def read_callback(body: Any) -> list[Report]:
    """The one report that a callback gives: `{"task": {...}, "response": ..., "task_id": ...}`.

    Raises:
        InvalidAnswerError: it is not as Scale documents it; with the place.
    """
    task = _Object(body, "body").object("task").value
    if task.get("response") is None and "response" in body:
        task = task | {"response": body["response"]}
    report = _checked(task, body)
    if body.get("task_id", report.vendor_task_id) != report.vendor_task_id:
        raise InvalidAnswerError(f"body.task_id is not of body.task, {report.vendor_task_id!r}")
    return [report]


def is_ours(task: Any) -> bool:
    """Whether a task of the account has what ours are made with; an account has others too."""
    metadata = task.get("metadata")
    return isinstance(metadata, dict) and "image_id" in metadata and "image_uri" in metadata


def hypothesis(objects: Iterable[LabeledObject]) -> dict[str, Any]:
    """The prelabels of a task, which have the form of a response. Scale gives them their uuids."""
    drawn, words = [], []
    for item in objects:
        if item.type == "classification":
            words.append(item.label)
            continue
        shape = {"type": item.type, "label": item.label, "attributes": dict(item.attributes)}
        if item.box:
            box = item.box
            shape |= {"left": box.x, "top": box.y, "width": box.width, "height": box.height}
        else:
            shape["vertices"] = [{"x": x, "y": y} for x, y in item.points or ()]
        drawn.append(shape)
    return {"annotations": drawn} | ({"global_attributes": {WHOLE_IMAGE: words}} if words else {})


class _Object:
    """A JSON object and its place, by which a field of another type than asked for is told."""

    def __init__(self, value: Any, path: str):
        if not isinstance(value, dict):
            raise _unlike(path, "an object", value)
        self.value, self.place = value, path

    def path(self, name: str) -> str:
        return f"{self.place}.{name}"

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def text(self, name: str) -> str:
        return _text(self.value.get(name), self.path(name))

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def number(self, name: str) -> float:
        value, number = self.value.get(name), math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
        if not math.isfinite(number):
            raise _unlike(self.path(name), "a finite number", value)
        return number

    def size(self, name: str) -> float:
        size = self.number(name)
        if size < 0:
            raise InvalidAnswerError(f"{self.path(name)} must not be negative, got {size:g}")
        return size

    def moment(self, name: str) -> datetime:
        text = self.text(name)
        try:
            return parse_timestamp(text)
        except (ValueError, OverflowError):  # The latter where UTC leaves the years 1 to 9999.
            raise _unlike(self.path(name), "a time with its zone", text) from None

    def object(self, name: str) -> "_Object":
        return _Object(self.value.get(name), self.path(name))

    def optional_object(self, name: str) -> "_Object":
        return self.object(name) if self.has(name) else _Object({}, self.path(name))

    def objects(self, name: str) -> list["_Object"]:
        values, path = self.value.get(name), self.path(name)
        if not isinstance(values, list):
            raise _unlike(path, "a list", values)
        return [_Object(value, f"{path}[{i}]") for i, value in enumerate(values)]


def _checked(task: Any, raw: Any) -> Report:
    try:
        return _report(_Object(task, "task"), _without_signatures(raw))
    except RecursionError:
        raise InvalidAnswerError("task is nested too deeply") from None
    except InvalidAnswerError as error:  # Places have the names of attributes, which may be long.
        raise InvalidAnswerError(shortened(str(error))) from None


def _report(task: _Object, raw: Any) -> Report:
    task_id, kind, status = (task.text(name) for name in ("task_id", "type", "status"))
    if kind != TASK_TYPE:
        raise _unlike("task.type", TASK_TYPE, kind)
    if status not in _STATES:
        raise _unlike("task.status", f"one of {', '.join(_STATES)}", status)
    image_id = _image_id(task)
    return Report(
        image_id=image_id,
        vendor_task_id=task_id,
        state=_STATES[status],
        answers=(_answer(task, task_id, image_id),) if status == "completed" else (),
        error=_error(task) if status == "error" else None,
        raw=raw,
    )


def _image_id(task: _Object) -> str:
    """Tasks are made with it twice, since Scale can clear the unique id."""
    unique_id = task.optional_text("unique_id")
    image_id = task.optional_object("metadata").optional_text("image_id")
    if unique_id and image_id and unique_id != image_id:
        raise InvalidAnswerError("task.unique_id and task.metadata.image_id differ")
    either = unique_id or image_id
    if not either:
        raise InvalidAnswerError("task.unique_id and task.metadata.image_id are missing")
    return either


def _error(task: _Object) -> str:
    response = task.value.get("response") or "Scale gives no reason"
    said = response.get("error") or response if isinstance(response, dict) else response
    return shortened(_without_signatures(said) if isinstance(said, str) else json.dumps(said))


def _answer(task: _Object, task_id: str, image_id: str) -> Answer:
    response = task.object("response")
    drawn = [_drawn(annotation) for annotation in response.objects("annotations")]
    ids = {item.id for item in drawn}
    if len(ids) < len(drawn):
        raise InvalidAnswerError("task.response.annotations must each have a uuid of their own")
    moments = [task.moment(name) for name in ("completed_at", "updated_at") if task.has(name)]
    if not moments:
        raise InvalidAnswerError("task.completed_at and task.updated_at are missing")
    review, fixed_by = _review(task)
    return Answer(
        image_id=image_id,
        vendor="scale",
        vendor_task_id=task_id,
        annotation_id=task_id,
        annotator=fixed_by or "scale",
        state="rejected" if review == "rejected" else "labeled",
        objects=() if review == "rejected" else (*drawn, *_whole_image(response)),
        updated_at=max(moments),
    )


def _review(task: _Object) -> tuple[str | None, str | None]:
    """What was said of the answer last, and who it was if they corrected it."""
    audits = task.objects("audits") if task.has("audits") else []
    newest = max(audits, key=lambda audit: audit.moment("audited_at"), default=_Object({}, ""))
    result, by = newest.optional_text("audit_result"), newest.optional_text("audited_by")
    review = task.optional_text("customer_review_status") or result
    return review, by if result == "fixed" else None


def _drawn(annotation: _Object) -> LabeledObject:
    kind = annotation.text("type")
    if kind not in ("box", "polygon"):
        raise _unlike(annotation.path("type"), "box or polygon", kind)
    return LabeledObject(
        id=annotation.text("uuid"),
        label=annotation.text("label"),
        type=kind,
        box=_box(annotation) if kind == "box" else None,
        points=_points(annotation) if kind == "polygon" else None,
        attributes=_attributes(annotation),
    )


def _box(annotation: _Object) -> Box:
    # Of a rotated box, left and top are those of the box before it was turned.
    if annotation.has("rotation") and annotation.number("rotation"):
        raise InvalidAnswerError(f"{annotation.path('rotation')} must be 0: boxes are upright")
    return Box(
        x=annotation.number("left"),
        y=annotation.number("top"),
        width=annotation.size("width"),
        height=annotation.size("height"),
    )


def _points(annotation: _Object) -> tuple[Point, ...]:
    vertices = annotation.objects("vertices")
    if len(vertices) < 3:
        raise InvalidAnswerError(
            f"{annotation.path('vertices')} must be 3 or more, got {len(vertices)}"
        )
    return tuple((vertex.number("x"), vertex.number("y")) for vertex in vertices)


def _attributes(annotation: _Object) -> dict[str, Attribute]:
    """Without those that nobody answered, which are null."""
    answers = annotation.optional_object("attributes")
    names = [name for name in answers.value if answers.has(name)]
    return {_text(name, f"a name in {answers.place}"): _value(answers, name) for name in names}


def _value(answers: _Object, name: str) -> Attribute:
    value, path = answers.value[name], answers.path(name)
    if isinstance(value, list):
        return [_text(choice, f"{path}[{i}]") for i, choice in enumerate(value)]
    if isinstance(value, str):
        return _text(value, path, may_be_empty=True)
    if isinstance(value, bool):
        return value
    number = answers.number(name)
    # Stores hold integers of 64 bits.
    return value if isinstance(value, int) and abs(value) < 2**63 else number


def _whole_image(response: _Object) -> list[LabeledObject]:
    answers = response.optional_object("global_attributes")
    chosen, path = answers.value.get(WHOLE_IMAGE) or [], answers.path(WHOLE_IMAGE)
    words = chosen if isinstance(chosen, list) else [chosen]
    labels = dict.fromkeys(_text(word, f"{path}[{i}]") for i, word in enumerate(words))
    return [LabeledObject(f"{WHOLE_IMAGE}:{word}", word, "classification") for word in labels]


def _text(value: Any, path: str, *, may_be_empty: bool = False) -> str:
    if not isinstance(value, str) or not (value or may_be_empty):
        raise _unlike(path, "a text", value)
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can escape half a character, which nothing can store.
        raise InvalidAnswerError(f"{path} must be Unicode, got half a character") from None
    return value


def _unlike(path: str, wanted: str, value: Any) -> InvalidAnswerError:
    got = ascii(shortened(value)[:80]) if isinstance(value, str) else type(value).__name__
    return InvalidAnswerError(f"{path} must be {wanted}, got {got}")


def _without_signatures(value: Any) -> Any:
    """JSON as it may be stored: Scale repeats signed urls, and JSON can have half characters."""
    if isinstance(value, str):
        return without_signatures(value).encode(errors="replace").decode()
    if isinstance(value, list):
        return [_without_signatures(item) for item in value]
    if isinstance(value, dict):
        return {_without_signatures(k): _without_signatures(item) for k, item in value.items()}
    return value
