"""Sheets of dropped samples, as extraction leaves them in a place."""

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.drawing import write_video


@pytest.fixture
def videos(tmp_path):
    """One video with three dropped samples, and one with none."""
    folder = tmp_path / "in"
    folder.mkdir()
    write_video(folder / "one.mp4", [1, 1, 2, 2, 2, 3])
    write_video(folder / "two.mp4", [4, 5, 6])
    return folder


def extract(videos, place, *words):
    done = vidset("extract", videos, "-o", place, "-q", *words)
    assert done.code == 0, done.err
    return sorted((place / "thumbnails").glob("*"))


def test_a_video_with_dropped_samples_has_a_sheet_by_its_ledger_key(videos, tmp_path):
    [sheet] = extract(videos, tmp_path / "roads")
    keys = {each.stem for each in (tmp_path / "roads" / "frames").glob("*.parquet")}
    assert sheet.suffix == ".webp"
    assert sheet.stem in keys
    shown = cv2.imdecode(np.frombuffer(sheet.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert shown.shape == (72, 16 * 96, 3)
    assert [int(shown[:, 96 * at : 96 * at + 96].max()) > 0 for at in (0, 2)] == [True, True]


def test_any_number_of_workers_writes_the_same_sheet(videos, tmp_path):
    sheets = [
        [each.read_bytes() for each in extract(videos, tmp_path / workers, "--workers", workers)]
        for workers in ("1", "4")
    ]
    assert sheets[0] == sheets[1]


def test_no_thumbnails_leaves_none_and_takes_away_those_of_what_is_extracted_again(
    videos, tmp_path
):
    assert extract(videos, tmp_path / "none", "--no-thumbnails") == []
    place = tmp_path / "roads"
    assert len(extract(videos, place)) == 1
    again = ("--redo", "outdated", "--every", "0.5", "--no-thumbnails")
    assert extract(videos, place, *again) == []


def test_a_forgotten_video_has_no_sheet(videos, tmp_path):
    place = tmp_path / "roads"
    assert len(extract(videos, place)) == 1
    done = vidset("forget", videos / "one.mp4", "-p", place, "--yes", "-q")
    assert done.code == 0, done.err
    assert list((place / "thumbnails").glob("*")) == []


def test_beam_is_not_asked_for_thumbnails(videos, tmp_path):
    called = vidset(
        "extract", videos, "-o", tmp_path / "roads", "--runner", "DirectRunner", "--thumbnails"
    )
    assert (called.code, "Beam keeps no thumbnails" in called.refusal) == (2, True)
