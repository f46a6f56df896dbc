"""What `vidset extract` says: counts that are true, folders that are there, how to go on."""

import os
import pty
import signal

import pytest

from tests.cli.called import vidset
from tests.drawing import write_video
from tests.programs.started import Started


def test_an_empty_folder_names_no_folder_that_is_not_there(tmp_path):
    (tmp_path / "in").mkdir()
    called = vidset("extract", tmp_path / "in", "-o", tmp_path / "out")
    assert (called.code, called.out) == (1, f"No video was found in {tmp_path}/in.\n")
    assert called.next == f"vidset extract VIDEOS -p {tmp_path}/out"
    assert not (tmp_path / "out" / "images").exists()


def test_one_bad_video_of_two_counts_as_one_extracted_and_one_failed(video, tmp_path):
    (video.parent / "broken.mp4").write_bytes(b"nonsense")
    called = vidset("extract", video.parent, "-o", tmp_path / "out")
    assert called.code == 1
    assert called.out.splitlines()[0] == "1 video extracted, 1 failed"


def test_the_place_is_made_with_its_file_and_found_from_below(video, tmp_path, monkeypatch):
    vidset("extract", video, "-o", tmp_path / "out")
    monkeypatch.chdir(tmp_path / "out" / "images")
    again = vidset("extract", video, "--json")
    assert (again.found["place"], again.found["skipped"]) == (str(tmp_path / "out"), 1)
    assert again.found["next"] == "vidset plan"


def test_the_file_of_the_place_sets_the_period_and_an_option_beats_it(video, tmp_path, monkeypatch):
    (tmp_path / "vidset.toml").write_text("[extract]\nevery = 0.5\nsimilarity = 2\n")
    monkeypatch.chdir(tmp_path)
    assert vidset("extract", video, "--json").found["samples"] == 10
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "vidset.toml").write_text("[extract]\nevery = 0.5\n")
    called = vidset("extract", video, "-p", tmp_path / "other", "--every", "1", "--json")
    assert called.found["samples"] == 5


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_extraction_says_how_to_go_on(tmp_path, number, code):
    for each in range(6):
        write_video(tmp_path / "in" / f"{each}.mp4", scenes=range(60), size=(640, 480))
    main, second = pty.openpty()
    command = ("extract", tmp_path / "in", "-o", tmp_path / "out", "--workers", "1")
    process = Started(command, stderr=second)
    os.close(second)
    shown = b""
    try:
        while b"/6 videos" not in shown:
            shown += os.read(main, 4096)
        process.send_signal(number)
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:  # Linux's end of a terminal.
        pass
    assert process.wait(600) == code
    assert b"The same command goes on from there." in shown
