"""The score from which a detector's prediction counts as an answer, for each label.

One score for all labels misleads: a detector may find nearly all objects of a label and never be
surer than 0.4. So each label has the score that gives the best F1 on the split that chose the best
epoch, at that epoch. It is chosen there alone, whatever split is evaluated: a test set chooses
nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vidset.training.scoring.average_precision import Ranked, rank
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.run import Run

DEFAULT = 0.5


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """The scores that a prediction must reach to count as an answer.

    Attributes:
        of_label: for each label; labels that are not there have `otherwise`.
        chosen_by: how the scores were chosen, in a few words.
    """

    of_label: Mapping[str, float]
    chosen_by: str
    otherwise: float = DEFAULT

    def least(self, label: str) -> float:
        """Return the lowest score that counts as an answer."""
        return self.of_label.get(label, self.otherwise)


def answer_scores(run: Run, given: float | None = None) -> AnswerScores:
    """Return a detector's answer scores: the one that was given, else the best of each label."""
    if given is not None:
        return AnswerScores({}, "given", given)
    split = run.splits[0]
    table = run.predictions(split, run.best_epoch)
    ranked = rank(read_things(table, "truth"), read_things(table, "predicted"), run.classes)
    of_label = {label: best_f1(one) for label, one in ranked.items()}
    return AnswerScores(of_label, f"best F1 on {split}, epoch {run.best_epoch}")


def best_f1(ranked: Ranked) -> float:
    """Return the score from which predictions give the best F1, the highest of equals.

    Without any hit no score is better than another: 0.5.
    """
    if not ranked.is_hit.any():
        return DEFAULT
    hits = np.cumsum(ranked.is_hit)
    f1 = 2 * hits / (np.arange(1, len(hits) + 1) + ranked.objects.sum())
    # Of predictions with equal scores all count or none.
    f1[:-1][ranked.scores[:-1] == ranked.scores[1:]] = -1
    return float(ranked.scores[int(f1.argmax())])
