"""`errors`: images like those that a model got wrong which had not seen them in training.

The wrong images come from `vidset errors VERSION`, which trains the model several times, each time
without the images that it is then asked about. Only training images count. Errors on validation or
test images choose nothing, for that would spend the evaluation.
"""

from collections.abc import Iterator

import numpy as np

from vidset.selection.pool import Pick, Pool
from vidset.selection.strategies import diverse

_ROWS = 4096
NO_ERRORS = (
    "it is not known which training images a model gets wrong: vidset errors VERSION finds them "
    "(errors on validation or test images choose nothing)"
)


def lacks(pool: Pool) -> str | None:
    """Say that there are no vectors, or no errors on training images."""
    return diverse.lacks(pool) or (None if len(pool.wrong_vectors) else NO_ERRORS)


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidates by their cosine to the most similar image that went wrong.

    Each wrong image is taken as the reason once, before any is taken again.
    """
    usable = np.flatnonzero(pool.has_vector & ~pool.is_evaluated)
    wrong = pool.wrong_vectors.astype(np.float32)
    best = np.zeros(len(usable), np.float32)
    which = np.zeros(len(usable), np.int64)
    for start in range(0, len(usable), _ROWS):
        rows = slice(start, start + _ROWS)
        cosines = pool.vectors[usable[rows]].astype(np.float32) @ wrong.T
        which[rows] = cosines.argmax(axis=1)
        best[rows] = np.take_along_axis(cosines, which[rows, None], 1)[:, 0]
    times = np.zeros(len(usable), np.int64)
    order = np.lexsort((usable, -best, which))
    for number, at in enumerate(order.tolist()):
        is_first = number == 0 or which[at] != which[order[number - 1]]
        times[at] = 0 if is_first else times[order[number - 1]] + 1
    for at in np.lexsort((usable, -best, times)).tolist():
        place = int(usable[at])
        if not pool.is_gone[place]:
            score = round(float(best[at]), 6)
            yield Pick(place, score, f"cosine {score:.3f} to an image that a model got wrong")
