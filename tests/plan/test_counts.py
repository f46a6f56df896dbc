"""What a ledger says of other settings, and what in it does not count."""

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from tests.bigquery_ledger import ROOT, Cloud
from tests.plan.ledgers import EVERY, SOME, extraction, images
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.plan.counts import count


def test_counts_are_summed_over_videos(ledger):
    counts = count(str(ledger))
    assert (counts.samples, counts.kept) == (6, 5)
    assert [images(counts, 1, each) for each in (0.5, 0.89, 0.9, 1.0)] == [3, 3, 5, 5]
    assert [images(counts, 2, each) for each in (0.5, 0.89, 0.9, 1.0)] == [2, 2, 3, 3]
    assert [images(counts, 5, each) for each in (0.5, 1.0)] == [2, 2]


def test_a_video_without_its_row_does_not_count(ledger):
    [row] = [
        path
        for path in (ledger / "videos").iterdir()
        if pq.read_table(path)["video_uri"][0].as_py() == "/some.mp4"
    ]
    row.unlink()
    counts = count(str(ledger))
    assert [video.video_uri for video in counts.videos] == ["/every.mp4"]
    assert not counts.unplanned


def test_rows_of_other_settings_do_not_count(tmp_path):
    other = tuple(replace(frame, settings_id="other") for frame in SOME.frames)
    open_ledger(str(tmp_path)).commit([Extraction(SOME.video, SOME.frames + other)])
    counts = count(str(tmp_path))
    assert (counts.samples, images(counts, 1, 0.9)) == (4, 3)


def test_samples_that_are_missing_are_said(tmp_path):
    open_ledger(str(tmp_path)).commit([Extraction(SOME.video, SOME.frames[:3])])
    [unplanned] = count(str(tmp_path)).unplanned
    assert unplanned.reason == "the frame ledger has 3 of its 4 samples"
    for path in (tmp_path / "frames").iterdir():
        path.unlink()
    [unplanned] = count(str(tmp_path)).unplanned
    assert unplanned.reason.startswith("its samples are missing: no ")


def test_a_video_without_samples_is_passed_over(ledger):
    failed = replace(SOME.video, video_uri="/failed.mp4", status="failed", samples=0, kept=0)
    open_ledger(str(ledger)).commit([Extraction(failed, ())])
    counts = count(str(ledger))
    assert (len(counts.videos), counts.unplanned) == (2, [])


@pytest.mark.emulator
@pytest.mark.parametrize("scheme", ["gs", "s3"])
def test_a_ledger_in_a_bucket_is_planned(scheme, request):
    request.getfixturevalue({"gs": "gcs", "s3": "s3"}[scheme]).make_bucket("things")
    place = f"{scheme}://things/out"
    open_ledger(place).commit([SOME, EVERY])
    assert images(count(place), 1, 0.9) == 5
    with pytest.raises(ValueError, match="there is no ledger in"):
        count(f"{scheme}://things/elsewhere")


@pytest.mark.emulator
def test_the_query_for_bigquery_counts_the_same(bigquery):
    cloud = Cloud(bigquery)
    text = (ROOT / "docs" / "architecture.md").read_text()
    query = text.split("```sql\n")[1].split("```")[0]
    unplanned = extraction("/other.mp4", [(None, None, None, None)] * 2)
    other = replace(SOME, frames=tuple(replace(f, settings_id="x") for f in SOME.frames))
    ledger = open_ledger(cloud.uri)
    ledger.commit([other])  # Frames of a run that was killed, and then of one with other settings.
    ledger.commit([SOME, EVERY, unplanned])
    found = {round(row["threshold"], 2): row for row in bigquery.rows(query)}
    assert len(found) == 11
    assert [found[0.5][f"images{each}"] for each in ("", "_2", "_5", "_10")] == [3, 2, 2, 2]
    assert [found[0.9][f"images{each}"] for each in ("", "_2", "_5", "_10")] == [5, 3, 2, 2]
    assert found[0.9]["unplanned_samples"] == 2
