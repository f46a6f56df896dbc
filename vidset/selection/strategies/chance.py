"""`random`: every image is as likely as any other. All strategies are compared with it."""

from collections.abc import Iterator

from vidset.selection.pool import Pick, Pool


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidates in an order that the seed decides."""
    for place in pool.order(range(len(pool.images))).tolist():
        if not pool.is_gone[place]:
            yield Pick(place, 0.0, f"chance, seed {pool.seed}")
