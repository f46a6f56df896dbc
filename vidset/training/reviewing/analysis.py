"""Errors of a classifier as a review shows them: JSON-able, the likeliest wrong label first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest
from vidset.training.reviewing.issues import Ranking, rank_labels
from vidset.training.reviewing.twins import Twins
from vidset.training.scoring.answers import Answers
from vidset.training.scoring.classification import score_answers
from vidset.training.scoring.predictions import rows_of

_GUESSES = 3


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The contents of a review.

    Attributes:
        details: JSON-able; `shown` are the images.
        wrong: the manifest's rows of all images that were answered wrong, shown or not.
    """

    details: dict[str, Any]
    wrong: list[dict[str, Any]]


def analyse_answers(
    predictions: pa.Table,
    answers: Answers,
    manifest: Manifest,
    twins: Twins,
    *,
    ranking: Ranking,
    most: int,
) -> Analysis:
    """Scores, confusion, and the images to look at: wrong, or with a label that is likely wrong.

    An image that stands there several times, or of which copies were made, is shown once.

    Args:
        answers: of `predictions`, by models that were not trained on these images.
        most: images; those whose labels are likeliest wrong, and as many of the hardest.
    """
    rows = rows_of(predictions, manifest)
    issues = rank_labels(answers, ranking)
    losses, is_right = answers.losses, answers.is_right
    queue = _first_of_each([issue.place for issue in issues], rows)
    hardest = _first_of_each(np.argsort(-losses, kind="stable").tolist(), rows)
    of_place = {issue.place: issue for issue in issues}
    wanted = [p for p in queue if of_place[p].is_flagged or not is_right[p]][:most]
    wanted += [p for p in hardest[:most] if not is_right[p] and p not in set(wanted)]
    rank = {place: number + 1 for number, place in enumerate(queue)}
    hardness = {place: number + 1 for number, place in enumerate(hardest)}
    images = []
    for place in sorted(wanted, key=rank.__getitem__):
        issue, row = of_place[place], rows[place]
        images.append(
            {
                **describe(row),
                "label": answers.labels[answers.truth[place]],
                "predicted": answers.labels[answers.predicted[place]],
                "suggested": issue.suggested,
                "score": issue.score,
                "is_flagged": issue.is_flagged,
                "loss": float(losses[place]),
                "queue": rank[place],
                "hardness": hardness[place],
                "guesses": _guesses(answers, place),
                "reason": _reason(answers, place, issue.suggested),
                "flags": twins.flags(row["image_sha256"]),
            }
        )
    details = {
        "task": "classification",
        "scores": score_answers(answers),
        "classes": list(answers.labels),
        "flagged": sum(issue.is_flagged for issue in issues),
        "wrong": int((~is_right).sum()),
        "shown": images,
    }
    return Analysis(details, [rows[place] for place in np.flatnonzero(~is_right)])


def describe(row: Mapping[str, Any]) -> dict[str, Any]:
    """Says which image a row of a manifest is."""
    names = ("image_sha256", "image_uri", "origin", "split", "group", "video_uri", "pts_seconds")
    return {name: row[name] for name in names}


def _first_of_each(places: Sequence[int], rows: Sequence[Mapping[str, Any]]) -> list[int]:
    seen: dict[str, int] = {}
    for place in places:
        seen.setdefault(rows[place]["origin"], place)
    return list(seen.values())


def _guesses(answers: Answers, place: int) -> list[dict[str, Any]]:
    probabilities = answers.probabilities[place]
    best = np.argsort(-probabilities, kind="stable")[:_GUESSES]
    return [{"label": answers.labels[at], "probability": float(probabilities[at])} for at in best]


def _reason(answers: Answers, place: int, suggested: str) -> str:
    given = answers.labels[answers.truth[place]]
    own = 100 * answers.probabilities[place, answers.truth[place]]
    other = 100 * answers.probabilities[place, answers.labels.index(suggested)]
    if suggested == given:
        return f"{given} is the likeliest label, but with {own:.2g} % only"
    return f"{suggested} has {other:.3g} %, the given {given} {own:.2g} %"
