from dataclasses import replace

import pytest

from vidset.elements import Extraction, FrameRow, VideoRow
from vidset.ledger.open import open_ledger

VIDEO = VideoRow(
    "gs://uploads/a.mp4", "17", "cam1", 5000, "mov", "h264", 320, 240, 0, "1:1", 2.0, 2, 1,
    "done", None, "s",
)  # fmt: skip
FRAME = FrameRow(
    "gs://uploads/a.mp4", "17", "cam1", 0.0, True, "kept", None, None, 10.0, 99.5, "0" * 16,
    320, 240, "i", "gs://images/i.jpg", "h", "s",
)  # fmt: skip
DROPPED = replace(
    FRAME, pts_seconds=1.0, kept=False, reason="near_duplicate", ssim=0.99, local_change=1.5,
    image_id=None, image_uri=None, image_sha256=None,
)  # fmt: skip
EXTRACTION = Extraction(VIDEO, (FRAME, DROPPED))


def test_what_was_committed_is_found_and_nothing_else(tmp_path):
    ledger = open_ledger(str(tmp_path))
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) is None
    ledger.commit([EXTRACTION])
    assert ledger.find(VIDEO.video_uri, VIDEO.generation) == VIDEO.to_row()
    assert ledger.find(VIDEO.video_uri, "18") is None
    assert ledger.find("gs://uploads/b.mp4", "17") is None


def test_rows_are_read_back_by_any_reader_of_parquet(tmp_path):
    from pyarrow import dataset

    open_ledger(str(tmp_path)).commit([EXTRACTION])
    rows = dataset.dataset(tmp_path / "frames").to_table().to_pylist()
    assert rows == [FRAME.to_row(), DROPPED.to_row()]


def test_committing_twice_gives_the_same_bytes(tmp_path):
    ledger = open_ledger(str(tmp_path))
    ledger.commit([EXTRACTION])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")}
    ledger.commit([EXTRACTION])
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.parquet")} == before
    assert len(before) == 2


def test_a_failed_video_has_a_row_and_an_empty_frame_ledger(tmp_path):
    ledger = open_ledger(str(tmp_path))
    row = replace(VIDEO, status="failed", error="no video stream", samples=0, kept=0)
    ledger.commit([Extraction(row, ())])
    found = ledger.find(VIDEO.video_uri, VIDEO.generation)
    assert found is not None
    assert found["error"] == "no video stream"


def test_the_videos_row_is_written_last(tmp_path):
    """Without it the video is not done, whatever else is there."""
    ledger = open_ledger(str(tmp_path))
    (tmp_path / "videos").write_text("in the way")  # So that the second write fails.
    with pytest.raises(OSError, match="videos"):
        ledger.commit([EXTRACTION])
    assert len(list((tmp_path / "frames").iterdir())) == 1
