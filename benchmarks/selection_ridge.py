"""A classifier that learns in milliseconds: kernel ridge regression on an image's pixels.

It stands in for the fixed model where many curves are wanted. It looks at pixels, not at the
vectors by which images are chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from benchmarks.selection_sets import Set
from vidset.selection.pool import Predicted

_RIDGE = 0.05
# Scores become probabilities by a softmax; this makes them about as sure as the fixed model's.
_SHARPNESS = 6.0


@dataclass(slots=True)
class Kernel:
    """The likeness of all images of a set: exp(-2 d² / the median of d²) of their pixels."""

    data: Set
    among: np.ndarray = field(init=False)
    to_held_out: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        pixels, held_out = (
            each.reshape(len(each), -1).astype(np.float32) / 255
            for each in (self.data.pictures, self.data.held_out_pictures)
        )
        squares = _squares(pixels, pixels)
        scale = 2 / float(np.median(squares))
        self.among = np.exp(-scale * squares)
        self.to_held_out = np.exp(-scale * _squares(held_out, pixels))


class Ridge:
    """Learns from chosen images; gives their score and answers for the others."""

    def __init__(self, kernel: Kernel):
        self._kernel, self._data = kernel, kernel.data
        self._classes: list[str] = []

    def learn(self, chosen: Sequence[int]) -> float:
        """Learn from images by their places; return the accuracy on those that are held out."""
        labels = [self._data.entries[at].label or "" for at in chosen]
        self._classes, self._chosen = sorted(set(labels)), list(chosen)
        wanted = np.array([[each == label for each in self._classes] for label in labels])
        matrix = self._kernel.among[np.ix_(chosen, chosen)] + _RIDGE * np.eye(len(chosen))
        self._weights = np.linalg.solve(matrix, wanted - 1 / len(self._classes))
        best = np.array(self._classes)[self._scores(self._kernel.to_held_out).argmax(axis=1)]
        return float((best == [entry.label for entry in self._data.held_out]).mean())

    def predict(self, rest: Sequence[int]) -> dict[int, Predicted]:
        """Return what it says of images by their places in the set, by their order."""
        scores = _SHARPNESS * self._scores(self._kernel.among[list(rest)])
        shares = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares /= shares.sum(axis=1, keepdims=True)
        found = {}
        for place, each in enumerate(shares):
            second, first = np.sort(each)[-2:] if len(each) > 1 else (0.0, each[0])
            label = self._classes[int(each.argmax())]
            found[place] = Predicted(float(1 - first + second), {label: float(first)}, "")
        return found

    def _scores(self, alike: np.ndarray) -> np.ndarray:
        return alike[:, self._chosen] @ self._weights


def _squares(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the squared distances of (n, d) and (m, d): (n, m)."""
    lengths = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1)[None]
    return np.maximum(lengths - 2 * one @ other.T, 0)
