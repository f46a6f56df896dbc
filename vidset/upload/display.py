"""What a person sees: progress and notes on stderr, the summary or one JSON object on stdout."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

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

from vidset.naming import printable

State = Literal["uploaded", "present", "planned", "absent", "different", "unreadable", "failed"]
_ORDER: tuple[State, ...] = (
    *("planned", "uploaded", "present"),
    *("absent", "different", "unreadable", "failed"),
)
_FAULTS = frozenset({"absent", "different", "unreadable", "failed"})
Then = Literal["kept", "deleted", "moved", "later"]


@dataclass(frozen=True, slots=True)
class Record:
    """What became of one recording.

    Attributes:
        state: `present` was there before; `planned` is what --dry-run says; `absent` and
            `different` are what --verify finds; `unreadable` was not uploaded because it does not
            decode.
        then: what became of the file on this machine; `later`: it is kept for now.
        sent_bytes: how much was sent for it, with what was sent in vain.
        verified: the store's checksum of the object was compared with the recording's.
        note: why it failed, or what else is to be known.
    """

    file: str
    state: State
    uri: str | None = None
    bytes: int | None = None
    sha256: str | None = None
    seconds: float = 0.0
    resumed_bytes: int = 0
    verified: bool = False
    note: str | None = None
    then: Then = "kept"
    sent_bytes: int = 0


class Display:
    """One for a run; nothing but faults is shown if `quiet`."""

    def __init__(self, *, as_json: bool, quiet: bool):
        self._as_json, self._quiet = as_json, quiet
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)

    def tell(self, path: Path, text: str) -> None:
        """Something to know of a file, at once."""
        self._errors.print(f"[yellow]{escape(printable(str(path)))}[/]: {escape(text)}")

    def show(self, record: Record) -> None:
        """A recording that is through; faults are told in any case."""
        if record.note:
            self.tell(Path(record.file), record.note)
        if self._quiet or self._as_json or record.state in _FAULTS:
            return
        line = f"{record.state} {record.file} -> {record.uri}"
        Console(highlight=False, soft_wrap=True, markup=False).print(line)

    @contextmanager
    def progress(self, path: Path, what: str, total: int) -> Iterator[Callable[[int], None]]:
        """A bar while the block runs, on a terminal; what it gives takes the bytes done."""
        if self._quiet or not sys.stderr.isatty():
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
            name = escape(printable(os.path.basename(path)))
            task = bars.add_task(f"{what} {name}", total=total)
            yield lambda count: bars.advance(task, count)

    def passed_over(self, kinds: Mapping[str, int]) -> None:
        """Files that are no videos by their names: counted, so that nobody misses them in vain."""
        if kinds:
            each = ", ".join(f"{number} {kind}" for kind, number in sorted(kinds.items()))
            text = f"passed over, not named like videos: {each}"
            self._errors.print(escape(text), style="yellow")

    def summary(
        self, records: Sequence[Record], seconds: float, passed_over: Mapping[str, int]
    ) -> None:
        """Counts of what became of the recordings; the last line says what left this machine."""
        counts = {state: sum(each.state == state for each in records) for state in _ORDER}
        sent = [each for each in records if each.state == "uploaded"]
        size = sum(each.bytes or 0 for each in sent)
        resumed = sum(each.resumed_bytes for each in sent)
        if self._as_json:
            totals = {"bytes": size, "resumed_bytes": resumed, "seconds": round(seconds, 3)}
            totals |= {"sent_bytes": sum(each.sent_bytes for each in records)}
            totals |= {"deleted": _number(records, "deleted"), "moved": _number(records, "moved")}
            totals |= {"passed_over": dict(passed_over)}
            print(json.dumps({**counts, **totals, "files": [asdict(each) for each in records]}))
        elif not self._quiet:
            each = [f"{number} {state}" for state, number in counts.items() if number]
            print(f"{', '.join(each) or 'nothing'}; {size / 1e6:.1f} MB in {seconds:.1f} s")
            if deleted := _number(records, "deleted"):
                print(f"{deleted} deleted here, each after its upload was verified")
            if moved := _number(records, "moved"):
                print(f"{moved} moved, each after its upload")


def _number(records: Iterable[Record], then: Then) -> int:
    return sum(each.then == then for each in records)


def exit_code(records: Iterable[Record]) -> int:
    return int(any(each.state in _FAULTS for each in records))
