"""`vidset status`: what there is, what is wrong, what to do next."""

import pytest

from tests.cli.called import vidset
from tests.cli.ledger_rows import video_row
from tests.cli.troubled import CROSSING, make_troubled
from tests.datasets.rows import encoded, scene
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


def test_status_tells_what_is_wrong_with_answers_versions_and_collectors(tmp_path, monkeypatch):
    monkeypatch.chdir(make_troubled(tmp_path / "roads"))
    told = {each["kind"]: each for each in vidset("status", "--json").found["troubles"]}
    assert set(told) == {"quarantine", "unchecked", "drift"}
    assert told["drift"]["names"] == ["car-7: blurred 10.0% before, 60.0% now"]
    assert told["quarantine"]["count"] == 1
    assert "scale: no label 'trator'" in told["quarantine"]["names"][0]
    assert told["unchecked"]["command"] == "vidset dataset check odd"

    assert vidset("dataset", "check", "odd").code == 1
    called = vidset("status")
    told = {each["kind"]: each for each in vidset("status", "--json").found["troubles"]}
    assert set(told) == {"quarantine", "leaks", "anomalies", "drift"}
    assert CROSSING in told["leaks"]["names"][0]
    assert told["leaks"]["command"] == "vidset dataset check odd --leaks"
    assert "Version odd has 1 leak or contradiction" in called.err
    assert "car-7: blurred 10.0% before, 60.0% now" in called.err
    assert vidset("sql", "-p", ".", told["drift"]["command"].split("'")[1]).code == 0


def test_anomalies_of_an_earlier_schema_are_not_told(tmp_path, monkeypatch):
    monkeypatch.chdir(make_troubled(tmp_path / "roads"))
    vidset("dataset", "check", "odd")
    assert vidset("dataset", "check", "first", "--update-schema").code == 0
    kinds = {each["kind"] for each in vidset("status", "--json").found["troubles"]}
    assert "unchecked" in kinds
    assert "anomalies" not in kinds


def test_a_version_that_was_made_here_is_checked(tmp_path, monkeypatch):
    place = make_troubled(tmp_path / "roads")
    monkeypatch.chdir(place)
    (place / "more").mkdir()
    for at in range(20, 24):
        label = place / "more" / "ab"[at % 2]
        label.mkdir(exist_ok=True)
        (label / f"{at}.png").write_bytes(encoded(scene(at)))
    made = vidset("dataset", "create", "folders:more", "-n", "mine", "--shares", "train=1")
    assert made.code == 0, made.err
    kinds = {each["kind"] for each in vidset("status", "--json").found["troubles"]}
    assert "unchecked" not in kinds
    assert "anomalies" in kinds
