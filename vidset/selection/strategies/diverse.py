"""`diverse`: images that stand for many others which nothing labeled or chosen stands for yet.

Greedy facility location over embeddings. Each image has a distance to what stands for it: the
squared cosine distance to its nearest labeled or chosen image. The candidate that lowers the sum of
these distances most is taken. The greedy rule reaches at least 1 - 1/e of the lowering that the
best choice would reach (G. Nemhauser, L. Wolsey, M. Fisher, Mathematical Programming 14, 1978).
Greedy k-center, which takes the farthest image, begins with outliers.
"""

from collections.abc import Iterator

import numpy as np

from vidset.selection.pool import Pick, Pool

# So many candidates are compared at most: a sample that the seed decides. A greedy choice from a
# sample is nearly as good, and single outliers of a large archive come less often.
MOST_COMPARED = 20_000
# So many of them stand for the archive: those whose distances are summed up.
_MOST_SEEN = 5_000
_ROWS = 1024
_AT_ONCE = 64
NO_VECTORS = "the images have no vectors yet (a dry run makes none, and --embedder none wants none)"


def lacks(pool: Pool) -> str | None:
    """Say that there are no vectors."""
    return None if pool.has_vector.any() else NO_VECTORS


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidate that lowers the sum of distances most.

    Where nothing is labeled or chosen yet, all distances are 1, and it is a typical image.
    """
    usable = pool.order(np.flatnonzero(pool.has_vector & ~pool.is_gone))
    places = np.sort(usable[:MOST_COMPARED])
    vectors = pool.vectors[places].astype(np.float32)
    seen = _Seen(pool.vectors[np.sort(usable[:_MOST_SEEN])].astype(np.float32))
    seen.add(pool.taken_vectors)
    # What a candidate would lower the sum by shrinks with each choice and never grows: what was
    # found earlier is a bound, so that few candidates are looked at again.
    bounds = seen.lowered(vectors)
    done = 0
    while True:
        seen.add(pool.vectors[pool.chosen[done:]])
        done = len(pool.chosen)
        bounds[pool.is_gone[places]] = -np.inf
        if np.isneginf(bounds).all():
            return
        at = _best(seen, vectors, bounds)
        number = seen.nearer(vectors[at])
        told = f"nearer than all labeled or chosen images to {number:,} of {len(seen):,} images"
        yield Pick(int(places[at]), round(float(bounds[at]), 6), told)


def _best(seen: "_Seen", vectors: np.ndarray, bounds: np.ndarray) -> int:
    """Return the candidate that lowers the sum most; bounds that were in the way are renewed."""
    is_new = np.zeros(len(bounds), np.bool_)
    while True:
        highest = np.argsort(-bounds, kind="stable")[:_AT_ONCE]
        if is_new[highest[0]]:
            return int(highest[0])
        old = highest[~is_new[highest] & np.isfinite(bounds[highest])]
        bounds[old] = seen.lowered(vectors[old])
        is_new[old] = True


class _Seen:
    """Images whose distances count.

    Args:
        vectors: (n, d) float32.
    """

    def __init__(self, vectors: np.ndarray):
        self._columns = vectors.T
        self._distances = np.ones(len(vectors), np.float32)

    def __len__(self) -> int:
        return len(self._distances)

    def add(self, vectors: np.ndarray) -> None:
        """Let (m, d) vectors stand for what they are nearest to; those of zeros are of nothing."""
        for start in range(0, len(vectors), _ROWS):
            near = self._to(vectors[start : start + _ROWS].astype(np.float32)).min(axis=0)
            np.minimum(self._distances, near, out=self._distances)

    def lowered(self, vectors: np.ndarray) -> np.ndarray:
        """Return by how much each of (m, d) vectors alone would lower the sum: (m,) float64."""
        found = [
            np.maximum(self._distances - self._to(vectors[start : start + _ROWS]), 0).sum(axis=1)
            for start in range(0, len(vectors), _ROWS)
        ]
        return np.concatenate([np.zeros(0), *found])

    def nearer(self, vector: np.ndarray) -> int:
        """Return to how many images this vector is nearer than all that were added."""
        return int((self._to(vector[None])[0] < self._distances).sum())

    def _to(self, vectors: np.ndarray) -> np.ndarray:
        """Return squared cosine distances, (m, n), at most 1: what is unlike stands for nothing."""
        found = 1 - vectors @ self._columns
        np.clip(found, 0, 1, out=found)
        return np.square(found, out=found)
