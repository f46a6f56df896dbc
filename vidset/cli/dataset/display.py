"""Prints the results of the commands of `vidset dataset`."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from vidset.cli.console import say, table, working

SHORT_ID = 12
# So much that is harmless is named on the screen; --json and version.json name all.
NAMED = 10


@contextmanager
def counting(what: str, *, show: bool) -> Iterator[Callable[[int], None]]:
    """Show a number that grows, on a terminal, until the block ends."""
    with working(what, show=show) as update:
        yield lambda number: update(f"{what}: {number:,}")


def show_counts(rows: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> None:
    """Print a table of numbers; zeros are left empty."""
    cells = [
        [name, *(numbers.get(each) or None for each in columns)] for name, numbers in rows.items()
    ]
    say(table(["", *columns], cells))


def some(lines: Sequence[str], limit: int) -> Iterable[str]:
    """The first lines, and how many more there are."""
    yield from lines[:limit]
    if len(lines) > limit:
        yield f"... and {len(lines) - limit:,} more: --json names all"


def told_faults(faults: list) -> Iterator[str]:
    """A line for each fault; of what is harmless, some of each kind."""
    named: Counter[str] = Counter()
    for fault in faults:
        named[fault.kind] += 1
        if named[fault.kind] <= NAMED or not fault.kind.is_harmless:
            yield f"left out: {fault}"
    harmless = {fault.kind for fault in faults if fault.kind.is_harmless}
    for kind, number in named.items():
        if kind in harmless and number > NAMED:
            yield f"left out: {number - NAMED} more: {kind}"
