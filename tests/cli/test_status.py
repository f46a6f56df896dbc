"""`vidset status`: what there is, what is wrong, what to do next."""

import pytest

from tests.cli.called import vidset
from tests.cli.ledger_rows import video_row
from tests.plan.ledgers import EVERY, SOME
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A place with two videos and one that failed."""
    (tmp_path / "vidset.toml").write_text("")
    failed = video_row(video_uri="/bad.mp4", status="failed", samples=0, kept=0, error="no video")
    open_ledger(str(tmp_path)).commit([SOME, EVERY, Extraction(failed, ())])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_empty_place_wants_videos(tmp_path, monkeypatch):
    (tmp_path / "vidset.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    called = vidset("status")
    assert (called.code, called.next) == (0, "vidset extract VIDEOS")
    assert "videos    none" in called.out


def test_status_counts_videos_and_samples_and_names_what_failed(place):
    called = vidset("status")
    assert "videos    2 done, 1 failed" in called.out.replace(
        "1 failed, 2 done", "2 done, 1 failed"
    )
    assert "samples   6: 5 kept, 1 dropped as near duplicates" in called.out
    assert "/bad.mp4 is failed: no video" in called.err
    assert called.next == "vidset label dispatch"


def test_status_in_json_has_the_next_command(place):
    found = vidset("status", "--json").found
    assert found["videos"] == {"done": 2, "failed": 1}
    assert found["failed"] == [{"video_uri": "/bad.mp4", "status": "failed", "error": "no video"}]
    assert (found["samples"], found["kept"]) == (6, 5)
    assert (found["waiting"], found["next"]) == (None, "vidset label dispatch")


def test_inputs_without_a_row_wait_and_extract_is_next(place, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "new.mp4").write_bytes(b"")
    called = vidset("status", "--inputs", "in")
    assert "waiting   1 video to extract" in called.out
    assert called.next == "vidset extract in"


def test_a_place_may_be_the_argument_and_two_places_are_refused(place, tmp_path, monkeypatch):
    monkeypatch.chdir(place.parent)
    assert vidset("status", place).next == f"vidset label dispatch -p {place.name}"
    refused = vidset("status", place, "-p", tmp_path / "other")
    assert (refused.code, "wanted one place, got two" in refused.refusal) == (2, True)
