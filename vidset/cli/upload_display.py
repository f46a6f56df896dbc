"""`vidset upload` shows notes and progress on stderr, results on stdout."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from vidset.cli.console import plural, say, size
from vidset.cli.results import Rows
from vidset.naming import printable, visible
from vidset.upload.records import FAULTS, Record, State, Uploads

_ORDER: tuple[State, ...] = (
    *("planned", "uploaded", "present"),
    *("absent", "different", "unreadable", "failed"),
)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """The object that `vidset upload --json` prints.

    Attributes:
        output: the uri that the recordings were sent to.
        planned, uploaded, present, absent, different, unreadable, failed: how many recordings
            ended in each state.
        size_bytes: the size of what was uploaded.
        resumed_bytes: how much of it earlier runs had sent.
        sent_bytes: how much this run sent, with what was sent in vain.
        deleted, moved: what became of the files on this machine.
        passed_over: files that are not named like videos, by extension.
        left: recordings that were not reached before the run was stopped.
    """

    output: str
    planned: int
    uploaded: int
    present: int
    absent: int
    different: int
    unreadable: int
    failed: int
    size_bytes: int
    resumed_bytes: int
    sent_bytes: int
    seconds: float
    deleted: int
    moved: int
    passed_over: Mapping[str, int]
    left: Sequence[str]
    files: Rows[Record]


def as_result(output: str, done: Uploads) -> Uploaded:
    """Return what --json prints of a run."""
    return Uploaded(
        output,
        **{state: done.states.get(state, 0) for state in _ORDER},
        size_bytes=done.size_bytes,
        resumed_bytes=done.resumed_bytes,
        sent_bytes=done.sent_bytes,
        seconds=round(done.seconds, 3),
        deleted=done.thens.get("deleted", 0),
        moved=done.thens.get("moved", 0),
        passed_over=done.passed_over,
        left=[printable(str(path)) for path in done.left],
        files=Rows(done.records),
    )


def show_summary(done: Uploaded) -> None:
    """Print how many recordings ended in which state, and what left this machine."""
    counts = {state: getattr(done, state) for state in _ORDER}
    each = ", ".join(f"{number:,} {state}" for state, number in counts.items() if number)
    say(f"{each or 'nothing'}; {size(done.size_bytes)} in {done.seconds:.1f} s")
    if done.deleted:
        verb = "was" if done.deleted == 1 else "were"
        say(f"{plural(done.deleted, 'recording')} {verb} deleted here after a verified upload")
    if done.moved:
        verb = "was" if done.moved == 1 else "were"
        say(f"{plural(done.moved, 'recording')} {verb} moved after the upload")


class Display:
    """Shows a run while it goes on. With `is_quiet`, only notes and faults are shown."""

    def __init__(self, *, is_quiet: bool):
        self._is_quiet = is_quiet
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def tell(self, path: Path, text: str) -> None:
        """Show a note about a file at once."""
        self._errors.print(f"[yellow]{escape(visible(str(path)))}[/]: {escape(visible(text))}")

    def show(self, record: Record) -> None:
        """Show a recording that is done with; its note is shown in any case."""
        if record.note:
            self.tell(Path(record.file), record.note)
        if not self._is_quiet and record.state not in FAULTS:
            say(f"{record.state} {record.file} -> {record.uri}")

    @contextmanager
    def progress(self, path: Path, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """Show a bar on a terminal while the block runs."""
        if self._is_quiet or not sys.stderr.isatty():
            yield lambda _: None
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._errors, transient=True) as bars:
            name = escape(visible(os.path.basename(path)))
            task = bars.add_task(f"{what} {name}", total=total)
            yield lambda count: bars.advance(task, count)
