"""Rows as lines of JSON, made a column at a time: the same text as `to_json` of each row."""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.versions.canonical import to_json

_SPACE = 0x20


def json_lines(batch: pa.RecordBatch, optional: Collection[str] = ()) -> memoryview:
    """The rows, each as an object with its keys sorted and a newline behind it, in UTF-8.

    Args:
        optional: columns that are left out of the rows in which they are null. None of them sorts
            before all others.
    """
    parts: list[pa.Array | pa.Scalar] = []
    for name, between in _keys(batch.schema.names):
        values = _values(batch.column(name))
        if name in optional:
            whole = pc.call_function(
                "binary_join_element_wise", [pa.scalar(between), values, pa.scalar("")]
            )
            parts.append(pc.call_function("coalesce", [whole, pa.scalar("")]))
        else:
            values = pc.call_function("coalesce", [values, pa.scalar("null")])
            parts += [pa.scalar(between), values]
    parts += [pa.scalar("}\n"), pa.scalar("")]
    lines = pc.call_function("binary_join_element_wise", parts)
    if not len(lines):
        return memoryview(b"")
    # The texts of an array stand one behind the other in memory.
    _, offsets, data = lines.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[lines.offset] : ends[lines.offset + len(lines)]]


def _keys(names: list[str]) -> Iterator[tuple[str, str]]:
    """Each name, sorted, with the text before its value."""
    for number, name in enumerate(sorted(names)):
        yield name, f"{',' if number else '{'}{to_json(name)}:"


def _values(column: pa.Array) -> pa.Array:
    """Each value as JSON; null where there is none."""
    if column.null_count == len(column):
        return pa.nulls(len(column), pa.string())
    if pa.types.is_integer(column.type):
        return pc.call_function("cast", [column], pc.CastOptions.safe(pa.string()))
    if pa.types.is_string(column.type):
        return _texts(column)
    # Python writes floats in their own way.
    texts = pa.array([None if each is None else to_json(each) for each in column.to_pylist()])
    return texts.cast(pa.string())


def _texts(column: pa.Array) -> pa.Array:
    there = _letters(column)
    if (there < _SPACE).any():  # JSON escapes these in another way than by a backslash before them.
        values = column.to_pylist()
        return pa.array([None if each is None else to_json(each) for each in values], pa.string())
    for special in ("\\", '"'):
        if (there == ord(special)).any():
            column = pc.call_function(
                "replace_substring", [column], pc.ReplaceSubstringOptions(special, f"\\{special}")
            )
    quote = pa.scalar('"')
    return pc.call_function("binary_join_element_wise", [quote, column, quote, pa.scalar("")])


def _letters(column: pa.Array) -> np.ndarray:
    """The bytes of all texts of a column, one behind the other, as uint8."""
    _, offsets, data = column.buffers()
    if offsets is None or data is None:
        return np.empty(0, np.uint8)
    ends = np.frombuffer(offsets, np.int32)
    return np.frombuffer(data, np.uint8)[ends[column.offset] : ends[column.offset + len(column)]]
