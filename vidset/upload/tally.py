"""Add up what becomes of recordings in memory that does not grow with their number."""

import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from vidset.upload.records import Record, State, Then

# A watched recording in one of these is looked at again, and then counted as what it ends as.
_MAY_CHANGE: frozenset[State] = frozenset({"failed", "unreadable"})


class Tally:
    """Counts records, and keeps them on disk if somebody wants to read them in the end.

    Args:
        folder: where they are kept, in a file that nobody else sees; None: they are not.
        tell: gets what a person should know: a path and a text.
    """

    def __init__(self, folder: Path | None, tell: Callable[[Path, str], None]):
        self.states, self.thens = Counter[State](), Counter[Then]()
        self.size_bytes = self.resumed_bytes = self.sent_bytes = 0
        self._kept = None if folder is None else _Kept(folder, tell)
        self._pending: dict[str, Record] = {}

    def add(self, record: Record, *, is_final: bool = True) -> None:
        """Count a recording.

        Args:
            is_final: it is not looked at again; else its next record replaces this one.
        """
        self.sent_bytes += record.sent_bytes
        before = self._pending.pop(record.file, None)
        if before and before.uri == record.uri and record.state == "present":
            record = replace(  # It was sent by this run, and could not be put away at once.
                record,
                state=before.state,
                resumed_bytes=before.resumed_bytes,
                sent_bytes=before.sent_bytes + record.sent_bytes,
            )
        if not is_final and (record.state in _MAY_CHANGE or record.then == "later"):
            self._pending[record.file] = record
        else:
            self._count(record)

    def finish(self) -> None:
        """Count what has not changed any more as what it is."""
        for record in self._pending.values():
            self._count(record)
        self._pending.clear()

    def records(self) -> Iterator[Record]:
        """Yield the records that were kept, in order; once."""
        return iter(()) if self._kept is None else self._kept.records()

    def has_any(self) -> bool:
        return bool(self._pending or self.states)

    def _count(self, record: Record) -> None:
        self.states[record.state] += 1
        self.thens[record.then] += 1
        if record.state == "uploaded":
            self.size_bytes += record.size_bytes or 0
            self.resumed_bytes += record.resumed_bytes
        if self._kept is not None:
            self._kept.add(record)


class _Kept:
    """Records in a file without a name; in memory, from the moment on that its disk is full."""

    def __init__(self, folder: Path, tell: Callable[[Path, str], None]):
        self._folder, self._tell = folder, tell
        self._file: int | None = None
        self._size = 0
        self._in_memory: list[Record] = []

    def add(self, record: Record) -> None:
        if not self._in_memory:
            line = json.dumps(asdict(record)).encode() + b"\n"
            try:
                if self._file is None:
                    self._file, path = tempfile.mkstemp(dir=self._folder)
                    os.unlink(path)
                while line:
                    line = line[os.write(self._file, line) :]
                self._size = os.lseek(self._file, 0, os.SEEK_CUR)
                return
            except OSError as error:
                self._tell(self._folder, f"{error.strerror}: the records are kept in memory")
        self._in_memory.append(record)

    def records(self) -> Iterator[Record]:
        if self._file is not None:
            with open(self._file, "rb") as file:
                file.seek(0)
                while file.tell() < self._size:
                    yield Record(**json.loads(file.readline()))
        yield from self._in_memory
