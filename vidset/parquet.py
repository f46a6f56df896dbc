"""Reading Parquet."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

_LEAST_BYTES, _MOST_TIMES = 64 << 20, 32
_ROWS_AT_ONCE = 256


def read_parquet(source: bytes | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A file, or its bytes, as a table.

    Bytes are Python's: Arrow's `read_table` leaves the last hold on them to threads of its own, and
    a process that ends before those let go dies of SIGABRT, its work done (apache/arrow#34314: so
    did 68 of 600 processes that read a manifest). Here the calling thread reads.

    Raises:
        FileNotFoundError: there is no such file.
        pyarrow.ArrowInvalid: it is no Parquet file.
    """
    opened = pa.BufferReader(source) if isinstance(source, bytes) else source
    wanted = None if columns is None else list(columns)
    with pq.ParquetFile(opened) as file:
        return file.read(wanted, use_threads=False)


def read_parquet_of_others(data: bytes) -> pa.Table:
    """Read a file that may be a bomb: its counts first, then some rows at a time.

    The rows may take 64 MiB, or 32 times the file's own size, which manifests of a million images
    stay far below: each row has a hash, which cannot be compressed.

    Raises:
        ValueError: they would take more.
        pyarrow.ArrowInvalid: it is no Parquet file.
    """
    most = max(_LEAST_BYTES, _MOST_TIMES * len(data))
    with pq.ParquetFile(pa.BufferReader(data)) as file:
        groups = range(file.metadata.num_row_groups)
        told = sum(file.metadata.row_group(group).total_byte_size for group in groups)
        cells = file.metadata.num_rows * file.metadata.num_columns
        if max(told, cells) > most:
            raise _too_large(max(told, cells), most)
        batches, size = [], 0
        for batch in file.iter_batches(_ROWS_AT_ONCE, use_threads=False):
            size += batch.nbytes
            if size > most:
                raise _too_large(size, most)
            batches.append(batch)
        return pa.Table.from_batches(batches, file.schema_arrow)


def _too_large(size: int, most: int) -> ValueError:
    return ValueError(f"wanted a file that unpacks to at most {most:,} bytes, got {size:,} or more")
