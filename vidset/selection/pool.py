"""The images that could be labeled next, and all that a strategy may look at."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from vidset.place_images import KeptImage


@dataclass(frozen=True, slots=True)
class Predicted:
    """The answer of a run for an image, as far as strategies need it.

    Attributes:
        uncertainty: None where the model gives no scores.
        labels: of its objects, or the one of the image, each with the highest score it has, or
            with 1 where the model gives none.
        told: its doubts in a few words, such as "margin 0.02".
    """

    uncertainty: float | None
    labels: Mapping[str, float]
    told: str


@dataclass(frozen=True, slots=True)
class Pick:
    """An image that a strategy chose: its place in the pool, why, and a number to compare by.

    Attributes:
        score: in the strategy's own unit; higher is more wanted.
    """

    place: int
    score: float
    reason: str


@dataclass(slots=True, eq=False)
class Pool:
    """Candidates, and what is labeled or asked for already.

    Attributes:
        images: the candidates, in an order that says nothing.
        is_evaluated: (n,) bool: on the evaluation side, where the model chooses nothing.
        vectors: (n, d) float16, of length 1 up to rounding; rows of zeros have no vector.
        taken: images that have a task, a label, or stand in an earlier selection.
        taken_vectors: (m, d) float16, of those of them that have one.
        predicted: by the place of a candidate.
        label_counts: how many labeled objects there are of each label.
        wrong_vectors: (w, d) float16, of training images that a model got wrong.
        seed: decides where nothing else does.
        chosen: the places that were chosen so far, in order.
    """

    images: Sequence[KeptImage]
    is_evaluated: np.ndarray
    vectors: np.ndarray
    taken: Sequence[KeptImage] = ()
    taken_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float16))
    predicted: Mapping[int, Predicted] = field(default_factory=dict)
    label_counts: Mapping[str, int] = field(default_factory=dict)
    wrong_vectors: np.ndarray = field(default_factory=lambda: np.zeros((0, 1), np.float16))
    seed: int = 0
    chosen: list[int] = field(default_factory=list)
    is_gone: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.is_gone = np.zeros(len(self.images), np.bool_)

    @property
    def has_vector(self) -> np.ndarray:
        """(n,) bool."""
        return np.asarray(self.vectors.any(axis=1), np.bool_)

    def order(self, places: Iterable[int] | np.ndarray) -> np.ndarray:
        """Return places in an order that the seed decides, the same on every machine."""
        given = np.array(list(places), np.int64)
        return np.random.default_rng(self.seed).permutation(np.sort(given))

    def choose(self, place: int) -> None:
        """Count an image as chosen."""
        self.chosen.append(place)
        self.is_gone[place] = True

    def drop(self, place: int) -> None:
        """Take an image out without choosing it: another one shows nearly the same."""
        self.is_gone[place] = True
