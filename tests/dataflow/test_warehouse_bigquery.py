import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import SchemaField, Table

from dataflow.elements import Extraction
from dataflow.places import open_ledger
from dataflow.transforms import WriteLedger
from dataflow.warehouse_bigquery import TableLedger, _loaded_table
from tests.dataflow.test_transforms import pipeline
from tests.dataflow.test_warehouse import DROPPED, EXTRACTION, FRAME, VIDEO

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "infra" / "schemas"

HARD_URIS = [
    pytest.param("gs://uploads/Straße 日本語 😀.mp4", id="unicode"),
    pytest.param('gs://uploads/o\'clock "quoted" `ticked` \\ @video_uri.mp4', id="quotes"),
    pytest.param("gs://uploads/new\nline\r\ttab\u2028\x7f.mp4", id="line-breaks"),
    pytest.param("gs://uploads/a' OR '1'='1", id="sql"),
    pytest.param("gs://uploads/" + "ü" * 500, id="long"),
]


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


@pytest.fixture
def cloud(bigquery) -> Cloud:
    return Cloud(bigquery)


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


class CutOff(TableLedger):
    """Fails between the load job and the statement."""

    def _insert(self, ledger, loaded, videos):
        raise ConnectionError("cut off")


class CutOffBeforeVideos(TableLedger):
    """Fails when the frames are in."""

    def _add(self, table, rows):
        if table == "videos":
            raise ConnectionError("cut off")
        super()._add(table, rows)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("bq://project", id="no-dataset"),
        pytest.param("bq://project.data.table", id="table"),
        pytest.param("bq://project.data`set", id="backtick"),
        pytest.param("bq://pro ject.dataset", id="space"),
        pytest.param("bq://project.dataset\n", id="line-break"),
        pytest.param("bq:///project.dataset", id="slash"),
    ],
)
def test_a_uri_that_is_no_dataset_is_refused(uri):
    with pytest.raises(ValueError, match=r"--ledger must be bq://PROJECT\.DATASET, got "):
        open_ledger(uri)


def test_a_loaded_table_is_of_one_attempt_and_expires_in_a_day():
    """No emulator knows of expiration."""
    schema = [SchemaField("video_uri", "STRING", mode="REQUIRED"), SchemaField("note", "STRING")]
    ledger = Table("project-1.vidset.videos", schema)
    first, second = _loaded_table(ledger), _loaded_table(ledger)
    assert first.table_id.startswith("videos_load_")
    assert first.table_id != second.table_id
    assert (first.project, first.dataset_id) == ("project-1", "vidset")
    assert first.schema == schema[:1]
    assert first.expires is not None
    assert timedelta(hours=23) < first.expires - datetime.now(UTC) <= timedelta(days=1)


@pytest.mark.emulator
def test_what_was_committed_is_found_and_nothing_else(cloud):
    ledger = open_ledger(cloud.uri)
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) is None
    ledger.commit([EXTRACTION])
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) == VIDEO.to_row()
    assert ledger.find(VIDEO.video_uri, "18") is None
    assert ledger.find("gs://uploads/b.mp4", "17") is None


@pytest.mark.emulator
def test_rows_come_back_as_they_were(cloud):
    open_ledger(cloud.uri).commit([EXTRACTION])
    assert cloud.frames() == [FRAME.to_row(), DROPPED.to_row()]
    assert cloud.videos() == [VIDEO.to_row()]
    assert cloud.tables() == ["frames", "videos"]


@pytest.mark.emulator
def test_committing_nothing_does_nothing(cloud):
    open_ledger(cloud.uri).commit([])
    assert cloud.frames() == cloud.videos() == []


@pytest.mark.emulator
def test_committing_twice_leaves_one_set_of_rows(cloud):
    open_ledger(cloud.uri).commit([A, B])
    open_ledger(cloud.uri).commit([A, B])
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]


@pytest.mark.emulator
def test_a_video_twice_in_a_batch_leaves_one_set_of_rows(cloud):
    open_ledger(cloud.uri).commit([A, B, A])
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]


@pytest.mark.emulator
def test_batches_that_share_a_video_leave_one_set_of_its_rows(cloud):
    open_ledger(cloud.uri).commit([A, B])
    open_ledger(cloud.uri).commit([C, B])
    assert cloud.frames() == [row.to_row() for each in (A, B, C) for row in each.frames]
    assert cloud.videos() == [each.video.to_row() for each in (A, B, C)]


@pytest.mark.emulator
def test_generations_of_an_object_are_videos_of_their_own(cloud):
    newer = Extraction(
        replace(VIDEO, generation="18"),
        tuple(replace(frame, generation="18") for frame in EXTRACTION.frames),
    )
    ledger = open_ledger(cloud.uri)
    ledger.commit([EXTRACTION])
    ledger.commit([newer])
    assert len(cloud.frames()) == 4
    assert ledger.find(VIDEO.video_uri, "17") == VIDEO.to_row()
    assert ledger.find(VIDEO.video_uri, "18") == newer.video.to_row()


@pytest.mark.emulator
def test_a_failed_video_has_a_row_and_no_frames(cloud):
    ledger = open_ledger(cloud.uri)
    ledger.commit([FAILED])
    assert ledger.find("gs://uploads/f.mp4", "17") == FAILED.video.to_row()
    assert cloud.frames() == []
    assert cloud.tables() == ["frames", "videos"]


@pytest.mark.emulator
@pytest.mark.parametrize("uri", HARD_URIS)
def test_a_hard_name_is_kept_and_found(cloud, uri):
    extraction, ledger = of(uri), open_ledger(cloud.uri)
    ledger.commit([extraction, B])
    ledger.commit([extraction])
    assert ledger.find(uri, "17") == extraction.video.to_row()
    assert {row["video_uri"] for row in cloud.frames()} == {uri, B.video.video_uri}
    assert len(cloud.frames()) == 4
    assert len(cloud.videos()) == 2


@pytest.mark.emulator
def test_a_name_of_bytes_is_found_as_it_is_printed(cloud):
    ledger = open_ledger(cloud.uri)
    ledger.commit([of("/videos/%FF.mp4")])
    assert ledger.find("/videos/\udcff.mp4", "17") is not None


@pytest.mark.emulator
@pytest.mark.parametrize("count", [2_000, 20_000], ids=["one-request", "resumed-upload"])
def test_a_long_video_has_all_its_rows(cloud, count):
    """What is larger than 5 MB the client uploads in another way."""
    frames = tuple(replace(FRAME, pts_seconds=number / 10) for number in range(count))
    ledger = open_ledger(cloud.uri)
    for _ in range(2):
        ledger.commit([Extraction(replace(VIDEO, samples=count), frames)])
    rows = cloud.frames()
    assert len(rows) == count
    assert rows[1999]["pts_seconds"] == 199.9
    assert sum(row["pts_seconds"] for row in rows) == pytest.approx(count * (count - 1) / 20)


@pytest.mark.emulator
def test_a_commit_cut_off_after_the_load_changes_nothing_and_can_be_repeated(cloud):
    with pytest.raises(ConnectionError, match="cut off"):
        CutOff(cloud.uri).commit([A, B])
    assert cloud.frames() == cloud.videos() == []
    assert cloud.tables() == ["frames", "videos"]
    open_ledger(cloud.uri).commit([A, B])
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]


@pytest.mark.emulator
def test_a_worker_killed_after_the_load_leaves_what_disturbs_no_commit(cloud):
    script = (
        "import os, sys\n"
        "from tests.dataflow.test_warehouse import EXTRACTION\n"
        "from dataflow.warehouse_bigquery import TableLedger\n"
        "class Killed(TableLedger):\n"
        "    def _insert(self, *_):\n"
        "        os._exit(9)\n"
        "Killed(sys.argv[1]).commit([EXTRACTION])\n"
    )
    killed = subprocess.run(
        [sys.executable, "-c", script, cloud.uri], cwd=ROOT, env=os.environ, check=False
    )
    assert killed.returncode == 9
    [left] = set(cloud.tables()) - {"frames", "videos"}
    assert left.startswith("frames_load_")
    assert cloud.frames() == []
    open_ledger(cloud.uri).commit([EXTRACTION])
    assert cloud.frames() == [FRAME.to_row(), DROPPED.to_row()]
    assert cloud.videos() == [VIDEO.to_row()]
    assert cloud.tables() == ["frames", left, "videos"]


@pytest.mark.emulator
def test_a_video_is_not_done_before_its_row(cloud):
    with pytest.raises(ConnectionError, match="cut off"):
        CutOffBeforeVideos(cloud.uri).commit([EXTRACTION])
    ledger = open_ledger(cloud.uri)
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) is None
    assert len(cloud.frames()) == 2
    ledger.commit([EXTRACTION])
    assert len(cloud.frames()) == 2
    assert cloud.videos() == [VIDEO.to_row()]


@pytest.mark.emulator
def test_frames_of_other_settings_stay_apart(cloud):
    """A job died before the video's row, and the next one had a higher threshold."""
    with pytest.raises(ConnectionError, match="cut off"):
        CutOffBeforeVideos(cloud.uri).commit([EXTRACTION])
    both_kept = (
        replace(FRAME, settings_id="t"),
        replace(FRAME, pts_seconds=1.0, settings_id="t"),
    )
    video = replace(VIDEO, kept=2, settings_id="t")
    open_ledger(cloud.uri).commit([Extraction(video, both_kept)])
    counted = [row for row in cloud.frames() if row["settings_id"] == "t"]
    assert counted == [frame.to_row() for frame in both_kept]
    assert cloud.videos() == [video.to_row()]


@pytest.mark.emulator
def test_workers_that_commit_the_same_at_once_do_not_disturb_each_other(cloud):
    """The emulator runs one statement after the other; BigQuery may not, see TableLedger."""
    ledgers = [TableLedger(cloud.uri) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda ledger: ledger.commit([A, B]), ledgers))
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [A.video.to_row(), B.video.to_row()]
    assert cloud.tables() == ["frames", "videos"]


@pytest.mark.emulator
def test_a_table_may_have_columns_of_its_owner(cloud, bigquery):
    bigquery.rows("ALTER TABLE vidset.videos ADD COLUMN note STRING")
    ledger = open_ledger(cloud.uri)
    ledger.commit([EXTRACTION])
    assert cloud.videos() == [VIDEO.to_row() | {"note": None}]


@pytest.mark.emulator
def test_a_column_that_the_table_lacks_is_an_error_and_no_loss(cloud, bigquery):
    bigquery.rows("ALTER TABLE vidset.frames DROP COLUMN local_change")
    with pytest.raises(BadRequest, match="local_change"):
        open_ledger(cloud.uri).commit([EXTRACTION])
    assert cloud.videos() == []
    assert cloud.tables() == ["frames", "videos"]


@pytest.mark.emulator
def test_a_batch_job_commits_every_extraction_once(cloud):
    with pipeline() as p:
        _ = p | beam.Create([A, B, FAILED, A]) | WriteLedger(cloud.uri, is_streaming=False)
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [each.video.to_row() for each in (A, B, FAILED)]


@pytest.mark.emulator
def test_a_streaming_job_commits_every_extraction_once(cloud):
    """B comes again in its batch, A in a later one."""
    stream = (
        TestStream()
        .add_elements([A])
        .advance_processing_time(30)
        .add_elements([B, FAILED, B])
        .advance_processing_time(30)
        .add_elements([A])
        .advance_watermark_to_infinity()
    )
    options = PipelineOptions()
    options.view_as(StandardOptions).streaming = True
    with TestPipeline(options=options) as p:
        _ = p | stream | WriteLedger(cloud.uri, is_streaming=True)
    assert cloud.frames() == [row.to_row() for each in (A, B) for row in each.frames]
    assert cloud.videos() == [each.video.to_row() for each in (A, B, FAILED)]
    assert cloud.tables() == ["frames", "videos"]
