"""`diverse`: greedy k-center over embeddings: what is least like everything labeled or chosen.

O. Sener, S. Savarese, "Active Learning for Convolutional Neural Networks: A Core-Set Approach",
ICLR 2018; the greedy rule is T. Gonzalez's of 1985, at most twice as far from all images as the
best possible choice.
"""

from collections.abc import Iterator

import numpy as np

from vidset.selection.pool import Pick, Pool

# So many candidates are compared at most: a sample that the seed decides. A greedy choice from a
# sample is nearly as good, and single outliers of a large archive come less often.
MOST_COMPARED = 20_000
_ROWS = 4096
NO_VECTORS = "the images have no vectors yet (a dry run makes none, and --embedder none wants none)"


def lacks(pool: Pool) -> str | None:
    """Say that there are no vectors."""
    return None if pool.has_vector.any() else NO_VECTORS


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidate with the greatest cosine distance to all that is labeled or chosen.

    Where nothing is yet, the one that is nearest to the mean of all.
    """
    usable = np.flatnonzero(pool.has_vector & ~pool.is_gone)
    places = np.sort(pool.order(usable)[:MOST_COMPARED])
    vectors = pool.vectors[places].astype(np.float32)
    nearest = np.full(len(places), -np.inf, np.float32)
    for start in range(0, len(pool.taken_vectors), _ROWS):
        block = pool.taken_vectors[start : start + _ROWS].astype(np.float32)
        np.maximum(nearest, (vectors @ block.T).max(axis=1), out=nearest)
    done = 0
    while True:
        for chosen in pool.chosen[done:]:
            if pool.vectors[chosen].any():
                vector = pool.vectors[chosen].astype(np.float32)
                np.maximum(nearest, vectors @ vector, out=nearest)
        done = len(pool.chosen)
        free = ~pool.is_gone[places]
        if not free.any():
            return
        if np.isneginf(nearest).all():
            central = vectors @ vectors.mean(axis=0)
            at = int(np.where(free, central, -np.inf).argmax())
            yield Pick(int(places[at]), 1.0, "the most typical image; nothing was labeled yet")
            continue
        at = int(np.where(free, nearest, np.inf).argmin())
        distance = round(float(1 - nearest[at]), 6)
        reason = f"cosine distance {distance:.3f} from the nearest labeled or chosen image"
        yield Pick(int(places[at]), distance, reason)
