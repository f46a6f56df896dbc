"""Finds labels that are likely wrong: confident learning on probabilities of images held out.

Northcutt, Jiang, Chuang: Confident Learning, JAIR 70 (2021); by cleanlab. A queue for a person's
eyes, never a reason to delete: of its top, about half are wrong in truth.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.training.scoring.answers import Answers

Ranking = Literal["self_confidence", "normalized_margin"]
RANKINGS: tuple[Ranking, ...] = ("self_confidence", "normalized_margin")


@dataclass(frozen=True, slots=True)
class Issue:
    """A label to look at.

    Attributes:
        place: of the image in the answers.
        suggested: the label that the model holds most likely.
        score: the label's quality, 0 to 1: the lowest come first.
        is_flagged: confident learning counts it among the wrong ones; others follow them.
    """

    place: int
    suggested: str
    score: float
    is_flagged: bool


def rank_labels(answers: Answers, ranking: Ranking = "self_confidence") -> list[Issue]:
    """Every image, the likeliest wrong label first: the flagged ones, then by score.

    The probabilities must be of images that the model was not trained on, or it has learned the
    wrong labels by heart.

    Raises:
        DatasetError: all images have one label.
    """
    from cleanlab.filter import find_label_issues
    from cleanlab.rank import get_label_quality_scores

    present = np.unique(answers.truth)
    if len(present) < 2:
        raise DatasetError("wanted images of two labels at least, to find wrong ones among them")
    # Labels that no image has cannot be learned a threshold for.
    probabilities = answers.probabilities[:, present]
    labels = np.searchsorted(present, answers.truth)
    sums = probabilities.sum(axis=1, keepdims=True)
    even = np.full_like(probabilities, 1 / len(present))
    probabilities = np.where(sums > 0, probabilities / np.maximum(sums, 1e-12), even)
    flags = find_label_issues(labels, probabilities, n_jobs=1)
    scores = get_label_quality_scores(labels, probabilities, method=ranking)
    suggested = present[probabilities.argmax(axis=1)]
    order = sorted(range(len(scores)), key=lambda i: (not flags[i], scores[i], i))
    return [Issue(i, answers.labels[suggested[i]], float(scores[i]), bool(flags[i])) for i in order]
