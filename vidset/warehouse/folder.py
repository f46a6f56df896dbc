"""The warehouse in a folder: Parquet files that DuckDB and others read."""

import os
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from fcntl import LOCK_EX, flock
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.documents.rows import Row
from vidset.parquet import parquet_schema, read_parquet
from vidset.storage.writing import open_lock, rename_synced
from vidset.tables.arrow import arrow_columns, arrow_schema, as_stored
from vidset.tables.schemas import Column, Table, new_columns, tables
from vidset.warehouse.duckdb import open_duckdb, ordering, quoted, read, select
from vidset.warehouse.export import Export
from vidset.warehouse.files import PARTIAL, TableFiles, find_files
from vidset.warehouse.parts import write_in_order

_STAGED = ".staged"
# What a killed export has staged goes with the first one after this.
_STAGED_SECONDS = 24 * 3600
# Rows at once in memory, as Python has them: some 10 KB each.
_BATCH = 1_000
# Deltas are cheap to write and dear to read: so many, or such a part of the base, make a new base.
_MOST_DELTAS, _MOST_OF_BASE = 12, 0.25
_WRITE = "(FORMAT parquet, COMPRESSION zstd)"
# For rows of the ledgers, which are small: sorting 600,000 of them takes a tenth more time so than
# with 512 MB, and half the memory. A document's row may have megabytes.
_WRITE_SMALL = "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480)"
_SMALL_MEMORY, _SMALL_THREADS = "128MB", 1


class ParquetWarehouse:
    """One folder for each table; see `warehouse_files`.

    Any number of processes may stage. Merges wait for each other. A reader sees what was merged
    before it listed the files; only when two exports end while it reads, and the first one makes a
    new base, a file may go under its hands.
    """

    def __init__(self, folder: str):
        self.folder = Path(folder).absolute()
        self.staging = self.folder / _STAGED

    def prepare(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = f"no warehouse can be made there: {error.strerror}"
            raise ValueError(f"{self.folder}: {reason}") from None
        with self.locked():
            for table in tables().values():
                self._prepare(table)
            self._sweep()

    def watermark(self, source: str, table: str) -> datetime | None:
        rows = self._read_exports().to_pylist()
        same = (row for row in rows if (row["source"], row["table_name"]) == (source, table))
        return max((row["started_at"] for row in same), default=None)

    def stage(self, table: str, rows: Iterable[Row]) -> tuple[str, ...]:
        schema, rows = arrow_schema(tables()[table].columns), iter(rows)
        path = self.staging / f"{table}-{uuid.uuid4().hex}.parquet"
        writer = None
        try:
            while batch := list(islice(rows, _BATCH)):
                if writer is None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    writer = pq.ParquetWriter(path, schema, compression="lz4")
                writer.write_batch(pa.RecordBatch.from_pylist(batch, schema))
        finally:
            if writer is not None:
                writer.close()
        return (str(path),) if writer else ()

    def merge(self, table: str, files: Sequence[str]) -> int:
        changed = 0
        if files:
            with self.locked():
                live = self._files(table).live
                changed = self._add(tables()[table], _newer(tables()[table], files, live))
        for file in files:
            Path(file).unlink(missing_ok=True)
        return changed

    def remember(self, export: Export) -> None:
        row = pa.Table.from_pylist([export.to_row()], self._read_exports().schema)
        with self.locked():
            self.put(
                self._files("exports").next("base"), pa.concat_tables([self._read_exports(), row])
            )

    def close(self) -> None:
        pass

    def gather(self, table: Table, files: Sequence[str], *, anew: bool) -> None:
        """Take staged rows in, each key's in the place of those that the table has of it.

        Args:
            anew: in the place of all that the table has.
        """
        rows = f"SELECT * FROM {read(files)}"  # noqa: S608
        if anew:
            empty = self.schema(table).empty_table()
            self.put(self._files(table.name).next("base"), empty)
        if files:
            self._add(table, rows, has_small_rows=True)
        for file in files:
            Path(file).unlink()

    def gather_in_order(self, table: Table, parts: Sequence[str]) -> None:
        """Take staged parts in, in the place of all that the table has.

        Args:
            parts: files that follow each other in the order of the table.
        """
        path = self._files(table.name).next("base")
        partial = _partial(path)
        write_in_order(table, parts, partial, self.schema(table))
        rename_synced(partial, path)
        for part in parts:
            Path(part).unlink()

    def leave_out(self, table: Table, gone: pa.Table) -> None:
        """Delete the rows that have the values of a row of `gone` in its columns."""
        files = self._files(table.name)
        same = " AND ".join(f"rows.{name} = gone.{name}" for name in gone.column_names)
        query = (
            f"SELECT * FROM ({select(table, files)}) AS rows "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM gone WHERE {same})"
        )
        # A base alone is in its order already.
        query += f" {ordering(table)}" if files.deltas else ""
        if not self._copy(query, files.next("base"), gone=gone):
            self.put(files.next("base"), self.schema(table).empty_table())

    def schema(self, table: Table) -> pa.Schema:
        """Returns what the table's files hold."""
        return arrow_schema(as_stored(table.columns))

    def read(self, table: str, columns: Sequence[str]) -> pa.Table:
        """Read some columns of all rows."""
        found = select(replace(tables()[table], columns=_named(table, columns)), self._files(table))
        with open_duckdb(temporary=str(self.staging)) as connection:
            return connection.execute(found).to_arrow_table()

    def has_rows(self, table: str) -> bool:
        return _count(self._files(table).live) > 0

    def _add(self, table: Table, rows: str, *, has_small_rows: bool = False) -> int:
        """The rows of a query; how many there are."""
        files = self._files(table.name)
        is_first = _count(files.live) == 0
        added = files.next("base" if is_first else "delta")
        number = self._copy(f"{rows} {ordering(table)}", added, has_small_rows=has_small_rows)
        if number and not is_first:
            self._compact(table)
        return number

    def _compact(self, table: Table) -> None:
        files = self._files(table.name)
        much = _count(files.deltas) > _MOST_OF_BASE * _count([files.base] if files.base else [])
        if much or len(files.deltas) > _MOST_DELTAS:
            rows = f"SELECT * FROM ({select(table, files)})"  # noqa: S608
            self._copy(f"{rows} {ordering(table)}", files.next("base"))

    def _prepare(self, table: Table) -> None:
        files = self._files(table.name)
        files.folder.mkdir(parents=True, exist_ok=True)
        for left in files.folder.glob(f"{PARTIAL}*"):
            left.unlink()
        for file in files.replaced:
            file.unlink()
        empty = self.schema(table).empty_table()
        if files.base is None:
            self.put(files.next("base"), empty)
            return
        found = arrow_columns(parquet_schema(files.base)[0])
        if new_columns(table.name, as_stored(table.columns), found):
            self._add_columns(table, files, empty)

    def _add_columns(self, table: Table, files: TableFiles, empty: pa.Table) -> None:
        there = parquet_schema(files.live[0])[0].names
        known = tuple(column for column in table.columns if column.name in there)
        old = select(replace(table, columns=known), files)
        with open_duckdb(temporary=str(self.staging), threads=1) as connection:
            connection.register("empty", empty)
            query = f"SELECT * FROM empty UNION ALL BY NAME {old}"  # noqa: S608
            path = files.next("base")
            partial = _partial(path)
            connection.execute(f"COPY ({query}) TO {quoted(partial)} {_WRITE}")
        rename_synced(partial, path)

    def _copy(
        self, query: str, path: Path, *, has_small_rows: bool = False, **given: pa.Table
    ) -> int:
        """Write a query's rows to a file, unless there are none."""
        partial = _partial(path)
        memory, threads, write = "512MB", 1 if given else None, _WRITE
        if has_small_rows:
            memory, threads, write = _SMALL_MEMORY, _SMALL_THREADS, _WRITE_SMALL
        with open_duckdb(memory, str(self.staging), threads) as connection:
            for name, rows in given.items():
                connection.register(name, rows)
            done = connection.execute(f"COPY ({query}) TO {quoted(partial)} {write}").fetchone()
        number = done[0] if done else 0
        if number:
            rename_synced(partial, path)
        else:
            partial.unlink()
        return number

    def put(self, path: Path, rows: pa.Table) -> None:
        partial = _partial(path)
        pq.write_table(rows, partial, compression="zstd")
        rename_synced(partial, path)

    def _read_exports(self) -> pa.Table:
        return read_parquet(self._files("exports").live[0])

    def _files(self, table: str) -> TableFiles:
        return find_files(self.folder / table)

    def _sweep(self) -> None:
        oldest = time.time() - _STAGED_SECONDS
        with suppress(FileNotFoundError):
            for entry in os.scandir(self.staging):
                if entry.stat().st_mtime < oldest and entry.is_file():
                    os.unlink(entry.path)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Others wait, in any process of this machine."""
        with open_lock(self.folder / ".lock") as file:
            flock(file, LOCK_EX)
            yield


def _newer(table: Table, files: Sequence[str], live: Sequence[Path]) -> str:
    """Return SQL for the newest staged row of each key, if it is newer than the table's.

    Which ones these are is found by their keys alone: to carry whole rows along takes far longer.
    """
    staged = read(files, named=True)
    key, newest = ", ".join(table.key), ", ".join(table.newest_by)
    same = " AND ".join(f"there.{name} = staged.{name}" for name in table.key)
    there = ", ".join(f"there.{name}" for name in table.newest_by)
    found = ", ".join(f"staged.{name}" for name in table.newest_by)
    wanted = (
        "SELECT (filename, file_row_number) FROM "  # noqa: S608
        f"(SELECT filename, file_row_number, {key}, {newest} FROM {staged} "
        f"QUALIFY row_number() OVER (PARTITION BY {key} "
        f"ORDER BY {', '.join(f'{name} DESC' for name in table.newest_by)}) = 1) AS staged "
        f"WHERE NOT EXISTS (SELECT 1 FROM {read(live)} AS there WHERE {same} "
        f"AND ({there}) >= ({found}))"
    )
    return (
        f"SELECT {', '.join(table.names)} FROM {staged} "  # noqa: S608
        f"WHERE (filename, file_row_number) IN ({wanted})"
    )


def _named(table: str, names: Sequence[str]) -> tuple[Column, ...]:
    return tuple(column for column in tables()[table].columns if column.name in names)


def _partial(path: Path) -> Path:
    return path.with_name(f"{PARTIAL}{uuid.uuid4().hex}")


def _count(files: Iterable[Path]) -> int:
    return sum(parquet_schema(file)[1] for file in files)
