"""`vidset extract`: what it says, what it leaves, how it ends."""

import json
import os
import pty
import re
import shutil

import pytest

from tests.cli.called import vidset
from tests.cli.process import vidset as vidset_in_a_process
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from tests.programs.started import Started


@pytest.fixture
def broken(video):
    path = video.parent / "broken.mp4"
    path.write_bytes(b"nonsense")
    return path


def test_extract_says_what_it_did_in_json(video, tmp_path):
    out = tmp_path / "out"
    ended = vidset("extract", video, "--output", out, "--json")
    assert (ended.code, ended.err) == (0, "")
    summary = ended.found
    assert summary["seconds"] > 0
    assert summary["cpu_seconds"] > 0
    names = ("videos", "samples", "kept", "dropped", "failed", "skipped", "partial")
    assert {name: summary[name] for name in names} == {
        "videos": 1,
        "samples": 5,
        "kept": 4,
        "dropped": {"near_duplicate": 1},
        "failed": 0,
        "skipped": 0,
        "partial": 0,
    }
    folders = {path.split("/")[0] for path in tree(out)}
    assert folders == {"images", "frames", "thumbnails", "videos", "vidset.json", "vidset.toml"}
    assert not (out / ".partial").exists()


def test_extract_again_decodes_nothing_and_changes_nothing(video, tmp_path):
    out = tmp_path / "out"
    vidset("extract", video, "--output", out)
    before = tree(out)
    ended = vidset("extract", video, "--output", out)
    assert "1 done before, not decoded again" in ended.out
    assert tree(out) == before
    summary = vidset("extract", video, "--output", out, "--json").found
    assert (summary["skipped"], summary["samples"]) == (1, 0)


def test_a_failed_input_is_named_and_the_others_are_done(video, broken, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):  # Again, it is still failed.
        ended = vidset("extract", video.parent, "--output", out, "--json")
        assert ended.code == 1
        assert f"{broken}: not a readable video" in ended.err
        assert ended.found["failed"] == 1
    assert len(rows(str(out), "videos")) == 2
    [letter] = (out / "dead_letters").glob("*.jsonl")
    assert json.loads(letter.read_text())["uri"] == str(broken)


def test_a_partial_video_is_named_but_no_failure(tmp_path):
    whole = write_video(tmp_path / "whole.mkv", scenes=range(10))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    ended = vidset("extract", cut, "--output", tmp_path / "out", "--json")
    assert ended.code == 0
    assert f"{cut}: partial: cut short" in ended.err
    assert ended.found["partial"] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(["missing.mp4"], "there is no file or folder 'missing.mp4'", id="input"),
        pytest.param([".", "--every", "0"], "period must be > 0 s", id="every"),
        pytest.param([".", "--every", "soon"], "--every must be a number", id="no number"),
        pytest.param([".", "--metric", "x"], "--metric must be one of", id="metric"),
        pytest.param([".", "--jpeg-quality", "101"], "--jpeg-quality must be", id="quality"),
        pytest.param([".", "--tolerance", "2"], "tolerance must be", id="tolerance"),
        pytest.param(["."], "no place to work in", id="no output"),
        pytest.param([], "Missing argument", id="no input"),
    ],
)
def test_bad_usage_exits_2_before_any_work(arguments, message, tmp_path):
    out = tmp_path / "out"
    output = [] if message == "no place to work in" else ["--output", out]
    ended = vidset("extract", *arguments, *output)
    assert ended.code == 2
    assert message in ended.err
    assert not out.exists()


def test_an_output_that_is_a_file_is_bad_usage(video, tmp_path):
    (tmp_path / "out").write_text("in the way")
    ended = vidset("extract", video, "--output", tmp_path / "out")
    assert (ended.code, "wanted a folder to work in, got a file" in ended.err) == (2, True)


def test_other_settings_leave_what_is_done_and_say_so(video, tmp_path):
    out = tmp_path / "out"
    vidset("extract", video, "--output", out)
    before = tree(out)
    ended = vidset("extract", video, "--output", out, "--every", "0.5")
    assert "1 video of those done before had other settings" in ended.err
    assert tree(out) == before


def test_beam_options_follow_two_dashes(video, tmp_path):
    arguments = ("extract", video, "--output", tmp_path / "out", "--json", "--")
    ended = vidset(*arguments, "--direct_num_workers=1", "--direct_running_mode=in_memory")
    assert ended.found["kept"] == 4


def test_quiet_prints_nothing(video, tmp_path):
    ended = vidset("extract", video, "--output", tmp_path / "out", "--quiet")
    assert (ended.code, ended.out, ended.err) == (0, "", "")


def test_names_are_by_input(video, tmp_path):
    out = tmp_path / "out"
    vidset("extract", video.parent.parent, "--output", out, "--collector", "truck-7")
    assert (out / "images" / "videos" / "drive").is_dir()
    assert {row["collector_id"] for row in rows(str(out), "frames")} == {"truck-7"}


def test_a_name_that_is_no_text_is_extracted(video, tmp_path):
    folder = os.fsencode(tmp_path / "in") + b"/caf\xe9"
    os.makedirs(folder)
    shutil.copy(video, folder + b"/\xff.mp4")
    out = tmp_path / "out"
    ended = vidset("extract", tmp_path / "in", "--output", out)
    assert (ended.code, ended.err) == (0, f"Next: vidset plan -p {out}\n")
    assert (out / "images" / "caf%E9" / "%FF").is_dir()
    # The name of such a folder is no collector id.
    assert rows(str(out), "videos")[0]["collector_id"] is None


def test_a_terminal_shows_progress(tmp_path):
    """On a real pseudo-terminal: the display is for people only."""
    for number in range(3):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=range(40), size=(640, 480))
    main, second = pty.openpty()
    process = Started(("extract", tmp_path / "in", "-o", tmp_path / "out"), stderr=second)
    os.close(second)
    shown = b""
    try:
        while chunk := os.read(main, 4096):
            shown += chunk
    except OSError:  # Linux's end of a terminal.
        pass
    assert process.wait(600) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode(errors="replace"))
    assert re.search(r"\d+/3 videos", text)
    assert re.search(r"[1-9]\d* samples, [1-9]\d* kept", text)
    assert "x real time" in text


def test_a_job_that_fails_is_explained_in_two_lines(video, tmp_path):
    """What is no fault of an input: here, a folder in which nothing can be made."""
    out = tmp_path / "out"
    (out / "images").mkdir(parents=True)
    (out / "images" / "drive").write_text("in the way")
    ended = vidset("extract", video, "--output", out)
    assert ended.code == 1
    first, second = ended.err.splitlines()
    assert first.startswith("vidset: the job failed: ")
    assert "images/drive" in first
    assert "--debug" in second
    debugged = vidset_in_a_process("extract", video, "--output", out, "--debug")
    assert "Traceback" in debugged.stderr


@pytest.mark.parametrize("which", ["gs", "s3"])
@pytest.mark.emulator
def test_buckets_are_inputs_and_outputs(request, which, video, tmp_path):
    server = request.getfixturevalue({"gs": "gcs", "s3": "s3"}[which])
    for bucket in ("uploads", "results"):
        server.make_bucket(bucket)
    from vidset.storage.open import open_store

    open_store(f"{which}://uploads").put("cam1/drive.mp4", video.read_bytes(), "video/mp4")
    arguments = ("extract", f"{which}://uploads/cam1", "-o", f"{which}://results/one", "--json")
    first, again = (vidset(*arguments) for _ in range(2))
    assert (first.code, first.err) == (0, "")
    assert first.found["kept"] == 4
    assert again.found["skipped"] == 1
    frames = rows(f"{which}://results/one", "frames")
    assert len(frames) == 5
    uris = [row["image_uri"] for row in frames if row["kept"]]
    assert uris[0].startswith(f"{which}://results/one/images/cam1/drive/")
    assert {row["collector_id"] for row in frames} == {"cam1"}
