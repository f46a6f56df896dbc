"""What the commands of `vidset label` show: results on stdout, progress and problems on stderr."""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape


def say(text: str) -> None:
    """A line of the result."""
    Console(highlight=False, soft_wrap=True).print(escape(text))


def show_problems(problems: Iterable[str]) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for problem in problems:
        console.print(f"[yellow]{escape(problem)}[/]")


@contextmanager
def counting(what: str, *, show: bool) -> Iterator[Callable[[Counter[str]], None]]:
    """Counts by outcome, on a terminal, until the block ends."""
    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    with Console(stderr=True).status(what) as status:

        def update(counts: Counter[str]) -> None:
            each = ", ".join(f"{number} {outcome}" for outcome, number in counts.items() if number)
            status.update(f"{what}: {each}")

        yield update
