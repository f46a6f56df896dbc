"""Joins many small tables while they come: one row in a table of its own takes a fifth of a MB."""

import pyarrow as pa

_TABLES = 100


class Joined:
    """The rows of tables of one schema, in their order.

    Attributes:
        rows: how many there are.
    """

    def __init__(self, schema: pa.Schema):
        self._schema, self.rows = schema, 0
        self._large: list[pa.Table] = []
        self._small: list[pa.Table] = []

    def add(self, table: pa.Table) -> None:
        self._small.append(table)
        self.rows += len(table)
        if len(self._small) >= _TABLES:
            self._large.append(_one(self._small))
            self._small = []

    def take(self) -> pa.Table:
        """Return all of them as one table, and begin anew."""
        table = _one([self._schema.empty_table(), *self._large, *self._small])
        self._large, self._small, self.rows = [], [], 0
        return table


def _one(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables).combine_chunks()
