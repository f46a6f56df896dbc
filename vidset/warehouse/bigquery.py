"""The warehouse in a BigQuery dataset: rows come by load job, and go on by MERGE."""

import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from string import Template

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from vidset.bigquery import dataset_of, is_any_of, open_client, sql_name
from vidset.documents.rows import Row
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.tables.schemas import Column, Table, new_columns, tables
from vidset.warehouse.export import Export, as_json
from vidset.warehouse.views import VIEWS, view_sql

# What a killed export leaves goes by itself.
_STAGED_EXPIRES = timedelta(days=1)
# Rows at once in memory: some 10 KB each.
_BATCH = 5_000
_NDJSON = "application/x-ndjson"


class DatasetWarehouse:
    """Staged files are JSON lines in a folder or bucket; a merge loads all of them by one job.

    A table takes 1,500 load jobs a day: an export needs one, however many workers stage. MERGE
    takes all rows or none. What is staged in a bucket stays there, for its lifecycle rule.

    Raises:
        ValueError: the uri is not bq://project.dataset.
    """

    def __init__(self, uri: str, staging: str):
        self._dataset = dataset_of("--warehouse", uri)
        self._client = open_client(self._dataset.project)
        self._staging_uri = staging
        self._staging: ObjectStore = open_store(staging)

    def prepare(self) -> None:
        try:
            self._client.get_dataset(self._dataset)
        except NotFound:
            raise ValueError(
                f"there is no dataset {self._dataset.project}.{self._dataset.dataset_id}"
            ) from None
        for table in tables().values():
            self._prepare(table)
        for view in VIEWS:
            self._prepare_view(view)

    def watermark(self, source: str, table: str) -> datetime | None:
        query = (
            f"SELECT MAX(started_at) AS started_at FROM {self._sql('exports')} "  # noqa: S608
            "WHERE source = @source AND table_name = @table"
        )
        config = bigquery.QueryJobConfig(
            query_parameters=[
                bigquery.ScalarQueryParameter("source", "STRING", source),
                bigquery.ScalarQueryParameter("table", "STRING", table),
            ]
        )
        [row] = self._client.query(query, job_config=config).result()
        return row["started_at"]

    def stage(self, table: str, rows: Iterable[Row]) -> tuple[str, ...]:
        return tuple(self._stage(table, iter(rows)))

    def merge(self, table: str, files: Sequence[str]) -> int:
        if not files:
            return 0
        wanted = tables()[table]
        target = self._client.get_table(self._dataset.table(table))
        staged = self._client.create_table(self._staged_table(wanted))
        try:
            self._load(staged, files, target.location)
            job = self._client.query(_merge(wanted, target, staged), location=target.location)
            job.result()
        finally:
            self._client.delete_table(staged, not_found_ok=True)
        return job.num_dml_affected_rows or 0

    def remember(self, export: Export) -> None:
        row = export.to_row()
        names = ", ".join(row)
        kinds = {column.name: column.type for column in tables()["exports"].columns}
        parameters = [
            bigquery.ScalarQueryParameter(name, _PARAMETERS.get(kinds[name], kinds[name]), value)
            for name, value in row.items()
        ]
        values = ", ".join(f"@{name}" for name in row)
        statement = f"INSERT INTO {self._sql('exports')} ({names}) VALUES ({values})"  # noqa: S608
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        self._client.query(statement, job_config=config).result()

    def close(self) -> None:
        self._client.close()

    def _prepare(self, table: Table) -> None:
        reference = self._dataset.table(table.name)
        try:
            found = self._client.get_table(reference)
        except NotFound:
            self._client.create_table(_as_bigquery(table, reference), exists_ok=True)
            return
        there = tuple(Column.from_json(field.to_api_repr()) for field in found.schema)
        if new_columns(table.name, table.columns, there):
            found.schema = [_field(column) for column in table.columns]
            self._client.update_table(found, ["schema"])

    def _prepare_view(self, name: str) -> None:
        dataset = f"{self._dataset.project}.{self._dataset.dataset_id}"
        view = bigquery.Table(self._dataset.table(name))
        view.view_query = Template(view_sql("bigquery", name)).substitute(dataset=dataset)
        try:
            found = self._client.get_table(view.reference)
        except NotFound:
            self._client.create_table(view, exists_ok=True)
            return
        if found.view_query != view.view_query:
            self._client.update_table(view, ["view_query"])

    def _stage(self, table: str, rows: Iterator[Row]) -> Iterator[str]:
        while batch := list(islice(rows, _BATCH)):
            name = f"{table}-{uuid.uuid4().hex}.ndjson"
            data = "".join(f"{as_json(row)}\n" for row in batch).encode()
            self._staging.put(name, data, _NDJSON)
            yield name

    def _staged_table(self, table: Table) -> bigquery.Table:
        """Return a table of this attempt alone: two attempts must not share one."""
        reference = self._dataset.table(f"{table.name}_export_{uuid.uuid4().hex}")
        staged = bigquery.Table(reference, [_field(column) for column in table.columns])
        staged.expires = datetime.now(UTC) + _STAGED_EXPIRES
        return staged

    def _load(self, staged: bigquery.Table, files: Sequence[str], location: str | None) -> None:
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=staged.schema,
            # To overwrite may take the table's expiration along.
            write_disposition=bigquery.WriteDisposition.WRITE_EMPTY,
        )
        if self._staging_uri.startswith("gs://"):
            uris = [self._staging.uri(file) for file in files]
            self._client.load_table_from_uri(
                uris, staged, location=location, job_config=config
            ).result()
            return
        with tempfile.TemporaryFile() as together:
            for file in files:
                together.write(self._staging.read(file))
            self._client.load_table_from_file(
                together,
                staged,
                rewind=True,
                size=together.tell(),
                location=location,
                job_config=config,
            ).result()

    def _sql(self, table: str) -> str:
        return sql_name(self._dataset.table(table))


def erase_rows(
    uri: str, wanted: Iterable[tuple[str, str, Sequence[str]]], *, is_dry: bool
) -> Iterator[tuple[str, int]]:
    """Delete rows by the values of a column; yields each table with how many rows those are.

    Time travel shows the rows for as long as the dataset's is set to. Rows that a program of
    somebody else has streamed into a table within the last half hour are refused by BigQuery: load
    jobs and statements, by which vidset writes, leave none such.

    Args:
        wanted: (table, column, values); a column may be VIDEO_KEY.
        is_dry: only count them.
    """
    dataset = dataset_of("--warehouse", uri)
    client = open_client(dataset.project)
    try:
        for table, column, values in wanted:
            place = sql_name(dataset.table(table))
            condition, parameters = is_any_of(column, values)
            where = f"FROM {place} WHERE {condition}"
            config = bigquery.QueryJobConfig(query_parameters=parameters)
            try:
                [row] = client.query(f"SELECT COUNT(*) AS n {where}", job_config=config).result()
            except NotFound:  # A table that an earlier vidset did not know.
                continue
            if row["n"] and not is_dry:
                client.query(f"DELETE {where}", job_config=config).result()
            yield table, row["n"]
    finally:
        client.close()


# What parameters of a query call these types.
_PARAMETERS = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}


def _merge(table: Table, target: bigquery.Table, staged: bigquery.Table) -> str:
    """Return SQL that takes the newest staged row of each key, if it is newer than the table's."""
    names = [f"`{name}`" for name in table.names]
    same = " AND ".join(f"T.{name} = S.{name}" for name in table.key)
    newest = ", ".join(f"{name} DESC" for name in table.newest_by)
    return (
        f"MERGE INTO {sql_name(target)} AS T USING ("  # noqa: S608 (see sql_name)
        f"SELECT * FROM {sql_name(staged)} QUALIFY ROW_NUMBER() OVER "
        f"(PARTITION BY {', '.join(table.key)} ORDER BY {newest}) = 1) AS S ON {same} "
        f"WHEN MATCHED AND ({_newer(table.newest_by)}) THEN UPDATE SET "
        f"{', '.join(f'{name} = S.{name}' for name in names)} "
        f"WHEN NOT MATCHED THEN INSERT ({', '.join(names)}) "
        f"VALUES ({', '.join(f'S.{name}' for name in names)})"
    )


def _newer(names: Sequence[str]) -> str:
    """S after T: by the first of the columns in which they differ."""
    first, *rest = names
    after = f"S.{first} > T.{first}"
    return f"{after} OR S.{first} = T.{first} AND ({_newer(rest)})" if rest else after


def _as_bigquery(table: Table, reference: bigquery.TableReference) -> bigquery.Table:
    made = bigquery.Table(reference, [_field(column) for column in table.columns])
    if table.partitioned_by:
        made.time_partitioning = bigquery.TimePartitioning(
            type_=bigquery.TimePartitioningType.DAY, field=table.partitioned_by
        )
    if table.clustering:
        made.clustering_fields = list(table.clustering)
    return made


def _field(column: Column) -> bigquery.SchemaField:
    return bigquery.SchemaField(
        column.name,
        column.type,
        mode=column.mode,
        description=column.description,
        fields=[_field(each) for each in column.fields],
    )
