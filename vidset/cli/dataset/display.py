"""What the commands of `vidset dataset` show: results on stdout, all else on stderr."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vidset.datasets.errors import FaultsError

SHORT_ID = 12


def say(text: str) -> None:
    """A line of the result."""
    Console(highlight=False, soft_wrap=True).print(escape(text))


def warn(lines: Iterable[str]) -> None:
    """A line each, on stderr."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for line in lines:
        console.print(f"[yellow]{escape(line)}[/]")


def refused(error: FaultsError, *, as_json: bool) -> int:
    """Name all that is wrong; the exit code."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"[red]{escape(error.summary)}[/]")
    warn(f"  {fault}" for fault in error.faults)
    if as_json:
        print(json.dumps({"error": error.summary, "faults": error.faults}))
    return 1


@contextmanager
def counting(what: str, *, show: bool) -> Iterator[Callable[[int], None]]:
    """A number that grows, on a terminal, until the block ends."""
    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    with Console(stderr=True).status(what) as status:
        yield lambda number: status.update(f"{what}: {number:,}")


def show_counts(rows: Mapping[str, Mapping[str, int]], columns: Sequence[str]) -> None:
    """A table of numbers."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("", *columns):
        table.add_column(escape(column), justify="right" if column else "left", no_wrap=True)
    for name, numbers in rows.items():
        table.add_row(escape(name), *(_number(numbers.get(column, 0)) for column in columns))
    console = Console(highlight=False)
    if not console.is_terminal:  # A file or a pipe is as wide as need be.
        console = Console(highlight=False, width=10_000)
    console.print(table)


def _number(value: Any) -> str:
    return f"{value:,}" if value else ""
