"""`rare`: images that seem to show a label of which there are few."""

from collections.abc import Iterator

from vidset.selection.pool import Pick, Pool
from vidset.selection.strategies.uncertain import NO_PREDICTIONS


def lacks(pool: Pool) -> str | None:
    """Say that there are no predictions."""
    return None if pool.predicted else NO_PREDICTIONS


def picks(pool: Pool) -> Iterator[Pick]:
    """Yield the candidates by the score of a predicted label over 1 plus its labeled objects.

    Images that are chosen count as if what was predicted in them were there, so that one short
    label does not get all; of equals, the seed decides.
    """
    counts: dict[str, float] = dict(pool.label_counts)
    places = [
        place
        for place in pool.order(pool.predicted).tolist()
        if pool.predicted[place].labels and not pool.is_evaluated[place]
    ]
    by_label: dict[str, list[int]] = {}
    for place in places:
        for label in pool.predicted[place].labels:
            by_label.setdefault(label, []).append(place)
    for label, found in by_label.items():
        found.sort(key=lambda place: pool.predicted[place].labels[label])
    done = 0
    while True:
        for place in pool.chosen[done:]:
            if place in pool.predicted:
                for label, score in pool.predicted[place].labels.items():
                    counts[label] = counts.get(label, 0) + score
        done = len(pool.chosen)
        best: tuple[float, str] | None = None
        for label, found in sorted(by_label.items()):
            while found and pool.is_gone[found[-1]]:
                found.pop()
            if found:
                worth = pool.predicted[found[-1]].labels[label] / (1 + counts.get(label, 0))
                if best is None or worth > best[0]:
                    best = worth, label
        if best is None:
            return
        worth, label = best
        place = by_label[label][-1]
        score = pool.predicted[place].labels[label]
        reason = f"{label!r} with score {score:.2f}, of which there are {counts.get(label, 0):.0f}"
        yield Pick(place, round(worth, 6), reason)
