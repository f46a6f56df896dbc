"""A model's answer for an image as a document of `predictions`, in the form that vendors take."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from vidset.datasets.versions.objects import object_of
from vidset.labeling.annotation import LabeledObject, Ring
from vidset.labeling.checking import ACCEPTED
from vidset.labeling.shapes import box_around
from vidset.labeling.template import Label, Template
from vidset.outlines import outlines
from vidset.place_images import KeptImage
from vidset.prediction.uncertainty import UNTOLD, of_boxes, of_label
from vidset.training.scoring.answer_scores import AnswerScores

SOURCE = "vidset predict"


class Answered(Protocol):
    """The part of a model's answer that is told: vidset.training.models.learner.Prediction."""

    @property
    def predicted(self) -> str: ...

    @property
    def probabilities(self) -> Sequence[float] | None: ...


@dataclass(frozen=True, slots=True)
class RunLook:
    """The run that predicts, and from which score on its objects are offered.

    Attributes:
        run: the run's name in the place.
        version: the dataset version that it was trained on.
        epoch: its best one.
        answer_scores: from which score on an object is offered to annotators.
    """

    run: str
    run_id: str
    model: str
    version: str
    epoch: int
    answer_scores: AnswerScores


@dataclass(frozen=True, slots=True)
class Said:
    """A document, and how many of its objects the template has no room for, by the reason."""

    document: Mapping[str, Any]
    left_out: Counter[str] = field(default_factory=Counter)


def make_document(
    image: KeptImage, answer: Answered, look: RunLook, template: Template, now: datetime
) -> Said:
    """Make the document of an image.

    Its `objects` are those that a person would be shown: sure enough to count as an answer, with a
    label of the template, as large as the template wants. `scores` has a score for each of them; it
    is None where the model gives none, and then all that it told is offered.
    """
    labels = {label.name: label for label in template.labels}
    found = _objects(answer, labels)
    scores = [score for _, score in found if score is not None]
    has_scores = len(scores) == len(found)
    if answer.probabilities is not None:
        doubts = of_label(answer.probabilities)
    elif has_scores:
        least = [look.answer_scores.least(item.label) for item, _ in found]
        doubts = of_boxes(list(zip(scores, least, strict=True)))
        found = [pair for pair, s, enough in zip(found, scores, least, strict=True) if s >= enough]
    else:
        doubts = UNTOLD
    shown, left_out = [], Counter[str]()
    for item, score in sorted(found, key=lambda pair: -(pair[1] or 0.0)):
        if why := _misfit(item, labels.get(item.label)):
            left_out[why] += 1
        else:
            shown.append((item, score))
    if len(shown) > template.max_objects:
        left_out[f"more than the template's max_objects of {template.max_objects}"] += (
            len(shown) - template.max_objects
        )
        shown = shown[: template.max_objects]
    numbered = [replace(item, id=f"p{at}") for at, (item, _) in enumerate(shown, 1)]
    document = {
        "image_id": image.id,
        "image_uri": image.uri,
        "image_width": image.width,
        "image_height": image.height,
        "image_sha256": image.image_sha256,
        "objects": [item.to_document() for item in numbered],
        "scores": [round(score or 0.0, 6) for _, score in shown] if has_scores else None,
        "source": SOURCE,
        "run": look.run,
        "run_id": look.run_id,
        "model": look.model,
        "version": look.version,
        "epoch": look.epoch,
        **doubts.to_document(),
        "sent_at": None,
        "written_at": now,
    }
    return Said(document, left_out)


def _objects(
    answer: Answered, labels: Mapping[str, Label]
) -> list[tuple[LabeledObject, float | None]]:
    """Return the objects with their scores; a label of the whole image is one, too.

    Args:
        labels: the template's, by name: of an object with box and mask the one is offered that its
            label has.
    """
    if answer.probabilities is not None:
        word = LabeledObject("p1", answer.predicted, "classification")
        return [(word, max(answer.probabilities))]
    return [
        (_drawn(each, labels.get(each["label"])), float(each["score"]) if "score" in each else None)
        for each in json.loads(answer.predicted)
    ]


def _drawn(told: Mapping[str, Any], label: Label | None) -> LabeledObject:
    item = object_of(told).labeled
    if item.box is None or item.mask is None:
        return item
    if label is None or label.type not in ("polygon", "mask"):
        return replace(item, mask=None)
    if label.type == "mask":
        return replace(item, type="mask", box=None)
    rings = tuple(Ring(points, is_hole) for points, is_hole in outlines(item.mask.pixels()))
    return replace(item, type="polygon", box=None, mask=None, rings=rings)


def _misfit(item: LabeledObject, label: Label | None) -> str | None:
    """Return why annotators cannot be shown an object, for a vendor would refuse the whole task."""
    if label is None or item.type not in ACCEPTED[label.type]:
        return f"the template has no {item.type} {item.label!r}"
    if item.type == "classification":
        return None
    around = box_around(item)
    if around is None or around.width <= 0 or around.height <= 0:
        return "objects without area"
    if around.width < label.min_width or around.height < label.min_height:
        return (
            f"{item.label!r} smaller than the template's {label.min_width:g}x{label.min_height:g}"
        )
    return None
