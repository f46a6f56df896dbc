"""Folders by name: all videos below, once."""

import json

import pytest

from tests.upload.recordings import recording


@pytest.fixture
def card(tmp_path):
    card = tmp_path / "card"
    (card / "day").mkdir(parents=True)
    recording(card / "b.mp4")
    recording(card / "day" / "a.mp4", seed=2)
    (card / "view.insv").write_bytes(b"x")
    (card / ".hidden.mp4").write_bytes(b"x")
    return card


def test_all_videos_of_a_folder_are_uploaded_once_and_others_counted(folder, send, card, tmp_path):
    report = tmp_path / "report.jsonl"
    ended = send(folder, card, card / "day" / "a.mp4", "--report", report)
    assert (ended.code, ended.found["uploaded"], len(folder.objects())) == (0, 2, 2)
    assert ended.found["passed_over"] == {".insv": 1}
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert lines == ended.found["files"]
    assert [each["file"] for each in lines] == [str(card / "b.mp4"), str(card / "day" / "a.mp4")]


def test_a_whole_folder_is_compared_with_its_destination(folder, send, card):
    assert send(folder, card / "b.mp4").code == 0
    before = folder.objects()
    ended = send(folder, card, "--verify")
    assert (ended.code, ended.found["present"], ended.found["absent"]) == (1, 1, 1)
    assert folder.objects() == before


def test_a_report_is_added_to(folder, send, card, tmp_path):
    report = tmp_path / "report.jsonl"
    for _ in range(2):
        assert send(folder, card, "--report", report).code == 0
    states = [json.loads(line)["state"] for line in report.read_text().splitlines()]
    assert states == ["uploaded", "uploaded", "present", "present"]


def test_a_report_that_cannot_be_written_is_wrong_usage(folder, send, card, tmp_path):
    ended = send(folder, card, "--report", tmp_path / "none" / "report.jsonl")
    assert ended.code == 2
    assert "--report" in ended.stderr
    assert folder.objects() == {}


def test_what_leaves_a_folder_keeps_its_own_folders(folder, send, card, tmp_path):
    (tmp_path / "done").mkdir()
    ended = send(folder, card, "--move-to", tmp_path / "done", "--settle", "0")
    assert ended.found["moved"] == 2
    moved = {str(each.relative_to(tmp_path / "done")) for each in (tmp_path / "done").rglob("*.*")}
    assert moved == {"b.mp4", "day/a.mp4"}
