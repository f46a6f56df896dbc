"""`uncertain`: images that the model doubts most. Entropy, margin and boxes: `vidset predict`."""

from collections.abc import Iterator

from vidset.selection.pool import Pick, Pool

NO_PREDICTIONS = "the run has said nothing of these images: vidset predict"


def lacks(pool: Pool) -> str | None:
    """Say that there are no predictions."""
    return None if pool.predicted else NO_PREDICTIONS


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidates with the highest uncertainty first; of equals, the seed decides."""
    places = pool.order(pool.predicted).tolist()
    places.sort(key=lambda place: -pool.predicted[place].uncertainty)
    for place in places:
        if not pool.is_gone[place] and not pool.is_evaluated[place]:
            found = pool.predicted[place]
            yield Pick(place, found.uncertainty, f"doubt {found.uncertainty:.3f}, {found.told}")
