"""A run's result on one evaluation split: scores, slices, best epoch and mean of the last five."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest
from vidset.training.scoring.answer_scores import answer_scores
from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.classification import score_answers
from vidset.training.scoring.detection import (
    average_precision,
    keep_answers,
    match_images,
    score_objects,
)
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.pixels import count_pixels
from vidset.training.scoring.run import Run
from vidset.training.scoring.segmentation import headline_scores, is_right, score_pixels
from vidset.training.scoring.slices import slice_images

MEASURES = {"classification": "accuracy", "detection": "ap50", "segmentation": "mean_iou"}
"""The figure that gates look at, by task."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """The images that predictions are for.

    Attributes:
        evaluation_id: of the split; results on other ids are not compared.
        version: id of the dataset version whose split it is.
        manifest, measures: of that version.
    """

    split: str
    evaluation_id: str
    version: str
    manifest: Manifest
    measures: pa.Table


def evaluate_split(run: Run, target: Target, answer_score: float | None = None) -> dict[str, Any]:
    """Return the result of a run on a split that it was evaluated on while it was trained.

    `score` is the one figure that gates look at: a classifier's accuracy, a detector's AP50, the
    mean IoU of a segmentation, at the best epoch. `last_five_mean` is its mean over the last five:
    the best epoch was chosen on the first split's images, and flatters there.

    Args:
        answer_score: from which score on a detector's predictions count as answers; None: the best
            one of each label.
    """
    best = run.predictions(target.split, run.best_epoch)
    last = [headline(run, run.predictions(target.split, epoch)) for epoch in run.last_epochs]
    known = [score for score in last if score is not None]
    mean = sum(known) / len(known) if len(known) == len(last) else None
    return evaluate_predictions(run, best, target, answer_score) | {
        "last_epochs": run.last_epochs,
        "last_five": last,
        "last_five_mean": mean,
    }


def evaluate_predictions(
    run: Run, predictions: pa.Table, target: Target, answer_score: float | None = None
) -> dict[str, Any]:
    """Return the result for predictions of the run's best epoch. See `evaluate_split`."""
    scores, is_right, labels = _judge(run, predictions, answer_score)
    slices = slice_images(predictions, is_right, labels, target.manifest, target.measures)
    return {
        "run_id": run.run_id,
        "model": run.model,
        "recipe_hash": run.recipe_hash,
        "trained_on": run.version,
        "seed": run.seed,
        "created_at": run.created_at,
        "evaluation_id": target.evaluation_id,
        "version": target.version,
        "split": target.split,
        "epoch": run.best_epoch,
        "score": scores[MEASURES[run.task]],
        **scores,
        "slices": [each.to_json() for each in slices],
    }


def right_images(run: Run, predictions: pa.Table, answer_score: float | None = None) -> np.ndarray:
    """Return (n,) bool: whether each image's class, its objects exactly, or its pixels are right.

    Args:
        answer_score: see `evaluate_split`.

    Raises:
        DatasetError: the predictions are not those of such a run.
    """
    if run.is_segmentation:
        return is_right(count_pixels(predictions, run.classes))
    if not run.is_detection:
        return read_answers(predictions, run.classes).is_right
    truths, found = read_things(predictions, "truth"), read_things(predictions, "predicted")
    answers = keep_answers(found, answer_scores(run, answer_score))
    return np.array([one.is_exact for one in match_images(truths, answers)])


def headline(run: Run, predictions: pa.Table) -> float | None:
    """Return a classifier's accuracy, a detector's AP50 or a segmentation's mean IoU.

    None where no image has an object, or no pixel a label.
    """
    if run.is_segmentation:
        return headline_scores(count_pixels(predictions, run.classes))["mean_iou"]
    if run.is_detection:
        truths, found = read_things(predictions, "truth"), read_things(predictions, "predicted")
        labels = sorted(set(run.classes) | {thing.label for image in truths for thing in image})
        return average_precision(truths, found, labels)["ap50"]
    return float(read_answers(predictions, run.classes).is_right.mean())


def _judge(
    run: Run, predictions: pa.Table, answer_score: float | None
) -> tuple[dict[str, Any], np.ndarray, list[list[str]]]:
    """Return scores, whether each image is right, and the labels that each has."""
    if run.is_segmentation:
        counts = count_pixels(predictions, run.classes)
        has = counts.matrices.sum(axis=2) > 0
        labels = [[counts.labels[place] for place in np.flatnonzero(row)] for row in has]
        return score_pixels(counts), is_right(counts), labels
    if not run.is_detection:
        answers = read_answers(predictions, run.classes)
        labels = [[answers.labels[place]] for place in answers.truth]
        return score_answers(answers), answers.is_right, labels
    truths, found = read_things(predictions, "truth"), read_things(predictions, "predicted")
    scores = answer_scores(run, answer_score)
    exact = right_images(run, predictions, answer_score)
    labels = [sorted({thing.label for thing in image}) for image in truths]
    return score_objects(truths, found, run.classes, scores), exact, labels
