"""`uncertain`: images that the model doubts most. Entropy, margin and boxes: `vidset predict`."""

from collections.abc import Iterator
from operator import itemgetter

from vidset.selection.pool import Pick, Pool

NO_PREDICTIONS = "the run has said nothing of these images: vidset predict"


NO_SCORES = "the run's model does not tell how sure it is"


def lacks(pool: Pool) -> str | None:
    """Say that there are no predictions, or none with a score."""
    if all(each.uncertainty is None for each in pool.predicted.values()):
        return NO_SCORES if pool.predicted else NO_PREDICTIONS
    return None


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidates with the highest uncertainty first; of equals, the seed decides."""
    doubted = [
        (-each, place)
        for place in pool.order(pool.predicted).tolist()
        if (each := pool.predicted[place].uncertainty) is not None
    ]
    for doubt, place in sorted(doubted, key=itemgetter(0)):
        if not pool.is_gone[place] and not pool.is_evaluated[place]:
            yield Pick(place, -doubt, f"doubt {-doubt:.3f}, {pool.predicted[place].told}")
