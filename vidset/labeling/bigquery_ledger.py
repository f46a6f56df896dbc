"""The frame ledger in BigQuery."""

import os
from collections.abc import Iterator

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from vidset.labeling.task import Image

# Frames count when their video's row says so: see docs/architecture.md.
_IMAGES = """
SELECT {columns}
FROM `{dataset}.frames` AS frames
JOIN `{dataset}.videos` AS videos USING (video_uri, generation, settings_id)
WHERE frames.kept
"""
_TIMEOUT_SECONDS = 300


class BigqueryLedger:
    """See vidset.labeling.ledgers.ImageLedger."""

    def __init__(self, project: str, dataset: str):
        # It finds the emulator by itself, but would look for credentials that nobody has there.
        anonymous = AnonymousCredentials() if os.environ.get("BIGQUERY_EMULATOR_HOST") else None
        self._client = bigquery.Client(project=project, credentials=anonymous)
        self._dataset = f"{project}.{dataset}"

    def images(self) -> Iterator[Image]:
        for row in self._rows("image_id", "image_uri", "width", "height"):
            yield Image(row["image_id"], row["image_uri"], row["width"], row["height"])

    def files(self) -> Iterator[tuple[str, str, str]]:
        for row in self._rows("image_sha256", "image_id", "image_uri"):
            yield row["image_sha256"], row["image_id"], row["image_uri"]

    def _rows(self, *columns: str) -> Iterator[bigquery.Row]:
        names = ", ".join(f"frames.{each}" for each in columns)
        query = self._client.query(_IMAGES.format(columns=names, dataset=self._dataset))
        yield from query.result(timeout=_TIMEOUT_SECONDS, page_size=5000)
