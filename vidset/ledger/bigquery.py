"""A BigQuery dataset: its tables `frames` and `videos` as ledgers, and `statements` beside them."""

import json
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import IO, Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery

from vidset.bigquery import VIDEO_KEY, dataset_of, is_any_of, open_client, sql_name
from vidset.elements import Extraction, FrameRow, VideoRow
from vidset.ledger.statements import Statement, as_stated, new_statement
from vidset.naming import printable
from vidset.rights import Rights

# Of each table: what its rows are, and what tells them apart.
_TABLES: dict[str, tuple[type, tuple[str, ...]]] = {
    "frames": (FrameRow, ("video_uri", "generation", "settings_id", "pts_seconds")),
    "videos": (VideoRow, ("video_uri", "generation")),
}
# What a killed worker leaves goes by itself.
_LOADED_EXPIRES = timedelta(days=1)
# Their names come as a parameter of a query, which may have some megabytes.
_VIDEOS_AT_ONCE = 1_000


class TableLedger:
    """Rows come by load job into a table of the commit's own; those the ledger lacks, on into it.

    So a commit after a crash, or of what was delivered twice, gives no double rows, which streaming
    inserts could not promise. Only two workers that commit one video in the same second can, for
    neither statement sees the other's rows. Such rows are equal in every column.

    Frames come before their video. When a job dies in between and the video is then done with other
    settings, both leave frames: those count that have the `settings_id` of the video's row.

    BIGQUERY_EMULATOR_HOST leads to an emulator.

    Raises:
        ValueError: the uri is not bq://project.dataset.
    """

    is_quick = False

    def __init__(self, uri: str):
        self._dataset = dataset_of("--ledger", uri)
        self._client = open_client(self._dataset.project)

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        rows = self._of("SELECT *", "videos", video_uri, generation)
        return rows[0] if rows else None

    def frames(self, video_uri: str, generation: str) -> list[dict[str, Any]]:
        return self._of("SELECT *", "frames", video_uri, generation)

    def frames_of(
        self, videos: Iterable[tuple[str, str]], columns: Sequence[str]
    ) -> Iterator[dict[str, Any]]:
        """Yield columns of the frames of videos, by their uris and generations, in no order."""
        table, names = sql_name(self._dataset.table("frames")), ", ".join(columns)
        keys = sorted(f"{uri}#{generation}" for uri, generation in videos)
        for start in range(0, len(keys), _VIDEOS_AT_ONCE):
            where, parameters = is_any_of(VIDEO_KEY, keys[start : start + _VIDEOS_AT_ONCE])
            query = f"SELECT {names} FROM {table} WHERE {where}"  # noqa: S608 (see sql_name)
            config = bigquery.QueryJobConfig(query_parameters=parameters)
            yield from map(dict, self._client.query(query, job_config=config).result())

    def reopen(self, video_uri: str, generation: str) -> None:
        self._of("DELETE", "videos", video_uri, generation)

    def videos(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of all videos, in no order.

        Raises:
            ValueError: there is no such table.
        """
        table = sql_name(self._dataset.table("videos"))
        try:
            rows = self._client.query(f"SELECT * FROM {table}").result()  # noqa: S608
        except NotFound:
            raise ValueError(self._missing("table videos")) from None
        yield from map(dict, rows)

    def statements(self, video_uri: str, generation: str) -> list[Statement]:
        """Return what was stated of a video since it was extracted, the oldest first.

        Raises:
            ValueError: a row is no statement.
        """
        try:
            rows = self._of("SELECT *", "statements", video_uri, generation)
        except NotFound:  # An earlier vidset has made the tables.
            return []
        return [Statement.of_row(row) for row in sorted(rows, key=lambda row: row["stated_at"])]

    def restate(self, row: Mapping[str, Any], stated: Rights, actor: str, stated_at: str) -> bool:
        before = Rights.of(row)
        now = stated.or_else(before)
        if now == before:
            return False
        video = row["video_uri"], row["generation"]
        self._check_columns(row)
        if made := new_statement(self.statements(*video), before, stated, actor, stated_at):
            self._keep(made.to_row(*video))
        said = ", ".join(f"`{name}` = @{name}" for name in now.columns())
        self._of(f"UPDATE SET {said}", "videos", *video, **now.columns())
        return True

    def _check_columns(self, row: Mapping[str, Any]) -> None:
        """Refuse a table of videos that an earlier vidset has made, before anything is written."""
        for name in Rights().columns():
            if name not in row:
                raise ValueError(f"{self._missing(f'column {name} in its table videos')}")

    def _keep(self, statement: Mapping[str, Any]) -> None:
        table = sql_name(self._dataset.table("statements"))
        names, values = ", ".join(statement), ", ".join(f"@{name}" for name in statement)
        parameters = [
            bigquery.ScalarQueryParameter(
                name, "TIMESTAMP" if isinstance(value, datetime) else "STRING", value
            )
            for name, value in statement.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        insert = f"INSERT INTO {table} ({names}) VALUES ({values})"  # noqa: S608 (see sql_name)
        try:
            self._client.query(insert, job_config=config).result()
        except NotFound:
            raise ValueError(self._missing("table statements")) from None

    def _missing(self, what: str) -> str:
        uri = f"bq://{self._dataset.project}.{self._dataset.dataset_id}"
        return (
            f"{uri}: wanted a {what}, which an earlier vidset has not made: terraform apply does, "
            f"and vidset sync --warehouse {uri}"
        )

    def _of(
        self, what: str, table: str, video_uri: str, generation: str, **values: str | None
    ) -> list[dict[str, Any]]:
        """Do it to the rows of a video.

        Args:
            what: SELECT and its columns, DELETE, or UPDATE and what it sets.
            values: texts that it names, by parameter.
        """
        verb, _, rest = what.partition(" ")
        place = sql_name(self._dataset.table(table))
        begin = f"UPDATE {place} {rest}" if verb == "UPDATE" else f"{what} FROM {place}"
        statement = f"{begin} WHERE video_uri = @video_uri AND generation = @generation"
        values = {"video_uri": printable(video_uri), "generation": generation, **values}
        parameters = [
            bigquery.ScalarQueryParameter(name, "STRING", value) for name, value in values.items()
        ]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        return [dict(row) for row in self._client.query(statement, job_config=config).result()]

    def commit(self, extractions: Iterable[Extraction]) -> None:
        # By key: events delivered twice may put a video twice into one batch.
        batch = {extraction.key: extraction for extraction in extractions}.values()
        anew = [extraction for extraction in batch if extraction.replaces]
        self._add("frames", (frame for extraction in batch for frame in extraction.frames), anew)
        # Last: from here on the videos are done.
        self._add("videos", map(self._as_held, batch))

    def _as_held(self, extraction: Extraction) -> VideoRow:
        """Return the video's row, with what was stated of the video since the rows that it had."""
        video = extraction.video
        if not extraction.replaces:
            return video
        statements = self.statements(video.video_uri, video.generation)
        held = as_stated(statements, Rights.of(video.to_row()))
        return replace(video, **held.columns())

    def _add(
        self, table: str, rows: Iterable[FrameRow | VideoRow], anew: Iterable[Extraction] = ()
    ) -> None:
        """Add rows that are not there; those of `anew` replace all rows of their video."""
        videos = {extraction.video.video_uri for extraction in anew}
        with tempfile.TemporaryFile() as file:  # As JSON, the rows of long videos fill the memory.
            for row in rows:
                videos.add(row.video_uri)
                line = json.dumps(row.to_row(), ensure_ascii=False, default=datetime.isoformat)
                file.write(line.encode() + b"\n")
            if not videos:
                return
            ledger = self._client.get_table(self._dataset.table(table))
            loaded = self._client.create_table(_loaded_table(ledger))
            try:
                if file.tell():
                    self._load(file, loaded, ledger.location)
                for extraction in anew:
                    self._replace(ledger, loaded, extraction.video)
                self._insert(ledger, loaded, sorted(videos))
            finally:
                self._client.delete_table(loaded, not_found_ok=True)

    def _load(self, file: IO[bytes], loaded: bigquery.Table, location: str | None) -> None:
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            schema=loaded.schema,
            # To overwrite may take the table's expiration along.
            write_disposition=bigquery.WriteDisposition.WRITE_EMPTY,
        )
        self._client.load_table_from_file(
            file, loaded, rewind=True, size=file.tell(), location=location, job_config=config
        ).result()

    def _replace(self, ledger: bigquery.Table, loaded: bigquery.Table, video: VideoRow) -> None:
        """Replaces rows by MERGE: at no moment are a video's rows gone."""
        names = _columns(ledger)
        _, key = _TABLES[ledger.table_id]
        same = " AND ".join(f"there.{column} = loaded.{column}" for column in key)
        is_of_video = "video_uri = @video_uri AND {}generation = @generation"
        statement = (
            f"MERGE INTO {sql_name(ledger)} AS there "  # noqa: S608 (see sql_name)
            f"USING (SELECT * FROM {sql_name(loaded)} WHERE {is_of_video.format('')}) AS loaded "
            f"ON {same} "
            f"WHEN MATCHED THEN UPDATE SET {', '.join(f'`{n}` = loaded.`{n}`' for n in names)} "
            f"WHEN NOT MATCHED THEN INSERT ({', '.join(f'`{n}`' for n in names)}) "
            f"VALUES ({', '.join(f'loaded.`{n}`' for n in names)}) "
            f"WHEN NOT MATCHED BY SOURCE AND there.{is_of_video.format('there.')} THEN DELETE"
        )
        parameters = [
            bigquery.ScalarQueryParameter("video_uri", "STRING", video.video_uri),
            bigquery.ScalarQueryParameter("generation", "STRING", video.generation),
        ]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        self._client.query(statement, location=ledger.location, job_config=config).result()

    def _insert(self, ledger: bigquery.Table, loaded: bigquery.Table, videos: list[str]) -> None:
        """INSERT, for a table takes ten at a time and 100 wait; of MERGE it takes 2, and 20 wait.

        `videos` says nothing new; in a table clustered by video_uri it spares reading the rest.
        """
        names = ", ".join(f"`{column}`" for column in _columns(ledger))
        _, key = _TABLES[ledger.table_id]
        same = " AND ".join(f"there.{column} = loaded.{column}" for column in key)
        statement = (
            f"INSERT INTO {sql_name(ledger)} ({names}) "  # noqa: S608 (see sql_name)
            f"SELECT {names} FROM {sql_name(loaded)} AS loaded "
            f"WHERE NOT EXISTS (SELECT 1 FROM {sql_name(ledger)} AS there "
            f"WHERE there.video_uri IN UNNEST(@videos) AND {same})"
        )
        parameters = [bigquery.ArrayQueryParameter("videos", "STRING", videos)]
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        self._client.query(statement, location=ledger.location, job_config=config).result()


def _columns(ledger: bigquery.Table) -> list[str]:
    """Returns our columns: the table may have more."""
    row, _ = _TABLES[ledger.table_id]
    return [field.name for field in fields(row)]


def _loaded_table(ledger: bigquery.Table) -> bigquery.Table:
    """A table of one attempt: two that commit the same must not take it from each other."""
    name = f"{ledger.table_id}_load_{uuid.uuid4().hex}"
    schema = [field for field in ledger.schema if field.name in _columns(ledger)]
    reference = bigquery.DatasetReference(ledger.project, ledger.dataset_id).table(name)
    table = bigquery.Table(reference, schema)
    table.expires = datetime.now(UTC) + _LOADED_EXPIRES
    return table
