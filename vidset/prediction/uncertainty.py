"""Doubts of a model about an image: one number, comparable within a run.

A classifier: the margin between its two most probable labels, and the entropy of all (B. Settles,
"Active Learning Literature Survey", 2009, section 3.1). A detector: how near each box's score is to
the score from which its label's boxes count as answers, and how many are near it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

# A box whose score is this near to the answer score, on the scale of `sureness`, is unsure.
UNSURE = 0.5


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """The doubts about one image.

    Attributes:
        uncertainty: 0 (sure) to 1: what images are ranked by. 1 - margin for a label; for boxes
            doubt / (1 + doubt), where doubt is the sum of 1 - sureness over the unsure boxes. None
            where the model gives no scores.
        score: of the label, or of the least sure box that counts as an answer; None without one.
        margin: between the two most probable labels, 0 to 1; None for boxes.
        entropy: of all labels' probabilities, as a part of the highest possible, 0 to 1; None for
            boxes.
        least_score: of the box, answer or not, that is nearest to its answer score; None for
            labels, and where nothing was found.
        unsure: how many boxes are unsure; None for labels.
    """

    uncertainty: float | None
    score: float | None = None
    margin: float | None = None
    entropy: float | None = None
    least_score: float | None = None
    unsure: int | None = None

    def to_document(self) -> dict[str, float | int | None]:
        """Return the fields as documents have them, rounded so that they repeat."""
        named = {name: getattr(self, name) for name in self.__slots__}
        return {
            name: round(value, 6) if isinstance(value, float) else value
            for name, value in named.items()
        }


# A model of pixels tells a mask for each label, and not how sure it is.
UNTOLD = Uncertainty(None)


def of_label(probabilities: Sequence[float]) -> Uncertainty:
    """Return the doubts about one label of an image.

    Args:
        probabilities: of each label; they sum to 1.
    """
    ordered = sorted(probabilities, reverse=True)
    margin = ordered[0] - ordered[1] if len(ordered) > 1 else 1.0
    entropy = -sum(each * log(each) for each in ordered if each > 0)
    most = log(len(ordered)) if len(ordered) > 1 else 1.0
    return Uncertainty(
        uncertainty=min(max(1 - margin, 0.0), 1.0),
        score=ordered[0],
        margin=margin,
        entropy=min(max(entropy / most, 0.0), 1.0),
    )


def of_boxes(scored: Sequence[tuple[float, float]]) -> Uncertainty:
    """Return the doubts about the boxes of an image.

    Args:
        scored: of each box its score, and the score from which it counts as an answer.
    """
    if not scored:
        return Uncertainty(0.0, unsure=0)
    sure = [(sureness(*each), each[0]) for each in scored]
    doubts = [1 - each for each, _ in sure if each < UNSURE]
    doubt = sum(doubts)
    answers = [score for score, least in scored if score >= least]
    return Uncertainty(
        uncertainty=doubt / (1 + doubt),
        score=min(answers, default=None),
        least_score=min(sure)[1],
        unsure=len(doubts),
    )


def sureness(score: float, least: float) -> float:
    """Return how far a score is from the answer score: 0 at it, 1 at a score of 0 or of 1."""
    room = 1 - least if score >= least else least
    return abs(score - least) / room if room > 0 else 1.0
