"""Queries over one BigQuery dataset."""

from collections.abc import Iterator
from typing import Any

from google.cloud import bigquery

from vidset.bigquery import dataset_of, open_client
from vidset.warehouse.bigquery_refusals import refusals

# Rows of a query's answer at once in memory: some 10 KB each.
_PAGE = 5_000


class DatasetQueries:
    """Queries over one dataset: a table or view that is named without a dataset is of this one.

    BIGQUERY_EMULATOR_HOST leads to an emulator.

    Raises:
        ValueError: the uri is not bq://project.dataset, there is no such dataset, or nobody here
            who may read it.
    """

    def __init__(self, uri: str):
        self._uri = uri
        self._dataset = dataset_of("a warehouse", uri)
        with refusals(self._uri):
            self._client = open_client(self._dataset.project)
            self._location = self._client.get_dataset(self._dataset).location

    def check(self, query: str) -> int:
        """Returns how many bytes the query will read at most. Nothing runs.

        Raises:
            ValueError: it is not one SELECT, or BigQuery does not take it.
        """
        with refusals(self._uri):
            job = self._query(query, is_dry_run=True)
        if job.statement_type != "SELECT":
            raise ValueError(f"{self._uri}: wanted one SELECT, got {job.statement_type}")
        return job.total_bytes_processed or 0

    def rows(self, query: str) -> Iterator[dict[str, Any]]:
        """The answer, a page at a time; records are dicts, what is repeated a list.

        Raises:
            ValueError: BigQuery does not take it, or cannot finish it.
        """
        with refusals(self._uri):
            answer = self._query(query).result(page_size=_PAGE)
        for row in answer:
            yield dict(row)

    def close(self) -> None:
        self._client.close()

    def _query(self, query: str, *, is_dry_run: bool = False) -> bigquery.QueryJob:
        config = bigquery.QueryJobConfig(default_dataset=self._dataset, dry_run=is_dry_run)
        return self._client.query(query, location=self._location, job_config=config)
