"""Scale AI's task JSON to reports, and objects to the hypothesis that a task begins with.

The task, the callback and the response are documented in
https://scale.com/docs/api-reference/tasks, https://scale.com/docs/api-reference/callbacks and
https://scale.com/docs/api-reference/image-and-video-reference. Only the structure is checked here,
and fields that are not needed may have any value.
"""

import json
import math
from collections.abc import Iterable
from typing import Any, Literal

from vidset.labeling.annotation import Answer, Attribute, Box, LabeledObject, Point, outline
from vidset.labeling.errors import InvalidAnswerError, without_signatures
from vidset.labeling.shapes import turned_corners
from vidset.labeling.vendors.http import shortened
from vidset.labeling.vendors.json_object import JsonObject, checked_text, unlike
from vidset.labeling.vendors.scale.template import WHOLE_IMAGE
from vidset.labeling.vendors.vendor import Report

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
    task = JsonObject(body, "body").object("task").values
    if task.get("response") is None and "response" in body:
        task = task | {"response": body["response"]}
    report = _checked(task, body)
    if body.get("task_id", report.vendor_task_id) != report.vendor_task_id:
        raise InvalidAnswerError(f"body.task_id is not of body.task, {report.vendor_task_id!r}")
    return [report]


def is_ours(task: Any) -> bool:
    """Returns whether a task is one of ours; an account has others too."""
    metadata = task.get("metadata")
    return isinstance(metadata, dict) and "image_id" in metadata and "image_uri" in metadata


def hypothesis(objects: Iterable[LabeledObject]) -> dict[str, Any]:
    """The prelabels of a task, which have the form of a response. Scale gives them their uuids.

    Raises:
        ValueError: an object is a mask, or a polygon of several rings, for which Scale has no form.
    """
    drawn, words = [], []
    for item in objects:
        if item.type == "classification":
            words.append(item.label)
            continue
        kind = "box" if item.box else "polygon"
        shape = {"type": kind, "label": item.label, "attributes": dict(item.attributes)}
        if item.box:
            box = item.box
            shape |= {"left": box.x, "top": box.y, "width": box.width, "height": box.height}
            if box.angle:
                shape["rotation"] = math.radians(box.angle)
                shape["vertices"] = _vertices(turned_corners(box))
        elif item.points:
            shape["vertices"] = _vertices(item.points)
        else:
            got = "a mask" if item.mask else f"a polygon of {len(item.rings or ())} rings"
            raise ValueError(
                f"object {item.id} ({item.label}): wanted what Scale can show as a prelabel, a box "
                f"or a polygon of one ring, got {got}"
            )
        drawn.append(shape)
    return {"annotations": drawn} | ({"global_attributes": {WHOLE_IMAGE: words}} if words else {})


def _vertices(points: Iterable[Point]) -> list[dict[str, float]]:
    return [{"x": x, "y": y} for x, y in points]


def _checked(task: Any, raw: Any) -> Report:
    try:
        return _report(JsonObject(task, "task"), _without_signatures(raw))
    except RecursionError:
        raise InvalidAnswerError("task is nested too deeply") from None
    except InvalidAnswerError as error:  # Places have the names of attributes, which may be long.
        raise InvalidAnswerError(shortened(str(error))) from None


def _report(task: JsonObject, raw: Any) -> Report:
    task_id, kind, status = (task.text(name) for name in ("task_id", "type", "status"))
    if kind != TASK_TYPE:
        raise unlike("task.type", TASK_TYPE, kind)
    if status not in _STATES:
        raise unlike("task.status", f"one of {', '.join(_STATES)}", status)
    image_id = _image_id(task)
    return Report(
        image_id=image_id,
        vendor_task_id=task_id,
        state=_STATES[status],
        answers=(_answer(task, task_id, image_id),) if status == "completed" else (),
        error=_error(task) if status == "error" else None,
        raw=raw,
    )


def _image_id(task: JsonObject) -> str:
    """Tasks are made with it twice, since Scale can clear the unique id."""
    unique_id = task.optional_text("unique_id")
    image_id = task.optional_object("metadata").optional_text("image_id")
    if unique_id and image_id and unique_id != image_id:
        raise InvalidAnswerError("task.unique_id and task.metadata.image_id differ")
    either = unique_id or image_id
    if not either:
        raise InvalidAnswerError("task.unique_id and task.metadata.image_id are missing")
    return either


def _error(task: JsonObject) -> str:
    response = task.values.get("response") or "Scale gives no reason"
    said = response.get("error") or response if isinstance(response, dict) else response
    return shortened(_without_signatures(said) if isinstance(said, str) else json.dumps(said))


def _answer(task: JsonObject, task_id: str, image_id: str) -> Answer:
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


def _review(task: JsonObject) -> tuple[str | None, str | None]:
    """Returns what was said of the answer last, and who it was if they corrected it."""
    audits = task.objects("audits") if task.has("audits") else []
    newest = max(audits, key=lambda audit: audit.moment("audited_at"), default=JsonObject({}, ""))
    result, by = newest.optional_text("audit_result"), newest.optional_text("audited_by")
    review = task.optional_text("customer_review_status") or result
    return review, by if result == "fixed" else None


def _drawn(annotation: JsonObject) -> LabeledObject:
    kind = annotation.text("type")
    if kind not in ("box", "polygon"):
        raise unlike(annotation.path("type"), "box or polygon", kind)
    box = _box(annotation) if kind == "box" else None
    return LabeledObject(
        id=annotation.text("uuid"),
        label=annotation.text("label"),
        type="rotated_box" if box and box.angle else kind,
        box=box,
        rings=outline(_points(annotation)) if kind == "polygon" else None,
        attributes=_attributes(annotation),
    )


def _box(annotation: JsonObject) -> Box:
    """A turned box has its corners too, and by them its middle; left and top are unturned."""
    width, height = annotation.size("width"), annotation.size("height")
    x, y = annotation.real("left"), annotation.real("top")
    turned = annotation.real("rotation") if annotation.has("rotation") else 0.0
    angle = math.degrees(turned) % 360
    if angle and annotation.has("vertices"):
        corners = _points(annotation)
        middle = (sum(corner[axis] for corner in corners) / len(corners) for axis in (0, 1))
        x, y = (value - side / 2 for value, side in zip(middle, (width, height), strict=True))
    return Box(x, y, width, height, angle)


def _points(annotation: JsonObject) -> tuple[Point, ...]:
    vertices = annotation.objects("vertices")
    if len(vertices) < 3:
        raise InvalidAnswerError(
            f"{annotation.path('vertices')} must be 3 or more, got {len(vertices)}"
        )
    return tuple((vertex.real("x"), vertex.real("y")) for vertex in vertices)


def _attributes(annotation: JsonObject) -> dict[str, Attribute]:
    """Leaves out attributes that nobody answered, which are null."""
    answers = annotation.optional_object("attributes")
    names = [name for name in answers.values if answers.has(name)]
    return {
        checked_text(name, f"a name in {answers.place}"): _value(answers, name) for name in names
    }


def _value(answers: JsonObject, name: str) -> Attribute:
    value, path = answers.values[name], answers.path(name)
    if isinstance(value, list):
        return [checked_text(choice, f"{path}[{i}]") for i, choice in enumerate(value)]
    if isinstance(value, str):
        return checked_text(value, path, may_be_empty=True)
    if isinstance(value, bool):
        return value
    number = answers.real(name)
    # Stores hold integers of 64 bits.
    return value if isinstance(value, int) and abs(value) < 2**63 else number


def _whole_image(response: JsonObject) -> list[LabeledObject]:
    answers = response.optional_object("global_attributes")
    chosen, path = answers.values.get(WHOLE_IMAGE) or [], answers.path(WHOLE_IMAGE)
    words = chosen if isinstance(chosen, list) else [chosen]
    labels = dict.fromkeys(checked_text(word, f"{path}[{i}]") for i, word in enumerate(words))
    return [LabeledObject(f"{WHOLE_IMAGE}:{word}", word, "classification") for word in labels]


def _without_signatures(value: Any) -> Any:
    """JSON as it may be stored: Scale repeats signed urls, and JSON can have half characters."""
    if isinstance(value, str):
        return without_signatures(value).encode(errors="replace").decode()
    if isinstance(value, list):
        return [_without_signatures(item) for item in value]
    if isinstance(value, dict):
        return {_without_signatures(k): _without_signatures(item) for k, item in value.items()}
    return value
