"""Precision and recall of a run's labels, and AP by the objects' size, as the page draws them."""

from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from vidset.project import Project
from vidset.training.scoring.answer_scores import answer_scores
from vidset.training.scoring.answers import read_answers
from vidset.training.scoring.classification import score_answers
from vidset.training.scoring.curves import Point, precision_recall
from vidset.training.scoring.detection import score_objects
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.run import Run
from vidset.view.versions import run_named

MOST_POINTS = 300
"""So many points of a label's curve are drawn at most."""
_LABEL = ("support", "precision", "recall", "f1", "ap", "ap50", "answer_score")
_AVERAGE = ("ap", "ap50", "sizes")


def read_curves(project: Project, name: str, split: str) -> dict[str, Any]:
    """Return a run's curves on a split at its best epoch: none of a run that labels pixels.

    A label's curve has one point for each recall that some threshold gives, with the highest
    precision there and its threshold. `averages` has AP, AP50 and AP by size of objects by their
    boxes, and where they have masks by `masks` and `parts`; it is empty for labels of images.

    Raises:
        DatasetError: there is no such run, or it has not ended.
    """
    run = run_named(project, name)
    table = run.predictions(split, run.best_epoch)
    told = {"run": name, "split": split, "labels": [], "averages": {}}
    if run.is_segmentation:
        return told
    scores = _scores(run, table)
    curves: dict[str, list[Point]] = {}
    for point in precision_recall(run, table):
        curves.setdefault(point.label, []).append(point)
    labels = [
        {
            "label": label,
            **{key: one[key] for key in _LABEL if key in one},
            "points": _thinned(list(_upper(curves.get(label, [])))),
        }
        for label, one in scores["labels"].items()
    ]
    averages = {}
    if run.is_detection:
        ways = {"boxes": scores, **{by: scores[by] for by in ("masks", "parts") if by in scores}}
        averages = {by: {key: each[key] for key in _AVERAGE} for by, each in ways.items()}
    return {**told, "labels": labels, "averages": averages}


def _scores(run: Run, table: pa.Table) -> dict[str, Any]:
    if run.is_detection:
        truths, found = read_things(table, "truth"), read_things(table, "predicted")
        return score_objects(truths, found, run.classes, answer_scores(run))
    return score_answers(read_answers(table, run.classes))


def _upper(points: Iterable[Point]) -> Iterator[list[float]]:
    """Yield recall, precision and threshold: the first of each recall is the most precise one."""
    last = None
    for point in points:
        if point.recall is not None and point.recall != last:
            last = point.recall
            yield [point.recall, point.precision, point.threshold]


def _thinned(points: list[list[float]]) -> list[list[float]]:
    if len(points) <= MOST_POINTS:
        return points
    step = -(-len(points) // MOST_POINTS)
    return [*points[:-1:step], points[-1]]
