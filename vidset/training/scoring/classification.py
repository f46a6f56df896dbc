"""Scores of a classifier: accuracy, each class's precision and recall, the confusion matrix."""

from typing import Any

import numpy as np

from vidset.training.scoring.answers import Answers
from vidset.training.scoring.intervals import wilson


def score_answers(answers: Answers) -> dict[str, Any]:
    """JSON-able scores. A value that is not defined (the precision of what was never predicted) is
    None; in the macro averages, which are over the labels that images have, it counts as 0.

    `constant_guess` is what answering the most frequent label always would score: an accuracy
    means nothing without it.
    """
    confusion = count_confusion(answers)
    images, right = int(confusion.sum()), int(np.trace(confusion))
    labels = [_score_label(confusion, place) for place in range(len(answers.labels))]
    present = [one for one in labels if one["support"]]
    return {
        "images": images,
        "right": right,
        "accuracy": right / images,
        "interval": list(wilson(right, images)),
        "constant_guess": int(confusion.sum(axis=1).max()) / images,
        "loss": float(answers.losses.mean()),
        "macro": {
            name: sum(one[name] or 0.0 for one in present) / len(present)
            for name in ("precision", "recall", "f1")
        },
        "labels": dict(zip(answers.labels, labels, strict=True)),
        "confusion": {"labels": list(answers.labels), "matrix": confusion.tolist()},
    }


def count_confusion(answers: Answers) -> np.ndarray:
    """(labels, labels) int64: row the truth, column the prediction."""
    number = len(answers.labels)
    pairs = answers.truth * number + answers.predicted
    return np.bincount(pairs, minlength=number * number).reshape(number, number)


def _score_label(confusion: np.ndarray, place: int) -> dict[str, Any]:
    right = int(confusion[place, place])
    support, predicted = int(confusion[place].sum()), int(confusion[:, place].sum())
    return {
        "support": support,
        "predicted": predicted,
        "precision": right / predicted if predicted else None,
        "recall": right / support if support else None,
        "recall_interval": list(wilson(right, support)) if support else None,
        "f1": 2 * right / (support + predicted) if support + predicted else None,
    }
