"""Rows of the ledgers, staged in parts that follow each other in the order of the table.

Each part is sorted in memory, and none is large: DuckDB, which sorts all rows at once, takes more
than 80 MB for it, however few they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.ledger.rows import Rows
from vidset.tables.schemas import Table

# Rows of a part, some 10 MB of them. Each part is a file that is open while rows are staged.
_PART_ROWS, _MOST_PARTS = 25_000, 128
# So many rows wait to be written, in so many tables: one of a single row takes a fifth of a
# megabyte.
_WAITING_ROWS, _WAITING_TABLES = 20_000, 100
# Of a row group: most parts are one.
_GROUP_ROWS = 30_000
_DAY = "day of partition"


@dataclass(frozen=True, slots=True)
class Placed:
    """A video's place in the order of the tables, and how many samples it has."""

    key: str
    day: date | None
    video_uri: str
    samples: int

    @property
    def place(self) -> tuple[bool, date, str]:
        """The order of `ORDER BY` in DuckDB: what has no day comes last."""
        return self.day is None, self.day or date.min, self.video_uri


def divide(videos: Iterable[Placed]) -> Mapping[str, int] | None:
    """Return the number of each video's part, by its key; None where there would be too many."""
    parts: dict[str, int] = {}
    number = rows = 0
    before: Placed | None = None
    for video in sorted(videos, key=lambda each: each.place):
        # Rows of one place stay together, since they are sorted within their part.
        if before is not None and rows >= _PART_ROWS and video.place != before.place:
            number, rows = number + 1, 0
        parts[video.key] = number
        rows += video.samples
        before = video
    return parts if number < _MOST_PARTS else None


def stage_parts(
    found: Iterator[Rows], parts: Mapping[str, int], schema: pa.Schema, paths: Sequence[Path]
) -> None:
    """Write each video's rows to the file of its part."""
    with ExitStack() as opened:
        writers = [
            opened.enter_context(pq.ParquetWriter(path, schema, compression="lz4"))
            for path in paths
        ]
        waiting: list[list[pa.Table]] = [[] for _ in paths]
        rows = tables = 0
        for some in found:
            for key, table in some.each():
                waiting[parts[key]].append(table)
                rows, tables = rows + len(table), tables + 1
                if rows >= _WAITING_ROWS or tables >= _WAITING_TABLES:
                    _write(waiting, writers, schema)
                    rows = tables = 0
        _write(waiting, writers, schema)


def _write(
    waiting: list[list[pa.Table]], writers: Sequence[pq.ParquetWriter], schema: pa.Schema
) -> None:
    for tables, writer in zip(waiting, writers, strict=True):
        if tables:
            writer.write_table(pa.concat_tables(tables).cast(schema))
            tables.clear()
    # Arrow keeps what it has freed, a hundred megabytes here, and DuckDB comes next.
    pa.default_memory_pool().release_unused()


def write_in_order(table: Table, paths: Sequence[str], path: Path, schema: pa.Schema) -> None:
    """Write the rows of the parts to one file, in the order of the table."""
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in paths:
            rows = _sorted(table, pq.ParquetFile(part, pre_buffer=False).read(use_threads=False))
            writer.write_table(rows, row_group_size=_GROUP_ROWS)
            del rows
            pa.default_memory_pool().release_unused()


def _sorted(table: Table, rows: pa.Table) -> pa.Table:
    names = rows.column_names
    order = [(name, "ascending") for name in table.clustering]
    if table.partitioned_by is not None:
        rows = rows.append_column(_DAY, rows[table.partitioned_by].cast(pa.date32()))
        order = [(_DAY, "ascending"), *order]
    return rows.sort_by(order).select(names)
