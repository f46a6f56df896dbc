"""The tables that the page asks: in memory, over a file of what was read before if there is one."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.view.filling import create_table, insert
from vidset.view.snapshot import Snapshot

_MEMORY = "2GB"
_DATABASE, _SNAPSHOT = "place", "before"
# A row group of DuckDB's, which is compressed as a whole.
_COMPRESSED_ROWS = 122_880
# The tables of ledgers: what a snapshot has, and what this process has read.
_TABLES = ("videos", VIDEOS), ("frames", FRAMES)
_SCHEMA = Path(__file__).with_name("catalog.sql")


class EndingError(Exception):
    """Rows are not taken any more: the server ends."""


class MemoryTables:
    """The tables of `catalog.sql`, and `videos` and `frames`. Several threads may ask.

    Rows of ledgers are put into `own_videos` and `own_frames`.

    Attributes:
        is_open: whether `open` was called.
        epoch: rises when images have got other numbers.
        frames_taken: rises whenever there are other frames than before.
    """

    def __init__(self) -> None:
        self.epoch, self.frames_taken = 0, 0
        self._is_ending = threading.Event()
        self.is_open = False
        self._connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": ""})

    def open(self, snapshot: Snapshot | None = None) -> None:
        """Create the tables; called once, before anything is asked.

        Raises:
            duckdb.Error: the snapshot cannot be read. It may be called without one then.
        """
        if snapshot is not None:
            path = str(snapshot.path).replace("'", "''")
            self._connection.execute(f"ATTACH '{path}' AS {_SNAPSHOT} (READ_ONLY)")
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # Compressed, the rows of 200,000 images take a third of the memory.
        self._connection.execute(f"ATTACH ':memory:' AS {_DATABASE} (COMPRESS); USE {_DATABASE}")
        for name, schema in _TABLES:
            create_table(self._connection, f"own_{name}", schema, is_numbered=name == "frames")
            self._connection.execute(_view(name, has_snapshot=snapshot is not None))
        first = 0 if snapshot is None else snapshot.frames
        self._connection.execute(f"CREATE SEQUENCE numbers START {first} MINVALUE 0")
        self._connection.execute(_SCHEMA.read_text())
        # From here on, no question can reach a file or change a setting.
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self.is_open = True

    def end(self) -> None:
        """Let a thread that fills a table raise EndingError soon."""
        self._is_ending.set()

    def check_ending(self) -> None:
        """Do nothing while rows are wanted.

        Raises:
            EndingError: `end` was called.
        """
        if self._is_ending.is_set():
            raise EndingError

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Ask a question of our own."""
        with self.cursor() as cursor:
            found = cursor.execute(sql, list(parameters))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def arrays(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """Ask a question of our own; the columns as NumPy arrays."""
        with self.cursor() as cursor:
            return cursor.execute(sql, list(parameters)).fetchnumpy()

    def batches(self, sql: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        """Ask a question of our own; so many rows of the answer at once."""
        with self.cursor() as cursor:
            cursor.execute(sql)
            while some := cursor.fetchmany(size):
                yield some

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        cursor.execute(f"USE {_DATABASE}")
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def limited(self, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for a question of a person, which is ended after `seconds`."""
        with self.cursor() as cursor:
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.start()
            try:
                yield cursor
            finally:
                timer.cancel()

    def insert(self, name: str, rows: pa.Table, *, select: str = "*", before: str = "") -> None:
        """Add rows to a table, by the names of their columns, in one transaction.

        Args:
            before: what is done first, in the same transaction; it sees the rows as `new_rows`.
        """
        with self.transaction() as cursor:
            insert(cursor, name, rows, select=select, before=before)

    def fill(self, name: str, tables: Iterable[pa.Table], *, select: str = "*") -> None:
        """Put all rows into a table that nobody asks yet; what was in it goes.

        Unlike in one transaction, the rows are compressed in between; the last ones are not yet.

        Raises:
            EndingError: `end` was called.
        """
        with self.cursor() as cursor:
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608
            waiting = 0
            for table in tables:
                self.check_ending()
                insert(cursor, name, table, select=select)
                waiting += len(table)
                del table
                pa.default_memory_pool().release_unused()
                if waiting >= _COMPRESSED_ROWS:
                    self.compress()
                    waiting = 0

    def compress(self) -> None:
        """Compress what was added since the last time, unless somebody is just writing."""
        with self.cursor() as cursor, suppress(duckdb.TransactionException):
            cursor.execute(f"CHECKPOINT {_DATABASE}")

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose changes are seen together at the end, or, after an error, not at all."""
        with self.cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()

    @staticmethod
    def empty_ledgers(cursor: duckdb.DuckDBPyConnection) -> None:
        """Take all rows of ledgers away, those of the snapshot as well."""
        for name, _ in _TABLES:
            cursor.execute(f"DELETE FROM own_{name}")  # noqa: S608
            cursor.execute(_view(name, has_snapshot=False))


def _view(name: str, *, has_snapshot: bool) -> str:
    before = f"FROM {_SNAPSHOT}.{name} UNION ALL " if has_snapshot else ""
    return f"CREATE OR REPLACE VIEW {name} AS {before}FROM own_{name}"
