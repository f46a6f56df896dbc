"""Precision and recall at every threshold: what each score of a prediction would have given."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.average_precision import rank
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.run import Run


@dataclass(frozen=True, slots=True)
class Point:
    """A label at one threshold.

    Attributes:
        threshold: predictions of at least this score count.
        precision: the share of these that are right.
        recall: the share of the label's images, or of its objects, that they find; None where
            there are none.
    """

    label: str
    threshold: float
    precision: float
    recall: float | None


def precision_recall(run: Run, predictions: pa.Table) -> Iterator[Point]:
    """Yield each label's points, the highest threshold first: one for each score that occurs.

    For a classifier, a label's prediction for an image has the probability that the model gives it.
    A detector's are matched with true objects at IoU 0.5, one to one, and 100 of a label count in
    an image at most. A segmentation has no scores, and no points.

    Raises:
        DatasetError: the predictions are not those of such a run.
    """
    if run.is_segmentation:
        return
    if run.is_detection:
        truths, found = read_things(predictions, "truth"), read_things(predictions, "predicted")
        labels = sorted(set(run.classes) | {thing.label for image in truths for thing in image})
        for label, one in rank(truths, found, labels).items():
            yield from _points(label, one.scores, one.is_hit, int(one.objects.sum()))
        return
    answers = read_answers(predictions, run.classes)
    for place, label in enumerate(answers.labels):
        scores = answers.probabilities[:, place]
        order = np.argsort(-scores, kind="stable")
        is_hit = (answers.truth == place).astype(np.float64)
        yield from _points(label, scores[order], is_hit[order], int(is_hit.sum()))


def _points(label: str, scores: np.ndarray, is_hit: np.ndarray, wanted: int) -> Iterator[Point]:
    """Yield the points of a label.

    Args:
        scores: (predictions,) the highest first.
        is_hit: (predictions,) 1 where one is right.
        wanted: how many there are to find.
    """
    hits = np.cumsum(is_hit)
    for place, score in enumerate(scores):
        if place + 1 < len(scores) and scores[place + 1] == score:
            continue  # Of predictions with equal scores all count or none.
        recall = float(hits[place] / wanted) if wanted else None
        yield Point(label, float(score), float(hits[place] / (place + 1)), recall)
