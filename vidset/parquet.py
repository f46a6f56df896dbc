"""Reading Parquet."""

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


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
