"""Opens what answers queries over a warehouse: DuckDB over a folder's files, or BigQuery."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from typing import Any, Protocol

from vidset.storage.registry import check_client


class Queries(Protocol):
    """Tables and views go by their bare names, and SQL of ours is such as both dialects take."""

    def check(self, query: str) -> int:
        """Returns how many bytes that are paid for it will read, at most.

        Raises:
            ValueError: it is not one SELECT, or is not taken. No row was read.
        """
        ...

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        """The answer, some rows at a time; records are dicts, what is repeated is a list.

        Raises:
            ValueError: it is not taken, or cannot be finished.
        """
        ...


def open_queries(warehouse: str) -> AbstractContextManager[Queries]:
    """Open queries over a folder, or over bq://project.dataset.

    Raises:
        ValueError: there is no warehouse, or what it takes is not installed.
    """
    scheme, separator, _ = warehouse.partition("://")
    if not separator:
        from vidset.datasets.curation.sources.warehouse_duckdb import open_folder

        return open_folder(warehouse)
    if scheme != "bq":
        raise ValueError(f"a warehouse must be a folder or bq://PROJECT.DATASET, got {warehouse!r}")
    check_client(warehouse)
    from vidset.warehouse.bigquery_queries import DatasetQueries

    return closing(DatasetQueries(warehouse))
