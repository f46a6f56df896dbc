"""Rows of a table by the values of a column.

`Table.filter` with an expression imports Arrow's datasets, and with them pandas where it is
installed, which takes longer than most of what is filtered here.
"""

from collections.abc import Collection

import pyarrow as pa
import pyarrow.compute as pc

Values = pa.ChunkedArray | pa.Array | Collection[str]


def rows_with(table: pa.Table, name: str, values: Values) -> pa.Table:
    """Return the rows whose value in a column is among some."""
    return table.filter(is_among(table[name], values))


def rows_without(table: pa.Table, name: str, values: Values) -> pa.Table:
    """Return the rows whose value in a column is not among some."""
    return table.filter(pc.call_function("invert", [is_among(table[name], values)]))


def repeated(table: pa.Table, name: str) -> pa.Table:
    """Return the rows whose value in a column other rows have, too."""
    counts = table[name].value_counts()
    is_several = pc.call_function("greater", [counts.field("counts"), pa.scalar(1)])
    return rows_with(table, name, counts.field("values").filter(is_several))


def is_among(column: pa.ChunkedArray, values: Values) -> pa.ChunkedArray:
    if not isinstance(values, pa.ChunkedArray | pa.Array):
        values = pa.array(list(values), pa.string())
    return pc.call_function("is_in", [column], pc.SetLookupOptions(values))
