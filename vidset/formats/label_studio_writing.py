"""The writing of Label Studio's JSON; see `vidset.formats.label_studio`."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import IO, Any

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_or_uri
from vidset.formats.spool import Spool, known_size, with_sayable, write_file
from vidset.labeling.annotation import Attribute, LabeledObject
from vidset.labeling.vendors.label_studio.answers import result_of
from vidset.labeling.vendors.label_studio.items import MANY

_NAME = "Label Studio"


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Labels of one image that follow each other are one task.

    Labels have no numbers here, but must be in the order, if there is one.
    """
    return write_file(
        labels,
        path,
        labels_order,
        _write,
        _sayable,
        format_name=_NAME,
        lossy=lossy,
        may_repeat=True,
        line_of=_line,
    )


def _line(labels: ImageLabels, before: Spool) -> str:
    """Return the image's name and its annotation, with a tab, which JSON has none of, between."""
    annotation = _annotation(labels, before.images + 1)
    return f"{json.dumps(labels.image_name)}\t{json.dumps(annotation)}"


def _write(file: IO[str], spool: Spool, _numbers_of: Mapping[str, int]) -> None:
    file.write("[")
    lines = (line.split("\t") for line in spool.lines())
    for task_id, (name, group) in enumerate(groupby(lines, key=itemgetter(0)), 1):
        annotations = ", ".join(annotation for _, annotation in group)
        file.write(",\n" if task_id > 1 else "\n")
        file.write(f'{{"id": {task_id}, "data": {{"image": {name}}}, ')
        file.write(f'"annotations": [{annotations}], "predictions": []}}')
    file.write("\n]\n")


def _sayable(labels: ImageLabels) -> tuple[ImageLabels | None, list[Loss]]:
    place = f"image {labels.image_name!r}"
    if labels.state == "rejected":
        return None, [("rejected images", place)]
    name = relative_or_uri(labels.image_name, place)
    if labels.objects:
        known_size(labels, _NAME)
    objects, losses = [], []
    for item in labels.objects:
        what, kept = _sayable_attributes(item)
        objects.append(kept)
        where = f"{place}, object {item.id} ({item.label})"
        losses += [(what, where)] * (len(item.attributes) - len(kept.attributes))
    return with_sayable(labels, name, objects), losses


def _sayable_attributes(item: LabeledObject) -> tuple[str, LabeledObject]:
    """Leaves out what Label Studio has no place for. Returns the rest, and what that is."""
    if not item.attributes:
        return "", item
    if item.type == "classification":
        return "attributes of classifications", replace(item, attributes={})
    said = {
        name: value
        for name, value in item.attributes.items()
        if name and not name.endswith(MANY) and value != "" and not _has_empty_text(value)
    }
    what = f"attributes that are empty or named with {MANY} at the end"
    return what, item if said == item.attributes else replace(item, attributes=said)


def _has_empty_text(value: Attribute) -> bool:
    return isinstance(value, list) and "" in value


def _annotation(labels: ImageLabels, annotation_id: int) -> dict[str, Any]:
    """`ground_truth` is told since Label Studio takes an import without it for true."""
    annotation: dict[str, Any] = {
        "id": annotation_id,
        "was_cancelled": labels.state == "skipped",
        "ground_truth": False,
        "result": result_of(labels.objects, labels.width or 0, labels.height or 0),
    }
    if labels.width and labels.height:
        annotation |= {"image_width": labels.width, "image_height": labels.height}
    return annotation | origin_fields(labels)
