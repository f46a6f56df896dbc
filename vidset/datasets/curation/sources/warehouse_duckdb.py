"""Queries over a warehouse in a folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from vidset.warehouse.asking import check_question, open_warehouse

_MEMORY = "1GB"


class FolderQueries:
    """See vidset.datasets.curation.sources.warehouse_queries.Queries."""

    def __init__(self, folder: str, connection: duckdb.DuckDBPyConnection):
        self._folder, self._connection = folder, connection

    def check(self, query: str) -> int:
        try:
            self._connection.execute(check_question(self._connection, f"{query} LIMIT 0"))
        except duckdb.Error as error:
            raise ValueError(str(error)) from None
        return 0

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        try:
            # A cursor each: a connection's result ends with its next query.
            for batch in self._connection.cursor().execute(query).to_arrow_reader():
                yield from batch.to_pylist()
        except duckdb.Error as error:
            raise ValueError(f"{self._folder}: {error}") from None


@contextmanager
def open_folder(folder: str) -> Iterator[FolderQueries]:
    """Opens a warehouse as it is now, whatever is exported to it meanwhile.

    Raises:
        ValueError: there is no warehouse.
    """
    with TemporaryDirectory() as temporary:
        connection = open_warehouse(folder, _MEMORY, temporary)
        try:
            yield FolderQueries(folder, connection)
        finally:
            connection.close()
