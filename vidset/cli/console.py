"""Every command shows results on stdout; progress, problems and the next step on stderr."""

import os
import re
import shlex
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

import typer

from vidset.cli.results import as_object, print_json
from vidset.naming import visible

if TYPE_CHECKING:
    from vidset.project import Project

_WIDTH = 80
_NUMBER = re.compile(r"-?[\d,]+(\.\d+)?( ?%)?")


def say(text: str) -> None:
    """Print a line of the result on stdout."""
    typer.echo(visible(text))


def tell(text: str) -> None:
    """Print a line on stderr that belongs to no result: a choice that was made, a warning."""
    typer.echo(visible(text), err=True)


def show_problems(problems: Iterable[str]) -> None:
    """Print each problem on a line of stderr, in yellow on a terminal."""
    for problem in problems:
        typer.secho(visible(problem), err=True, fg=None if "NO_COLOR" in os.environ else "yellow")


def answer(
    result: Any,
    show: Callable[[], None],
    *,
    as_json: bool,
    quiet: bool,
    project: "Project | None" = None,
    next_words: str | None = None,
) -> None:
    """Give a command's result: as one JSON object, or as text with the next command on stderr.

    Args:
        result: a dataclass or a mapping, of the type that `described(result=...)` names.
        show: prints the result for a person.
        project: the place, so that the next command names it where that is necessary.
        next_words: the command that makes sense now, such as "vidset train"; None if there is none.
    """
    following = next_words and project.command(next_words) if project else next_words
    if as_json:
        print_json(as_object(result, following))
        return
    if not quiet:
        show()
        if following:
            sys.stdout.flush()
            tell(f"Next: {following}")


def in_earnest() -> str:
    """Return the command that was typed, without --dry-run."""
    words = [word for word in sys.argv[1:] if word not in ("--dry-run", "--json")]
    return shlex.join(["vidset", *words])


def confirm(question: str, *, yes: bool) -> None:
    """Ask before something is paid for, sent, deleted or replaced.

    Raises:
        ValueError: nobody is there to ask, and --yes was not given.
        typer.Exit: the answer was no.
    """
    if yes:
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ValueError(
            f"{question} There is no terminal to ask on: --yes does it, --dry-run shows it"
        )
    if not typer.confirm(question, default=False, err=True):
        tell("Nothing was done.")
        raise typer.Exit(1)


@contextmanager
def working(what: str, *, show: bool = True) -> Iterator[Callable[[str], None]]:
    """Show on a terminal what is being done, until the block ends.

    Yields a function that replaces the text.
    """
    if not (show and sys.stderr.isatty()):
        yield lambda _: None
        return
    from rich.console import Console
    from rich.markup import escape

    with Console(stderr=True).status(escape(visible(what))) as status:
        yield lambda text: status.update(escape(visible(text)))


@contextmanager
def counting(what: str, *, show: bool) -> Iterator[Callable[[Counter[str]], None]]:
    """Show counts by outcome on a terminal until the block ends."""
    with working(what, show=show) as update:

        def count(counts: Counter[str]) -> None:
            each = ", ".join(f"{n:,} {outcome}" for outcome, n in counts.items() if n)
            update(f"{what}: {each}" if each else what)

        yield count


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Lay rows out below their columns' names; one field a line where that is too wide.

    Numbers stand to the right. Missing values (None) are left empty.
    """
    from rich.cells import cell_len

    cells = [[_cell(value) for value in row] for row in rows]
    widths = [
        max([cell_len(name), *(cell_len(row[index]) for row in cells)])
        for index, name in enumerate(columns)
    ]
    if sum(widths) + 2 * (len(columns) - 1) > width():
        return _fields(columns, cells)
    right = [_is_number(column) for column in zip(*rows, strict=True)] or [False] * len(columns)
    lines = []
    for row in [list(columns), *cells]:
        parts = []
        for text, wide, is_right in zip(row, widths, right, strict=True):
            gap = " " * (wide - cell_len(text))
            parts.append(gap + text if is_right else text + gap)
        lines.append("  ".join(parts).rstrip())
    return "\n".join(lines)


def width() -> int:
    """Return the terminal's columns; 80 where there is no terminal."""
    return get_terminal_size((_WIDTH, 24)).columns


def number(value: float) -> str:
    """Write a number: 12,345; 0.612; 1,234.5."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1000 else f"{value:.3g}"


def share(value: float) -> str:
    """Write a share of 1 as a percentage: 61.2 %."""
    return f"{100 * value:.1f} %"


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Write a count with its noun: 1 video; 2,000 videos."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def size(size_bytes: float) -> str:
    """Write a size in units of 1,000: 512 bytes; 1.2 MB."""
    for unit in "bytes", "kB", "MB", "GB":
        if size_bytes < 1000:
            return f"{int(size_bytes)} {unit}" if unit == "bytes" else f"{size_bytes:.1f} {unit}"
        size_bytes /= 1000
    return f"{size_bytes:.1f} TB"


def duration(seconds: float) -> str:
    """Write a time: 0.8 s; 3 min 20 s; 2 h 5 min."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value)
    return visible(" ".join(str(value).split()))


def _is_number(values: Sequence[Any]) -> bool:
    known = [value for value in values if value not in (None, "")]
    return bool(known) and not any(
        isinstance(value, bool) or not _NUMBER.fullmatch(_cell(value)) for value in known
    )


def _fields(columns: Sequence[str], cells: Sequence[Sequence[str]]) -> str:
    wide = max(len(name) for name in columns)
    blocks = (
        "\n".join(
            f"{name.ljust(wide)}  {text}".rstrip() for name, text in zip(columns, row, strict=True)
        )
        for row in cells
    )
    return "\n\n".join(blocks)
