"""The ledger of one test in the BigQuery emulator, and extractions to commit."""

from dataclasses import replace

from tests.ledger.test_ledger import EXTRACTION, VIDEO
from tests.paths import ROOT
from vidset.elements import Extraction

SCHEMAS = ROOT / "infra" / "schemas"


class Cloud:
    """The ledger of one test, and all that its dataset holds."""

    def __init__(self, bigquery):
        self.uri = f"bq://{bigquery.project}.vidset"
        self._bigquery = bigquery
        for table in "frames", "videos":
            bigquery.make_table(f"vidset.{table}", SCHEMAS / f"{table}.json")

    def frames(self) -> list[dict]:
        return self._bigquery.rows("SELECT * FROM vidset.frames ORDER BY video_uri, pts_seconds")

    def videos(self) -> list[dict]:
        return self._bigquery.rows("SELECT * FROM vidset.videos ORDER BY video_uri")

    def tables(self) -> list[str]:
        return sorted(table.table_id for table in self._bigquery.client().list_tables("vidset"))


def of(uri: str, extraction: Extraction = EXTRACTION) -> Extraction:
    """The same extraction of another video."""
    frames = tuple(replace(frame, video_uri=uri) for frame in extraction.frames)
    return Extraction(replace(extraction.video, video_uri=uri), frames)


A, B, C = (of(f"gs://uploads/{letter}.mp4") for letter in "abc")
FAILED = Extraction(
    replace(
        VIDEO, video_uri="gs://uploads/f.mp4", codec=None, status="failed",
        error="no video stream", samples=0, kept=0,
    ),
    (),
)  # fmt: skip
