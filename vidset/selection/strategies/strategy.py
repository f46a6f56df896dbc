"""The form of a strategy: a rule that says which image of a pool is wanted next, and why."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from vidset.selection.pool import Pick, Pool

Picks = Callable[[Pool], Iterator[Pick]]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named rule.

    Attributes:
        rule: in one sentence, for people.
        picks: yields candidates, the most wanted first. Between two of them others may have been
            chosen or dropped: it looks at `pool.chosen` and `pool.is_gone` again, and yields none
            that is gone.
        lacks: says what the pool lacks for it, with the command that brings it; None: nothing.
        asks_model: whether a model's own answers decide. Then it takes no image of the evaluation
            side.
    """

    name: str
    rule: str
    picks: Picks
    lacks: Callable[[Pool], str | None] = lambda _: None
    asks_model: bool = False
