"""What the views say of ledgers as they may be, in both dialects."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.bigquery_ledger import A, of
from tests.warehouse.test_folder import ask
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.warehouse.bigquery import DatasetWarehouse
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.gather import gather_ledgers

# The same content under another extension: the same images.
TWIN = of("gs://uploads/a.mov")
# An attempt with other settings, which died before the video's row.
DEAD = tuple(replace(frame, settings_id="other", image_id="gone") for frame in A.frames[:1])
DAY = datetime(2026, 3, 1, 23, 59, tzinfo=UTC)
DATED = Extraction(
    replace(A.video, video_uri="gs://uploads/d.mp4", collector_id="cam2", uploaded_at=DAY),
    tuple(
        replace(
            frame,
            video_uri="gs://uploads/d.mp4",
            image_id=frame.image_id and "d",
            uploaded_at=DAY,
        )
        for frame in A.frames
    ),
)


@pytest.fixture(params=["duckdb", pytest.param("bigquery", marks=pytest.mark.emulator)])
def query(request, tmp_path):
    extractions = [Extraction(A.video, (*A.frames, *DEAD)), TWIN, DATED]
    if request.param == "duckdb":
        open_ledger(str(tmp_path / "out")).commit(extractions)
        warehouse = ParquetWarehouse(str(tmp_path / "w"))
        warehouse.prepare()
        gather_ledgers(warehouse, str(tmp_path / "out"))
        return lambda sql: ask(warehouse, sql.replace("{", "").replace("}", ""))
    bigquery = request.getfixturevalue("bigquery")
    bigquery.client().create_dataset("vidset")
    dataset = f"bq://{bigquery.project}.vidset"
    DatasetWarehouse(dataset, str(tmp_path)).prepare()
    open_ledger(dataset).commit(extractions)
    # As two workers leave them that commit a video at once.
    for table in "frames", "videos":
        bigquery.rows(f"INSERT INTO vidset.{table} SELECT * FROM vidset.{table}")  # noqa: S608
    return lambda sql: bigquery.rows(sql.replace("{", "vidset.").replace("}", ""))


def test_a_kept_image_of_a_committed_video_is_one_row(query):
    found = query("SELECT image_id, video_uri FROM {dataset_candidates} ORDER BY image_id")
    assert found == [
        {"image_id": "d", "video_uri": "gs://uploads/d.mp4"},
        {"image_id": "i", "video_uri": "gs://uploads/a.mov"},
    ]


def test_a_scorecard_is_of_a_collector_and_a_day(query):
    found = query(
        "SELECT collector_id, day, videos, samples, kept, duplicate_rate "
        "FROM {collector_scorecard} ORDER BY collector_id"
    )
    assert [tuple(row.values()) for row in found] == [
        ("cam1", None, 2, 4, 2, 0.5),
        ("cam2", date(2026, 3, 1), 1, 2, 1, 0.5),
    ]
