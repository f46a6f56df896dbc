"""Runs that are killed at a random moment and run again: the same bytes, and nothing left over."""

import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.chaos.counts import times
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.programs.started import Started, run

pytestmark = pytest.mark.slow


@times(1, 200)
def test_a_killed_extraction_ends_the_same(count, tmp_path):
    for number in range(4):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=range(number, number + 6))
    (tmp_path / "in" / "broken.mp4").write_bytes(b"nonsense" * 100)
    _kill_and_run_again(count, _extraction(tmp_path), tmp_path / "out")


@times(1, 200)
def test_a_killed_extraction_of_one_long_video_ends_the_same(count, tmp_path):
    """It has samples enough to be decoded by several processes."""
    write_video(tmp_path / "in" / "long.mp4", scenes=range(40), size=(160, 120))
    command = [*_extraction(tmp_path), "--every", "0.2", "--workers", "2"]
    _kill_and_run_again(count, command, tmp_path / "out")


@times(1, 200)
def test_a_killed_watcher_ends_the_same(count, tmp_path):
    for number in range(3):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=range(number, number + 6))
    command = ["watch", str(tmp_path / "in"), "-o", str(tmp_path / "out")]
    command += ["--until-idle", "7", "--workers", "2"]
    # A watcher looks at files for 5 s before it takes them: what is worth a kill comes after.
    _kill_and_run_again(count, command, tmp_path / "out", begins=_has_videos)


def _has_videos(out: Path) -> bool:
    return any(out.glob("images/*"))


def _extraction(folder: Path) -> list[str]:
    inputs, out = str(folder / "in"), str(folder / "out")
    return ["extract", inputs, "-o", out]


def _kill_and_run_again(
    count: int, command: list[str], out: Path, begins: Callable[[Path], bool] = lambda _: True
) -> None:
    """Kill runs of `command` until `count` of them were killed; run each again and compare.

    Args:
        begins: from when on a run may be killed; the moment lies in what is left of it.
    """
    statuses = {0, 1}  # A video that is none gives 1.
    process = Started(command)
    _wait_until(begins, out, process)
    began = time.monotonic()
    assert process.wait() in statuses
    seconds, whole = time.monotonic() - began, tree(out)
    assert whole
    shutil.rmtree(out)
    chance, kills = random.Random(count), 0
    while kills < count:
        process = Started(command)
        _wait_until(begins, out, process)
        try:
            process.wait(chance.uniform(0, seconds))
        except subprocess.TimeoutExpired:
            kills += 1
        _kill(process)
        again = run(command)
        assert again.returncode in statuses, again.stderr
        assert tree(out) == whole, f"kill {kills}"
        shutil.rmtree(out)


def _wait_until(begins: Callable[[Path], bool], out: Path, process: Started) -> None:
    while not begins(out) and process.poll() is None:
        time.sleep(0.01)


def _kill(process: Started) -> None:
    """End it with its workers, as when the machine goes down."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
