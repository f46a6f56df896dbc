"""Label Studio's JSON and JSON_MIN: https://labelstud.io/guide/task_format.

A file holds tasks; reading takes the memory of all of it. Shapes are in percent, so that pixels
survive but for rounding.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from vidset.formats.format import ImageLabels
from vidset.formats.label_studio_tasks import tasks_in
from vidset.formats.label_studio_writing import write
from vidset.formats.origin import origin_of
from vidset.formats.reading import (
    Reading,
    image_size,
    is_uri,
    member,
    relative_name,
)
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.errors import InvalidAnswerError, without_signatures
from vidset.labeling.vendors.label_studio import answers as label_studio_answers

__all__ = ["PREDICTED", "UNANNOTATED", "read", "unannotated", "write"]

UNANNOTATED = "tasks without annotations"
PREDICTED = f"{UNANNOTATED}, whose predictions --predictions imports"
_IMAGE_ID = "image_id"  # In the data of tasks that vidset has sent.
_IMAGES = re.compile(r"\.(bmp|gif|jpe?g|png|tiff?|webp)(\?|$)", re.IGNORECASE)
# What an annotation cannot hold, in the plural.
_OTHERS = {
    "cuboid": "cuboids",
    "ellipse": "ellipses",
    "ellipselabels": "ellipses",
    "keypoint": "keypoints",
    "keypointlabels": "keypoints",
    "pairwise": "comparisons",
    "ranker": "rankings",
    "relation": "relations",
    "taxonomy": "taxonomies",
    "timeserieslabels": "time series",
    "vector": "lines",
    "vectorlabels": "lines",
    "videorectangle": "tracks in videos",
}
# Answers that an annotation can hold on an object, and not on a whole image.
_ON_IMAGES = {
    "number": "numbers on whole images",
    "rating": "ratings of whole images",
    "textarea": "texts on whole images",
}


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Each annotation of each task: an image comes as often as it has been annotated.

    Tasks without annotations, old completions and notes on regions are counted in
    `reading.dropped`. Images are told by `data.image`: a path below Label
    Studio's local files, or an uri, from which signatures are taken.

    Raises:
        ValueError: as `Format.read` says; also for other shapes than boxes and polygons.
    """
    reading = reading or Reading()
    if reading.kind == "predictions":
        for name, prediction, place in _parts(Path(path), "predictions", reading):
            yield from reading.whole(partial(_predicted, name, prediction, reading, place))
        return
    for name, annotation, place in _parts(Path(path), "annotations", reading):
        yield from reading.whole(partial(_annotated, name, annotation, reading, place))


def _annotated(name: str, annotation: dict[str, Any], reading: Reading, place: str) -> ImageLabels:
    is_skipped = annotation.get("was_cancelled") or False
    if not isinstance(is_skipped, bool):
        raise ValueError(f"{place}: wanted was_cancelled true or false, got {is_skipped!r}")
    if is_skipped:  # What was drawn before is no answer.
        skipped = _labels(name, annotation | {"result": []}, reading, place)
        return replace(skipped, state="skipped")
    return _labels(name, annotation, reading, place)


def _predicted(name: str, prediction: dict[str, Any], reading: Reading, place: str) -> ImageLabels:
    """The annotator is the model's version."""
    version = prediction.get("model_version")
    labels = _labels(name, prediction, reading, place)
    return replace(labels, annotator=str(version) if version else None)


def unannotated(path: Path) -> Iterator[str]:
    """Yield the images of the tasks that nobody has annotated, which `read` passes over."""
    for task, place in tasks_in(path):
        if isinstance(task, dict) and not task.get("annotations") and _has_image(task):
            yield _image_name(member(task, "data", dict, place), f"{place}.data")


def _has_image(task: dict[str, Any]) -> bool:
    try:
        _image_name(task.get("data") or {}, "")
    except ValueError:
        return False
    return True


def _parts(path: Path, key: str, reading: Reading) -> Iterator[tuple[str, dict[str, Any], str]]:
    for task, place in tasks_in(path, reading):
        with reading.part():
            data = member(task, "data", dict, place)
            if "completions" in task and key not in task:  # Versions before 1.0 named them so.
                reading.leave_out("tasks with completions of Label Studio before 1.0")
                continue
            if not task.get(key):
                has_predictions = key == "annotations" and task.get("predictions")
                reading.leave_out(PREDICTED if has_predictions else f"tasks without {key}")
                if task.get(key) is None or not _has_image(task):
                    continue
            name = _image_name(data, f"{place}.data")
            for number, part in enumerate(member(task, key, list, place)):
                part_place = f"{place}.{key}[{number}]"
                with reading.part():
                    if not isinstance(part, dict):
                        raise ValueError(f"{part_place}: wanted an object, got {str(part)[:80]!r}")
                    yield name, {_IMAGE_ID: data.get(_IMAGE_ID), **part}, part_place


def _image_name(data: dict[str, Any], place: str) -> str:
    """Finds the name by `image`, or by the only other text that is called like an image."""
    others = [
        name
        for name, value in data.items()
        if isinstance(value, str) and name != _IMAGE_ID and _IMAGES.search(value)
    ]
    key = others[0] if "image" not in data and len(others) == 1 else "image"
    if key not in data:
        got = ", ".join(data) or "nothing"
        raise ValueError(f"{place}: wanted image as a text, or one name of an image, got {got}")
    image = without_signatures(member(data, key, str, place))
    if is_uri(image):
        return image
    image = image.removeprefix("/data/upload/")  # The server's own folder of uploads.
    if image.startswith("/data/local-files/"):
        image = parse_qs(urlsplit(image).query).get("d", [""])[0]
    return relative_name(image, f"{place}.image")


def _labels(name: str, part: Any, reading: Reading, place: str) -> ImageLabels:
    result = _holdable(part.get("result"), reading, f"{place}.result")
    try:
        objects = label_studio_answers.objects_of(result, f"{place}.result")
        told = label_studio_answers.size_of(result, f"{place}.result")
    except InvalidAnswerError as error:
        raise ValueError(str(error)) from None
    for region in result if isinstance(result, list) else ():
        meta = region.get("meta") if isinstance(region, dict) else None
        if isinstance(meta, dict) and meta.get("text"):
            reading.leave_out("notes on regions (meta.text)")
    if reading.kind == "predictions":
        objects = tuple(_with_score(item, result) for item in objects)
    told = told or (part.get("image_width"), part.get("image_height"))
    width, height = image_size(told, name, reading.size_of, place)
    origin: dict[str, Any] = origin_of(part, place)
    origin["annotator"] = _annotator(part)
    return ImageLabels(name, width, height, objects, **origin)


def _with_score(item: LabeledObject, result: Any) -> LabeledObject:
    """A model's object with how sure it is, which its region tells."""
    for region in result:
        score = region.get("score")
        if region.get("id") == item.id and isinstance(score, int | float):
            return replace(item, attributes={"score": score, **item.attributes})
    return item


def _holdable(result: Any, reading: Reading, place: str) -> Any:
    """The regions that an annotation can hold.

    Raises:
        ValueError: there are others, and nothing may be left out.
    """
    if not isinstance(result, list):
        return result
    told = [region if isinstance(region, dict) else {} for region in result]
    shapes = {str(each.get("id")) for each in told if str(each.get("type")) not in _ON_IMAGES}
    kept = []
    for number, region in enumerate(result):
        kind, of = told[number].get("type"), str(told[number].get("id"))
        if isinstance(kind, str) and kind in _OTHERS:
            reading.drop(_OTHERS[kind], f"{place}[{number}]")
        elif isinstance(kind, str) and kind in _ON_IMAGES and of not in shapes:
            reading.drop(_ON_IMAGES[kind], f"{place}[{number}]")
        else:
            kept.append(region)
    return kept


def _annotator(part: Any) -> str | None:
    """Names the annotator by the user's id, as the server's answers do."""
    if isinstance(part.get("annotator"), str):
        return part["annotator"]
    by = part.get("completed_by")
    by = by.get("id") if isinstance(by, dict) else by
    return f"user {by}" if by else None
