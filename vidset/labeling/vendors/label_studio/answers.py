"""Label Studio's JSON to reports and objects, and objects to its results.

https://labelstud.io/guide/task_format and https://labelstud.io/guide/webhook_reference. Only the
structure is checked here. A result is a list of items. An item is a shape, an attribute of the
shape whose id it has, or choices that are about the whole image.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidset.labeling.annotation import Answer, LabeledObject
from vidset.labeling.errors import InvalidAnswerError, without_signatures
from vidset.labeling.vendors.json_object import JsonObject, unlike
from vidset.labeling.vendors.label_studio.items import (
    ATTRIBUTES,
    BARE_SHAPES,
    SHAPES,
    Controls,
    attribute_of,
    shape_items,
    shape_of,
    size_of_item,
    with_ring,
    words_item,
    words_of,
)
from vidset.labeling.vendors.label_studio.shapes import Size
from vidset.labeling.vendors.vendor import Report

CALLBACK_HEADER = "x-vidset-webhook-secret"
VENDOR = "label-studio"
_ANSWERS = {"ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED"}
_DELETED = "ANNOTATIONS_DELETED"
CALLBACK_ACTIONS = (*sorted(_ANSWERS), _DELETED)


def objects_of(result: Any, place: str = "result") -> tuple[LabeledObject, ...]:
    """The objects of a result, in its order. A polygon that stands below another one of its label
    is a ring of that one.

    Raises:
        InvalidAnswerError: it holds what an object cannot (another shape, a relation, ...), or
            is not as Label Studio documents it.
    """
    items = _with_labels([(item, item.text("type")) for item in _items(result, place)])
    drawn: dict[str, LabeledObject] = {}
    below: dict[str, str] = {}
    for item, kind in items:
        if kind in SHAPES:
            shape = shape_of(item, kind)
            if shape.id in drawn:
                raise InvalidAnswerError(f"{item.path('id')} must be new, got {shape.id!r} again")
            drawn[shape.id] = shape
            if item.has("parentID"):
                below[shape.id] = item.text("parentID")
    for part_id, parent_id in below.items():
        part, parent = drawn[part_id], drawn.get(parent_id)
        if parent and parent.id not in below and _is_ring_of(part, parent):
            drawn[parent_id] = with_ring(parent, drawn.pop(part_id))
    words: list[LabeledObject] = []
    for item, kind in items:
        if kind in SHAPES:
            continue
        if kind not in ATTRIBUTES:
            raise unlike(item.path("type"), f"one of {', '.join(SHAPES + ATTRIBUTES)}", kind)
        shape = drawn.get(item.text("id"))
        if shape:
            drawn[shape.id] = _with_attribute(shape, item, kind)
        elif kind == "choices":
            words += words_of(item)
        else:
            raise InvalidAnswerError(f"{item.path('id')} must be of a shape: it is a {kind}")
    return (*drawn.values(), *words)


def size_of(result: Any, place: str = "result") -> Size | None:
    """The image's size as the annotator saw it; None where no item tells it."""
    sizes = {size_of_item(item) for item in _items(result, place) if item.has("original_width")}
    if len(sizes) > 1:
        raise InvalidAnswerError(f"{place} must be of one image size, got {sorted(sizes)}")
    return next(iter(sizes), None)


def result_of(
    objects: Iterable[LabeledObject], width: int, height: int, controls: Controls | None = None
) -> list[dict[str, Any]]:
    """The result that `objects_of` reads back: shapes and attributes with their ids.

    All classifications become one item for each control, as in Label Studio itself: several have
    new ids when read back.

    Raises:
        ValueError: a classification has attributes, for which Label Studio has no place.
    """
    controls, size = controls or Controls(), (width, height)
    result: list[dict[str, Any]] = []
    words: dict[str, list[LabeledObject]] = {}
    for item in objects:
        if item.type != "classification":
            result += shape_items(item, size, controls)
            continue
        if item.attributes:
            raise ValueError(
                f"object {item.id}: Label Studio has no attributes of the classification "
                f"{item.label!r}, got {', '.join(item.attributes)}"
            )
        words.setdefault(controls.of(item.type, item.label), []).append(item)
    result += [words_item(chosen, name, size, controls) for name, chosen in words.items()]
    return result


def read_task(task: Any) -> Report | None:
    """The complete report that a polled task gives; None for a task that is not of ours.

    Raises:
        InvalidAnswerError: it is not as Label Studio documents it; with the place.
    """
    return _report(JsonObject(task, "task"), None)


def read_callback(body: Any) -> list[Report]:
    """Returns what a webhook's JSON tells: an answer each, or the annotations that are gone.

    Of these, Label Studio tells the ids alone, so that the report's image id is empty.

    Raises:
        InvalidAnswerError: it is not as Label Studio documents it; with the place.
    """
    event = JsonObject(body, "body")
    action = event.text("action")
    if action == _DELETED:
        gone = tuple(str(item.id("id")) for item in event.objects("annotations"))
        raw = {"action": action, "annotations": event.values["annotations"]}
        return [Report("", None, "open", withdrawn=gone, raw=raw)] if gone else []
    if action not in _ANSWERS:
        return []
    annotations, tasks = event.one_or_more("annotation"), event.one_or_more("task")
    by_task: dict[int, list[JsonObject]] = {}
    for annotation in annotations:
        by_task.setdefault(annotation.id("task"), []).append(annotation)
    known = {task.id("id"): task for task in tasks}
    if unknown := sorted(by_task.keys() - known.keys()):
        raise InvalidAnswerError(f"{event.path('task')} must tell of task {unknown[0]}")
    reports = [_report(known[task_id], found) for task_id, found in by_task.items()]
    return [report for report in reports if report]


def _report(task: JsonObject, changed: Sequence[JsonObject] | None) -> Report | None:
    """Report the annotations that a callback tells of; for None, all that the task has."""
    task_id, data = str(task.id("id")), task.object("data")
    if "image_id" not in data.values:  # Somebody else's: a project can have such tasks too.
        return None
    image_id = data.text("image_id")
    round_ = data.id("round") if data.has("round") else 1
    annotations = task.objects("annotations") if changed is None else changed
    answers = tuple(_answer(annotation, image_id, task_id, round_) for annotation in annotations)
    return Report(
        image_id=image_id,
        vendor_task_id=task_id,
        state="answered" if answers else "open",
        answers=answers,
        is_complete=changed is None,
        raw={
            "id": task.values["id"],
            "data": _without_signatures(data.values),
            "annotations": [annotation.values for annotation in annotations],
        },
    )


def _answer(annotation: JsonObject, image_id: str, task_id: str, round_: int) -> Answer:
    is_skipped = annotation.flag("was_cancelled")
    # A skipped one may hold what was drawn before, or no result at all.
    result = [] if is_skipped else annotation.list("result")
    place = annotation.path("result")
    width, height = size_of(result, place) or (None, None)
    return Answer(
        image_id=image_id,
        vendor=VENDOR,
        vendor_task_id=task_id,
        annotation_id=str(annotation.id("id")),
        annotator=_annotator(annotation),
        state="skipped" if is_skipped else "labeled",
        objects=objects_of(result, place),
        updated_at=annotation.moment("updated_at"),
        image_width=width,
        image_height=height,
        round=round_,
    )


def _annotator(annotation: JsonObject) -> str:
    """Names the annotator by the id, which is all that a callback tells."""
    if not annotation.has("completed_by"):
        return "deleted user"
    by = annotation.values["completed_by"]  # Spelled out where one task is asked for.
    user = annotation.object("completed_by").id("id") if isinstance(by, dict) else None
    return f"user {user or annotation.id('completed_by')}"


def _without_signatures(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: without_signatures(value) if isinstance(value, str) else value
        for name, value in data.items()
    }


def _with_labels(items: list[tuple[JsonObject, str]]) -> list[tuple[JsonObject, str]]:
    """Shapes of configs with <Labels> apart, which say them in an item of the same id."""
    labels = {
        item.text("id"): item.object("value").texts("labels")
        for item, kind in items
        if kind == "labels"
    }
    return [
        _labeled(item, f"{kind}labels", labels[item.text("id")])
        if kind in BARE_SHAPES and item.text("id") in labels
        else (item, kind)
        for item, kind in items
        if kind != "labels"
    ]


def _labeled(item: JsonObject, kind: str, labels: list[str]) -> tuple[JsonObject, str]:
    value = {**item.object("value").values, kind: labels}
    return JsonObject({**item.values, "value": value}, item.place), kind


def _is_ring_of(part: LabeledObject, parent: LabeledObject) -> bool:
    return part.type == parent.type == "polygon" and part.label == parent.label


def _items(result: Any, place: str) -> list[JsonObject]:
    if not isinstance(result, list):
        raise unlike(place, "a list", result)
    return [JsonObject(item, f"{place}[{i}]") for i, item in enumerate(result)]


def _with_attribute(shape: LabeledObject, item: JsonObject, kind: str) -> LabeledObject:
    name, value = attribute_of(item, kind)
    if name in shape.attributes:
        raise InvalidAnswerError(f"{item.path('from_name')} must be new, got {name!r} again")
    return replace(shape, attributes={**shape.attributes, name: value})
