"""Reading Parquet. A file may be a stranger's: what it unpacks to is bounded."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.parquet_pages import Pages, count_pages
from vidset.regular_files import open_regular

# What a file may unpack to: so much, or so many times its own size.
_LEAST_BYTES, _MOST_TIMES = 64 << 20, 32
# Each row of ours has a hash or numbers that are its own, which take more bytes than it has values;
# but not those of a camera that saw nothing for some days.
_LEAST_VALUES, _VALUES_FOR_A_BYTE = 8_000_000, 1
_MOST_COLUMNS = 1000
# The footer tells of the columns; to read it takes a hundred times its size.
_MOST_FOOTER_BYTES = 1 << 20


class _NoPandas:
    """An import finder by which there is no pandas."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ImportError("not for Arrow")


# Their processes are ours alone: nobody hands Arrow lists there that hold pandas' NA or NaT.
_PROGRAMS = ("vidset.cli.main", "vidset.engines.child")


def _keep_pandas_out() -> None:
    """Let Arrow look for pandas once, and find none.

    Where pandas is installed, Arrow imports it with the first list that it is given, which takes a
    second. What needs it, such as `to_pandas`, looks again and gets it.
    """
    if "pandas" not in sys.modules:
        finder: Any = _NoPandas()
        sys.meta_path.insert(0, finder)
        try:
            _ = import_module("pyarrow.lib")._pandas_api.have_pandas
            # Arrow's C++ looks for NA and NaT by itself, and never again. A notebook may need them.
            if any(program in sys.modules for program in _PROGRAMS):
                pa.array([0])
        finally:
            sys.meta_path.remove(finder)


_keep_pandas_out()


def read_parquet(source: bytes | Path, columns: Sequence[str] | None = None) -> pa.Table:
    """A file, or its bytes, as a table. It may be a bomb: its pages are counted before.

    Columns that it does not have are left out.

    Bytes are Python's: Arrow's `read_table` leaves the last hold on them to threads of its own, and
    a process that ends before those let go dies of SIGABRT, its work done (apache/arrow#34314: so
    did 68 of 600 processes that read a manifest). Here the calling thread reads.

    Raises:
        FileNotFoundError: there is no such file.
        pyarrow.ArrowInvalid: it is no Parquet file, or would take far more memory than a file
            of its size should.
    """
    with ExitStack() as opened:
        data, size, name = _open(source, opened)
        file = opened.enter_context(_parquet_file(data, name))
        pages = _check(data, file.metadata, size, name)
        if pages.most_text_bytes > _most_bytes(size):
            # Texts stay in their dictionary until it is known how long they are in all.
            texts = _texts_of(file.metadata)
            data.seek(0)
            file = opened.enter_context(_parquet_file(data, name, texts))
        try:
            table = file.read(None if columns is None else list(columns), use_threads=False)
        except OSError as error:  # Arrow's own, of pages that do not unpack.
            raise pa.ArrowInvalid(f"{name}{error}") from None
        return _plain(table, size, name)


@dataclass(frozen=True, slots=True)
class CheckedParquet:
    """A file whose pages are counted, to read row group by row group."""

    file: pq.ParquetFile
    size: int
    name: str

    def read_row_group(self, number: int, columns: Sequence[str]) -> pa.Table:
        """Raises pyarrow.ArrowInvalid: it is damaged, or unpacks to too much."""
        try:
            table = self.file.read_row_group(number, list(columns), use_threads=False)
        except OSError as error:
            raise pa.ArrowInvalid(f"{self.name}{error}") from None
        return _plain(table, self.size, self.name)


@contextmanager
def open_parquet(source: bytes | Path, *, has_lists: bool = False) -> Iterator[CheckedParquet]:
    """Open a file of which a part is read at a time.

    Args:
        has_lists: texts may stand in lists. They stay in their dictionaries, as what they come to
            is counted before they are unpacked.

    Raises:
        As `read_parquet` does.
    """
    with ExitStack() as opened:
        data, size, name = _open(source, opened)
        file = opened.enter_context(_parquet_file(data, name))
        _check(data, file.metadata, size, name, has_lists=has_lists)
        texts = _texts_of(file.metadata)
        data.seek(0)
        with _parquet_file(data, name, texts) as file:
            yield CheckedParquet(file, size, name)


def check_parquet(paths: Iterable[str | Path]) -> None:
    """Refuse files that unpack to far more than files of their size should, for other readers.

    Raises:
        pyarrow.ArrowInvalid: one of them does, or is no Parquet file.
    """
    for path in paths:
        with ExitStack() as opened:
            data, size, name = _open(Path(path), opened)
            with _parquet_file(data, name) as file:
                _check(data, file.metadata, size, name)


def parquet_schema(path: Path) -> tuple[pa.Schema, int]:
    """The columns of a file, and its number of rows, from its footer alone.

    Raises:
        pyarrow.ArrowInvalid: it is no Parquet file.
    """
    with ExitStack() as opened:
        data, _, name = _open(path, opened)
        with _parquet_file(data, name) as file:
            return file.schema_arrow, file.metadata.num_rows


def _open(source: bytes | Path, opened: ExitStack) -> tuple[BinaryIO, int, str]:
    if isinstance(source, bytes):
        data: BinaryIO = opened.enter_context(pa.BufferReader(source))
        _check_footer(data, len(source), "")
        return data, len(source), ""
    try:
        file = opened.enter_context(open_regular(source))
    except FileNotFoundError:
        raise
    except OSError as error:
        raise pa.ArrowInvalid(f"{source}: {error.strerror}") from None
    size = os.fstat(file.fileno()).st_size
    _check_footer(file, size, f"{source}: ")
    return file, size, f"{source}: "


def _check_footer(data: BinaryIO, size: int, name: str) -> None:
    """The last eight bytes are the length of the footer before them, and a mark."""
    data.seek(max(0, size - 8))
    length = int.from_bytes(data.read(4), "little")
    most = max(_MOST_FOOTER_BYTES, size // 8)
    if size >= 12 and most < length < size:
        raise pa.ArrowInvalid(f"{name}wanted a footer of at most {most:,} bytes, got {length:,}")
    data.seek(0)


def _parquet_file(data: BinaryIO, name: str, texts: Sequence[str] = ()) -> pq.ParquetFile:
    try:
        # With `pre_buffer` a thread of Arrow's own reads, and now and then a process that ends just
        # after it dies of SIGABRT, its work done.
        return pq.ParquetFile(
            data, read_dictionary=texts, page_checksum_verification=True, pre_buffer=False
        )
    except (pa.ArrowException, OSError) as error:
        raise pa.ArrowInvalid(f"{name}{error}") from None


def _texts_of(told: pq.FileMetaData) -> list[str]:
    columns = map(told.schema.column, range(told.num_columns))
    return [each.path for each in columns if each.physical_type == "BYTE_ARRAY"]


def _check(
    data: BinaryIO, told: pq.FileMetaData, size: int, name: str, *, has_lists: bool = False
) -> Pages:
    most, most_values = _most_bytes(size), max(_LEAST_VALUES, _VALUES_FOR_A_BYTE * size)
    if told.num_columns > _MOST_COLUMNS:
        wanted = f"at most {_MOST_COLUMNS:,} columns"
        raise pa.ArrowInvalid(f"{name}wanted {wanted}, got {told.num_columns:,}")
    if told.num_rows * told.num_columns > most_values:
        raise _too_many(name, most_values, told.num_rows * told.num_columns)
    chunks = []
    for group in map(told.row_group, range(told.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            dictionary = column.dictionary_page_offset if column.has_dictionary_page else None
            start = min(filter(None, (dictionary, column.data_page_offset)), default=0)
            chunks.append((start, min(start + column.total_compressed_size, size)))
    try:
        pages = count_pages(data, chunks)
    except ValueError as error:
        raise pa.ArrowInvalid(f"{name}{error}") from None
    if pages.size_bytes > most:
        raise _too_large(name, most, pages.size_bytes)
    if pages.values > most_values:
        raise _too_many(name, most_values, pages.values)
    for column in map(told.schema.column, range(told.num_columns)):
        # Few of ours have lists of texts, of which a page of some bytes can make gigabytes.
        if not has_lists and column.physical_type == "BYTE_ARRAY" and column.max_repetition_level:
            raise pa.ArrowInvalid(f"{name}{column.path}: wanted no lists of texts, got some")
    return pages


def _call(name: str, values: Any) -> Any:
    from pyarrow.compute import call_function  # It takes as long as the rest of Arrow to import.

    return call_function(name, [values])


def _plain(table: pa.Table, size: int, name: str) -> pa.Table:
    """The table with its texts as such, unless they would be too long."""
    most, total = _most_bytes(size), table.nbytes
    may_hold_texts = [
        column
        for column in table.columns
        if column.type.num_fields or pa.types.is_dictionary(column.type)
    ]
    for column in may_hold_texts:
        for chunk in column.chunks:
            for texts in _texts_in(chunk):
                lengths = _call("binary_length", texts.dictionary).cast(pa.int64())
                total += _call("sum", lengths.take(texts.indices)).as_py() or 0
    if total > most:
        raise _too_large(name, most, total)
    if not any(map(pa.types.is_dictionary, table.schema.types)):
        return table
    return pa.table(
        [
            column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column
            for column in table.columns
        ],
        schema=pa.schema(
            [
                field.with_type(field.type.value_type)
                if pa.types.is_dictionary(field.type)
                else field
                for field in table.schema
            ],
            metadata=table.schema.metadata,
        ),
    )


def _texts_in(array: pa.Array) -> Iterator[pa.DictionaryArray]:
    """The texts of a column, also those within its lists and structures."""
    if isinstance(array, pa.DictionaryArray):
        if len(array.dictionary):
            yield array
    elif isinstance(array, pa.StructArray):
        for part in array.flatten():
            yield from _texts_in(part)
    elif isinstance(array, pa.ListArray | pa.LargeListArray):
        yield from _texts_in(array.flatten())


def _most_bytes(size: int) -> int:
    return max(_LEAST_BYTES, _MOST_TIMES * size)


def _too_large(name: str, most: int, size: int) -> pa.ArrowInvalid:
    return pa.ArrowInvalid(
        f"{name}wanted a file that unpacks to at most {most:,} bytes, got {size:,} or more"
    )


def _too_many(name: str, most: int, values: int) -> pa.ArrowInvalid:
    return pa.ArrowInvalid(f"{name}wanted a file of at most {most:,} values, got {values:,}")
