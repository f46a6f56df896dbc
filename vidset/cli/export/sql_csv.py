"""The CSV of `vidset sql`: DuckDB writes it, Python only sees values that need care.

Texts that a spreadsheet takes for a formula, or that a terminal obeys, stand in it quoted or
written out, unless `raw` is asked for.
"""

import csv
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO, Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# DuckDB imports it with the first batch, and a Ctrl-C in the middle of that would be lost.
import pyarrow.dataset

from vidset.cli.export.sql_values import as_text
from vidset.naming import visible

# With what spreadsheets begin a formula: https://owasp.org/www-community/attacks/CSV_Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_FORMULA_BYTES = np.frombuffer("".join(_FORMULA).encode(), np.uint8)
CSV_AT_ONCE = 60_000  # Rows in memory: DuckDB is asked once for each batch, which takes time.
_CHARACTERS = 1 << 20  # Of what is on its way to standard output.
_SECONDS = "strftime(value, '%Y-%m-%dT%H:%M:%S')"


def print_csv(rows: pa.RecordBatchReader, *, raw: bool = False) -> None:
    """Print a line of names and one for each row, in memory for one batch.

    Args:
        raw: texts stand as they are, formulas and control characters too.

    Raises:
        OSError: standard output takes no more.
    """
    names = rows.schema.names if raw else map(_quoted, rows.schema.names)
    csv.writer(sys.stdout, lineterminator="\n").writerow(names)
    texts = [_text_of(field.type) for field in rows.schema]
    # Names may be equal in an answer, and hold anything.
    columns = [f"c{number}" for number in range(len(texts))]
    kinds = [
        pa.string() if text is None else _kind_without_zone(field.type)
        for field, text in zip(rows.schema, texts, strict=True)
    ]
    # An only text that is empty is quoted, so that its line is not.
    empty = "coalesce({}, '')" if len(columns) == 1 else "nullif({}, '')"
    expressions = ", ".join(
        empty.format((text or "value").replace("value", name))
        for name, text in zip(columns, texts, strict=True)
    )
    with _into(sys.stdout) as path, duckdb.connect(config={"threads": 1}) as writing:
        for batch in rows:
            values = [
                _by_values(each, raw=raw) if text is None else each.cast(kind)
                for each, text, kind in zip(batch.columns, texts, kinds, strict=True)
            ]
            # Batch by batch: of a reader that is not read to its end, Arrow's threads outlive us.
            shown = writing.from_arrow(pa.table(values, columns))
            shown.project(expressions).write_csv(path, header=False)


def _text_of(kind: pa.DataType) -> str | None:
    """Return DuckDB's expression for the text that Python has for a `value`; None: there is none.

    DuckDB, too, writes the shortest digits that give a number again.
    """
    if pa.types.is_floating(kind):
        return "CASE WHEN isnan(value) THEN 'nan' ELSE value::DOUBLE::VARCHAR END"
    if pa.types.is_boolean(kind):
        return "CASE WHEN value THEN 'True' WHEN NOT value THEN 'False' END"
    if pa.types.is_timestamp(kind) and kind.unit != "ns" and kind.tz in (None, "UTC"):
        part = "CASE WHEN epoch_us(value) % 1000000 = 0 THEN '' ELSE strftime(value, '.%f') END"
        return f"{_SECONDS} || {part}" + ("" if kind.tz is None else " || '+00:00'")
    are_same = pa.types.is_integer, pa.types.is_decimal, pa.types.is_date
    return "value::VARCHAR" if any(is_one(kind) for is_one in are_same) else None


def _kind_without_zone(kind: pa.DataType) -> pa.DataType:
    """Return the type of the same moments, read as UTC: DuckDB's texts of zones are its own."""
    return pa.timestamp("us") if pa.types.is_timestamp(kind) else kind


def _by_values(column: pa.Array, *, raw: bool) -> pa.Array:
    """Return the texts of values that DuckDB writes in another way, or that need a look."""
    kind = column.type
    if pa.types.is_string(kind) and (raw or _is_plain(column)):
        return column
    if pa.types.is_string(kind) or pa.types.is_temporal(kind):  # Many are equal.
        encoded = pc.call_function("dictionary_encode", [column])
        distinct = [as_csv(each, raw=raw) for each in encoded.dictionary.to_pylist()]
        return pa.array(distinct, pa.string()).take(encoded.indices)
    return pa.array([as_csv(each, raw=raw) for each in column.to_pylist()], pa.string())


def _is_plain(column: pa.Array) -> bool:
    """Return whether no text begins a formula or holds what a terminal obeys, by its bytes."""
    _, offsets, texts = column.buffers()
    if texts is None:
        return True
    data = np.frombuffer(texts, np.uint8)
    bounds = np.frombuffer(offsets, np.int32)[column.offset : column.offset + len(column) + 1]
    firsts = data[bounds[:-1][bounds[1:] > bounds[:-1]]]
    if not len(firsts):
        return True
    within = data[bounds[0] : bounds[-1]]
    is_printable = within.min() >= ord(" ") and within.max() <= ord("~")
    return bool(is_printable) and not np.isin(firsts, _FORMULA_BYTES).any()


def as_csv(value: Any, *, raw: bool) -> str:
    """Return the text of one value."""
    text = as_text(value)
    if raw:
        return text
    return _quoted(text) if isinstance(value, str) else visible(text)


def _quoted(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and that no terminal obeys."""
    return visible(f"'{text}" if text.startswith(_FORMULA) else text)


@contextmanager
def _into(out: IO[str]) -> Iterator[str]:
    """Yield the path of a pipe; what is written to it goes on to `out`, as it comes.

    DuckDB opens files by their names, and would begin a file anew that standard output goes to.
    """
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        copied = pool.submit(_copy, reading, out)
        try:
            yield f"/dev/fd/{writing}"
        finally:
            os.close(writing)
            # Why nothing more could be written is told by the one that wrote, before DuckDB.
            copied.result()


def _copy(reading: int, out: IO[str]) -> None:
    with open(reading, encoding="utf-8", newline="") as source:
        shutil.copyfileobj(source, out, _CHARACTERS)
