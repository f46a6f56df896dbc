"""Remembers the local files that earlier runs have read, so that only changed ones are read.

A file below `.cache` has, for each file that was read, what names its content, and the size, times
and inode that it had then. It is a memory and nothing more: it may be deleted at any time, and of
two runs at once the later one's stays.
"""

import io
import os
import time

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.parquet import read_parquet
from vidset.storage.folder import stamp_of
from vidset.storage.open import open_store

_SCHEMA = pa.schema(
    [
        pa.field("path", pa.binary(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
    ]
)
# A file may be written twice within one tick of its file system's clock, which is 2 s at most, and
# then looks the same: what was written so recently is read again next time.
_TICK_NANOSECONDS = 2_000_000_000


class KnownFiles:
    """Remembers what is in files of this machine, by their paths.

    Args:
        place, name: where it is remembered.
        is_full: nothing is believed; what is read is remembered all the same.
        is_dry: nothing is written.
    """

    def __init__(self, place: str, name: str, *, is_full: bool = False, is_dry: bool = False):
        self._store, self._name = open_store(place), name
        self._is_full, self._is_dry, self._has_changed = is_full, is_dry, False
        self._known: dict[bytes, tuple[str, str]] = self._read()
        self._seen: dict[str, str] = {}

    def digest(self, path: str) -> str | None:
        """Return what was learned of a file that is as it was when it was read; else None."""
        try:
            status = os.stat(path)
        except (OSError, ValueError):
            return None
        stamp = stamp_of(status)
        known, digest = self._known.get(os.fsencode(path), ("", ""))
        if known == stamp and not self._is_full:
            return digest
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > _TICK_NANOSECONDS:
            self._seen[path] = stamp
        return None

    def learn(self, path: str, digest: str) -> None:
        """Remember what is in a file that was read since `digest` was asked for it."""
        key, seen = os.fsencode(path), self._seen.get(path)
        if seen is None or self._known.get(key) == (seen, digest):
            return
        try:
            has_stayed = stamp_of(os.stat(path)) == seen
        except OSError:
            return
        if has_stayed:
            self._known[key] = seen, digest
            self._has_changed = True

    def save(self) -> None:
        """Write down what was learned.

        Raises:
            OSError: that cannot be; nothing but time is lost.
        """
        if self._is_dry or not self._has_changed:
            return
        rows = [(path, *known) for path, known in sorted(self._known.items())]
        columns = zip(*rows, strict=True)
        table = pa.table(list(map(pa.array, columns)), schema=_SCHEMA)
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        self._store.put(self._name, sink.getvalue(), "application/vnd.apache.parquet")
        self._has_changed = False

    def _read(self) -> dict[bytes, tuple[str, str]]:
        try:
            table = read_parquet(self._store.read(self._name))
        except (OSError, pa.ArrowInvalid):  # Not there, or damaged: the files are read again.
            return {}
        if not table.schema.equals(_SCHEMA):
            return {}
        paths, *known = (column.to_pylist() for column in table.columns)
        return dict(zip(paths, zip(*known, strict=True), strict=True))
