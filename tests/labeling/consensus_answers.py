"""Answers of annotators who do not agree."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from vidset.labeling.annotation import Answer, Box, LabeledObject, outline
from vidset.labeling.consensus import consensus

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def box(x=0.0, y=0.0, width=10.0, height=10.0, **changes) -> LabeledObject:
    item = LabeledObject("1", "car", "box", box=Box(x, y, width, height))
    return replace(item, **changes)


def square(left: float, top: float, side: float, **changes) -> LabeledObject:
    right, bottom = left + side, top + side
    points = ((left, top), (right, top), (right, bottom), (left, bottom))
    return replace(LabeledObject("1", "road", "polygon", rings=outline(points)), **changes)


def word(label: str, **changes) -> LabeledObject:
    return replace(LabeledObject(f"w-{label}", label, "classification"), **changes)


def answer(annotator="ann", *objects, minutes=0, **changes) -> Answer:
    said = Answer(
        image_id="i1",
        vendor="scale",
        vendor_task_id="t1",
        annotation_id=f"annotation of {annotator}",
        annotator=annotator,
        state="labeled",
        objects=objects,
        updated_at=NOON + timedelta(minutes=minutes),
    )
    return replace(said, **changes)


def majority(*answers) -> tuple[LabeledObject, ...]:
    return consensus(answers, "majority").objects
