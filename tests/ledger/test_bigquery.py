from dataclasses import replace
from datetime import UTC, datetime, timedelta

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.test_stream import TestStream
from google.api_core.exceptions import BadRequest
from google.cloud.bigquery import SchemaField, Table

from tests.beam.test_ingest import pipeline
from tests.bigquery_ledger import FAILED, A, B, C, of
from tests.ledger.test_ledger import DROPPED, EXTRACTION, FRAME, VIDEO
from vidset.beam.writing import WriteLedger
from vidset.elements import Extraction
from vidset.ledger.bigquery import _loaded_table
from vidset.ledger.open import open_ledger

HARD_URIS = [
    pytest.param("gs://uploads/Straße 日本語 😀.mp4", id="unicode"),
    pytest.param('gs://uploads/o\'clock "quoted" `ticked` \\ @video_uri.mp4', id="quotes"),
    pytest.param("gs://uploads/new\nline\r\ttab\u2028\x7f.mp4", id="line-breaks"),
    pytest.param("gs://uploads/a' OR '1'='1", id="sql"),
    pytest.param("gs://uploads/" + "ü" * 500, id="long"),
]


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


@pytest.mark.emulator
def test_rows_of_a_video_that_is_extracted_anew_are_replaced(cloud):
    ledger = open_ledger(cloud.uri)
    ledger.commit([A, B])
    assert len(ledger.frames(A.video.video_uri, A.video.generation)) == len(A.frames)
    ledger.reopen(A.video.video_uri, A.video.generation)
    assert ledger.find(A.video.video_uri, A.video.generation) is None
    changed = replace(A.frames[0], sharpness=7.0)
    ledger.commit([Extraction(A.video, (changed,), replaces=True)])
    rows = ledger.frames(A.video.video_uri, A.video.generation)
    assert [row["sharpness"] for row in rows] == [7.0]
    assert len(ledger.frames(B.video.video_uri, B.video.generation)) == len(B.frames)
    assert ledger.find(A.video.video_uri, A.video.generation) is not None
    assert cloud.tables() == ["frames", "videos"]
