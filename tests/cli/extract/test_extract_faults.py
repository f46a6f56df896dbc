"""`vidset extract` when a worker dies, a limit is passed or a person stops it."""

import json
import os
import signal
import subprocess
import time

import pytest

from tests.cli.process import vidset
from tests.drawing import write_video
from tests.end_to_end.jobs import rows
from tests.paths import ROOT
from tests.programs.started import Started

# A worker's `sitecustomize`: it dies, or sleeps for ever, at a video of this name.
POISON = """
import os, sys, time

if os.environ.get("POISON") and "vidset.engines.child" in " ".join(sys.orig_argv):
    import vidset.intake.ingest as ingest

    extract = ingest.extract
    def poisoned(upload, *arguments, **options):
        if upload.name.startswith("poison"):
            if os.environ["POISON"] == "sleep":
                time.sleep(600)
            os.kill(os.getpid(), int(os.environ["POISON"]))
        return extract(upload, *arguments, **options)
    ingest.extract = poisoned
"""


@pytest.fixture
def poisoned(tmp_path):
    """Videos, and an environment in which the one called poison costs its worker its life."""
    for name in ("a", "poison", "z"):
        write_video(tmp_path / "in" / f"{name}.mp4", scenes=[len(name), 2, 3])
    (tmp_path / "sitecustomize.py").write_text(POISON)

    def environment(how):
        path = f"{tmp_path}{os.pathsep}{ROOT}"
        return os.environ | {"PYTHONPATH": path, "POISON": str(how)}

    return environment


def test_a_video_that_kills_its_worker_costs_that_video_alone(poisoned, tmp_path):
    out = tmp_path / "out"
    environment = poisoned(int(signal.SIGSEGV))
    ended = vidset("extract", tmp_path / "in", "-o", out, "--json", env=environment)
    reason = "decoding it failed twice: its process was ended by SIGSEGV"
    assert ended.returncode == 1, ended.stderr
    assert f"{tmp_path}/in/poison.mp4: {reason}" in ended.stderr
    found = {os.path.basename(row["video_uri"]): row for row in rows(str(out), "videos")}
    assert {name: row["status"] for name, row in found.items()} == {
        "a.mp4": "done", "poison.mp4": "failed", "z.mp4": "done"
    }  # fmt: skip
    assert found["poison.mp4"]["error"] == reason
    [letter] = (out / "dead_letters").glob("*.jsonl")
    assert json.loads(letter.read_text())["reason"] == reason
    summary = json.loads(ended.stdout)
    assert (summary["videos"], summary["done"], summary["failed"]) == (3, 2, 1)


def test_a_video_that_takes_too_long_is_given_up(poisoned, tmp_path):
    out = tmp_path / "out"
    options = ("--video-timeout", "10", "--json")
    # Only the one that would go on for ever may pass the limit, however slow the machine is.
    (tmp_path / "in" / "a.mp4").unlink()
    (tmp_path / "in" / "z.mp4").unlink()
    ended = vidset("extract", tmp_path / "in", "-o", out, *options, env=poisoned("sleep"))
    assert ended.returncode == 1, ended.stderr
    [row] = rows(str(out), "videos")
    reason = "decoding it failed twice: it took more than 10 s"
    assert (row["status"], row["error"]) == ("failed", reason)


@pytest.mark.slow
def test_a_watcher_gives_up_a_video_that_takes_too_long(poisoned, tmp_path):
    out = tmp_path / "out"
    options = ("--video-timeout", "10", "--until-idle", "9", "--workers", "1")
    # Only the one that would go on for ever may pass the limit, however slow the machine is.
    (tmp_path / "in" / "a.mp4").unlink()
    (tmp_path / "in" / "z.mp4").unlink()
    ended = vidset("watch", tmp_path / "in", "-o", out, *options, env=poisoned("sleep"))
    assert ended.returncode == 1, ended.stderr
    [row] = rows(str(out), "videos")
    reason = "decoding it failed twice: it took more than 10 s"
    assert (row["status"], row["error"]) == ("failed", reason)


def test_ctrl_c_ends_soon_and_says_how_to_go_on(poisoned, tmp_path):
    """A worker that would go on for ever is no reason to wait."""
    out = tmp_path / "out"
    command = ("extract", tmp_path / "in", "-o", out, "--workers", "1")
    process = Started(command, stderr=subprocess.PIPE, environment=poisoned("sleep"))
    while not list((out / "videos").glob("*.parquet")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=600)
    assert process.returncode == 130
    assert "of 3 videos are done. The same command goes on from there." in said
    assert not (out / ".partial").exists()
    assert vidset("extract", tmp_path / "in", "-o", out).returncode == 0
    assert {row["status"] for row in rows(str(out), "videos")} == {"done"}
