"""Tells whether an image shows nearly the same as one that is labeled or chosen already."""

from collections.abc import Callable, Sequence

import numpy as np

from vidset.selection.pool import Pool

_ROOM = 1024

Copies = Callable[[np.ndarray], Sequence[np.ndarray]]
Nearest = Callable[[np.ndarray], np.ndarray]
"""Gives for (n, d) vectors the cosine of each to the nearest of some others: (n,)."""


class Cover:
    """Near duplicates of what is taken need no label of their own.

    A candidate is looked at only when a strategy wants it, so that the cost grows with the budget
    and not with the archive.

    Args:
        near: the cosine from which two images count as near duplicates; None: nothing does.
        nearest_taken: how near the nearest of the taken images is.
        copies: gives the vectors that changed copies (crops) of images would have.
    """

    def __init__(
        self, pool: Pool, near: float | None, nearest_taken: Nearest, copies: Copies = lambda _: ()
    ):
        self._pool, self._copies = pool, copies
        self._near = float("inf") if near is None else near
        self._nearest_taken = nearest_taken
        self._chosen = np.zeros((_ROOM, pool.vectors.shape[1]), np.float32)
        self._number, self._done = 0, 0

    def covers(self, place: int) -> bool:
        """Tell whether a candidate nearly repeats what is taken or chosen."""
        if self._near > 1 or not self._pool.vectors[place].any():
            return False
        self._take_chosen()
        vector = self._pool.vectors[place : place + 1].astype(np.float32)
        versions = np.concatenate([vector, *map(np.asarray, self._copies(vector))])
        best = float(self._nearest_taken(versions).max())
        if self._number:
            best = max(best, float((versions @ self._chosen[: self._number].T).max()))
        return best >= self._near

    def _take_chosen(self) -> None:
        for place in self._pool.chosen[self._done :]:
            if self._pool.vectors[place].any():
                if self._number == len(self._chosen):
                    self._chosen = np.concatenate([self._chosen, np.zeros_like(self._chosen)])
                self._chosen[self._number] = self._pool.vectors[place]
                self._number += 1
        self._done = len(self._pool.chosen)


def exactly(others: np.ndarray) -> Nearest:
    """Return what compares with all of (m, d) vectors."""
    columns = others.astype(np.float32).T

    def nearest(vectors: np.ndarray) -> np.ndarray:
        if not columns.shape[1]:
            return np.full(len(vectors), -1, np.float32)
        return (vectors @ columns).max(axis=1)

    return nearest
