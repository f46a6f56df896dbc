"""Tables of one BigQuery dataset, for a reader that follows them.

Asking when a table was changed and listing its rows cost nothing; a query costs what it reads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from vidset.bigquery import dataset_of, open_client
from vidset.warehouse.bigquery_refusals import refusals

# A page that is open does not wait longer to be told that BigQuery is away.
_SECONDS = 10.0
_RETRY = DEFAULT_RETRY.with_timeout(_SECONDS)
# Rows of an answer at once in memory.
_PAGE = 20_000
Parameters = Mapping[str, str | datetime | Sequence[str]]


@dataclass(frozen=True, slots=True)
class TableState:
    """A table as its metadata tells it: when it was changed last, and how many rows it has."""

    changed_at: datetime
    rows: int


class DatasetTables:
    """Reads tables of one dataset. BIGQUERY_EMULATOR_HOST leads to an emulator.

    Attributes:
        queries, billed_bytes: how many queries there were so far, and for how many bytes they are
            paid.

    Raises:
        ValueError: the uri is not bq://project.dataset, there is no such dataset, or nobody here
            who may read it.
    """

    def __init__(self, uri: str):
        self.uri = uri
        self.queries, self.billed_bytes = 0, 0
        self._dataset = dataset_of("--warehouse", uri)
        self._fields: dict[str, Mapping[str, bigquery.SchemaField]] = {}
        with refusals(uri):
            self._client = open_client(self._dataset.project)
            found = self._client.get_dataset(self._dataset, retry=_RETRY, timeout=_SECONDS)
            self._location = found.location

    def state(self, table: str) -> TableState:
        """Ask when a table was changed.

        Raises:
            ValueError: there is no such table, it may not be read, or BigQuery is away.
        """
        reference = self._dataset.table(table)
        with refusals(self.uri):
            try:
                found = self._client.get_table(reference, retry=_RETRY, timeout=_SECONDS)
            except NotFound:
                raise ValueError(
                    f"{self.uri}: there is no table {table}; "
                    f"vidset sync --warehouse {self.uri} makes it"
                ) from None
        if found.modified is None:
            raise ValueError(f"{self.uri}: BigQuery does not tell when {table} was changed")
        self._fields[table] = {field.name: field for field in found.schema}
        return TableState(found.modified, found.num_rows or 0)

    def rows(self, table: str, names: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield all rows of a table whose state was asked; what it lacks of the columns is null.

        Raises:
            ValueError: they cannot be read.
        """
        with refusals(self.uri):
            for row in self._listed(table, names):
                yield {name: row.get(name) for name in names}

    def rows_arrow(self, table: str, schema: pa.Schema) -> Iterator[pa.Table]:
        """Yield all rows as tables of a schema; see `rows`."""
        with refusals(self.uri):
            for batch in self._listed(table, schema.names).to_arrow_iterable():
                yield _in_schema(batch, schema)

    def query(self, sql: str, parameters: Parameters) -> Iterator[dict[str, Any]]:
        """Yield the answer to a query; a table that is named without a dataset is of this one.

        Args:
            parameters: the values of `@name` in it, by their names.

        Raises:
            ValueError: BigQuery does not take it, or cannot finish it.
        """
        with refusals(self.uri):
            yield from map(dict, self._answer(sql, parameters))

    def query_arrow(
        self, sql: str, parameters: Parameters, schema: pa.Schema
    ) -> Iterator[pa.Table]:
        """Yield the answer to a query as tables of a schema; see `query`."""
        with refusals(self.uri):
            for batch in self._answer(sql, parameters).to_arrow_iterable():
                yield _in_schema(batch, schema)

    def there(self, table: str, names: Sequence[str]) -> list[str]:
        """Return which columns a table has whose state was asked: an older one has fewer."""
        return [name for name in names if name in self._fields[table]]

    def close(self) -> None:
        self._client.close()

    def _listed(self, table: str, names: Sequence[str]) -> Any:
        fields = [self._fields[table][name] for name in self.there(table, names)]
        return self._client.list_rows(
            self._dataset.table(table),
            selected_fields=fields,
            page_size=_PAGE,
            retry=_RETRY,
            timeout=_SECONDS,
        )

    def _answer(self, sql: str, parameters: Parameters) -> Any:
        given = [_parameter(name, value) for name, value in parameters.items()]
        config = bigquery.QueryJobConfig(default_dataset=self._dataset, query_parameters=given)
        job = self._client.query(sql, location=self._location, job_config=config, retry=_RETRY)
        answer = job.result(page_size=_PAGE)
        self.queries += 1
        self.billed_bytes += job.total_bytes_billed or 0
        return answer


def _parameter(name: str, value: str | datetime | Sequence[str]) -> Any:
    if isinstance(value, str):
        return bigquery.ScalarQueryParameter(name, "STRING", value)
    if isinstance(value, datetime):
        return bigquery.ScalarQueryParameter(name, "TIMESTAMP", value)
    return bigquery.ArrayQueryParameter(name, "STRING", value)


def _in_schema(batch: pa.RecordBatch, schema: pa.Schema) -> pa.Table:
    there = set(batch.schema.names)
    columns = [
        batch.column(field.name).cast(field.type)
        if field.name in there
        else pa.nulls(len(batch), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
