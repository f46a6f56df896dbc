"""The tables in memory that the page asks: a database that ends with the process."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.view.filling import insert

_MEMORY = "2GB"
_DATABASE = "place"
# A row group of DuckDB's, which is compressed as a whole.
_COMPRESSED_ROWS = 122_880
_SCHEMA = Path(__file__).with_name("catalog.sql")


class EndingError(Exception):
    """Rows are not taken any more: the server ends."""


class MemoryTables:
    """The tables of `catalog.sql`, and `videos` and `frames`. Several threads may ask.

    Attributes:
        epoch: rises when images have got other numbers.
        frames_taken: rises whenever there are other frames than before.
    """

    def __init__(self) -> None:
        self.epoch, self.frames_taken = 0, 0
        self._is_ending = threading.Event()
        self._connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": ""})
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'")
        # Compressed, the rows of 200,000 images take a third of the memory.
        self._connection.execute(f"ATTACH ':memory:' AS {_DATABASE} (COMPRESS); USE {_DATABASE}")
        for name, schema in ("videos", VIDEOS), ("frames", FRAMES):
            self._connection.register("columns", schema.empty_table())
            number = "CAST(NULL AS BIGINT) AS n, " if name == "frames" else ""
            made = f"CREATE TABLE {name} AS SELECT {number}* FROM columns"  # noqa: S608
            self._connection.execute(made)
            self._connection.unregister("columns")
        self._connection.execute(_SCHEMA.read_text())
        # From here on, no question can reach a file or change a setting.
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def end(self) -> None:
        """Let a thread that fills a table raise EndingError soon."""
        self._is_ending.set()

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
                if self._is_ending.is_set():
                    raise EndingError
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
