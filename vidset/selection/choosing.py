"""Choose images from a pool by one strategy, or by several with quotas."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from vidset.selection.cover import Cover
from vidset.selection.pool import Pick, Pool
from vidset.selection.strategies.registry import STRATEGIES


@dataclass(slots=True)
class Chosen:
    """The outcome of choosing.

    Attributes:
        picks: the strategy's name and its pick, in the order of rank.
        lacking: strategies that could not choose, and what they lack.
        covered: how many candidates were passed over since another image shows nearly the same.
    """

    picks: list[tuple[str, Pick]] = field(default_factory=list)
    lacking: dict[str, str] = field(default_factory=dict)
    covered: int = 0


def choose(pool: Pool, quotas: Mapping[str, float], number: int, cover: Cover) -> Chosen:
    """Choose up to `number` images.

    At each rank the strategy that is farthest behind its quota chooses, so that every beginning of
    the list has the quotas, too. The share of a strategy that lacks something, or has nothing left
    to choose, goes to the others as their quotas are.

    Args:
        quotas: by strategy; they sum to 1.

    Raises:
        ValueError: no strategy of the quotas can choose; what each lacks is named.
    """
    chosen = Chosen()
    if not pool.images:
        return chosen
    for name in quotas:
        if lack := STRATEGIES[name].lacks(pool):
            chosen.lacking[name] = lack
    running: dict[str, Iterator[Pick]] = {
        name: STRATEGIES[name].picks(pool) for name in quotas if name not in chosen.lacking
    }
    if not running:
        told = "; ".join(f"{name}: {lack}" for name, lack in chosen.lacking.items())
        raise ValueError(f"no image can be chosen: {told}")
    counts: Counter[str] = Counter()
    while running and len(chosen.picks) < number:
        total = sum(quotas[name] for name in running)
        done = sum(counts[name] for name in running) + 1

        def behind(name: str, total: float = total, done: int = done) -> float:
            return done * quotas[name] / total - counts[name]

        name = max(running, key=behind)
        pick = _next(running[name], pool, cover, chosen)
        if pick is None:
            del running[name]
            continue
        pool.choose(pick.place)
        counts[name] += 1
        chosen.picks.append((name, pick))
    return chosen


def _next(picks: Iterator[Pick], pool: Pool, cover: Cover, chosen: Chosen) -> Pick | None:
    """Return the strategy's next pick that repeats nothing."""
    for pick in picks:
        if not cover.covers(pick.place):
            return pick
        pool.drop(pick.place)
        chosen.covered += 1
    return None
