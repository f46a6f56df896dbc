"""The ledgers as BigQuery tables: `frames` and `videos` of one dataset."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any

from google.cloud import bigquery

from dataflow.elements import Extraction
from dataflow.naming import printable

_DATASET = re.compile(r"bq://((?:[a-z0-9.-]+:)?[a-z0-9-]+)\.([A-Za-z0-9_]+)")


class TableLedger:
    """Rows come by load job into a table of their own, and by MERGE into the ledger.

    A repeated commit merges nothing: neither crashes nor second deliveries give double rows, which
    streaming inserts could not promise. BIGQUERY_EMULATOR_HOST leads to an emulator.

    Raises:
        ValueError: the uri is not bq://project.dataset.
    """

    def __init__(self, uri: str):
        match = _DATASET.fullmatch(uri)
        if match is None:
            raise ValueError(f"--ledger must be bq://PROJECT.DATASET, got {uri!r}")
        project, self._dataset = match[1], f"{match[1]}.{match[2]}"
        self._client = bigquery.Client(project=project)

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        parameters = [
            bigquery.ScalarQueryParameter("video_uri", "STRING", printable(video_uri)),
            bigquery.ScalarQueryParameter("generation", "STRING", generation),
        ]
        query = (
            f"SELECT * FROM `{self._dataset}.videos` "  # noqa: S608 (checked by _DATASET)
            "WHERE video_uri = @video_uri AND generation = @generation LIMIT 1"
        )
        config = bigquery.QueryJobConfig(query_parameters=parameters)
        rows = list(self._client.query(query, job_config=config).result())
        return dict(rows[0]) if rows else None

    def commit(self, extractions: Iterable[Extraction]) -> None:
        batch = list(extractions)
        name = hashlib.sha256("".join(sorted(each.key for each in batch)).encode()).hexdigest()[:16]
        frames = [frame.to_row() for each in batch for frame in each.frames]
        self._merge("frames", frames, name, ("video_uri", "generation", "pts_seconds"))
        # Last: from here on the videos are done.
        videos = [each.video.to_row() for each in batch]
        self._merge("videos", videos, name, ("video_uri", "generation"))

    def _merge(
        self, table: str, rows: list[dict[str, Any]], name: str, key: tuple[str, ...]
    ) -> None:
        if not rows:
            return
        ledger, loaded = f"{self._dataset}.{table}", f"{self._dataset}.{table}_load_{name}"
        schema = self._client.get_table(ledger).schema
        config = bigquery.LoadJobConfig(schema=schema, write_disposition="WRITE_TRUNCATE")
        self._client.load_table_from_json(rows, loaded, job_config=config).result()
        columns = ", ".join(f"`{field.name}`" for field in schema)
        same = " AND ".join(f"ledger.{column} = loaded.{column}" for column in key)
        self._client.query(
            f"MERGE `{ledger}` AS ledger USING `{loaded}` AS loaded ON {same} "
            f"WHEN NOT MATCHED THEN INSERT ({columns}) VALUES ({columns})"
        ).result()
        self._client.delete_table(loaded, not_found_ok=True)
