"""`vidset extract` that is killed or interrupted, and run again."""

import itertools
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.cli.process import vidset
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.paths import ROOT
from tests.programs.started import Started
from tests.watch.watchers import is_running, workers_of

# A worker's `sitecustomize`: at its so manieth write it kills the whole run, workers and all.
DYING = """
import os, signal

where = os.environ.get("CRASH_AT", "")
if where:
    moment, at = where.split()
    left = [int(at)]
    def dying(function):
        def write(*arguments, **options):
            left[0] -= 1
            if left[0] == 0 and moment == "before":
                os.killpg(0, signal.SIGKILL)
            function(*arguments, **options)
            if left[0] == 0:
                os.killpg(0, signal.SIGKILL)
        return write
    os.link, os.replace = dying(os.link), dying(os.replace)
"""


PLACE = {"vidset.json", "vidset.toml"}


def _empty(out: Path) -> None:
    """Remove what a run writes, and leave the marks of a place."""
    for path in out.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
    assert {path.name for path in out.iterdir()} == PLACE


@pytest.mark.slow
@pytest.mark.parametrize(
    "every", [pytest.param(4, id="few"), pytest.param(1, id="all", marks=pytest.mark.chaos)]
)
def test_a_kill_at_any_write_changes_nothing_in_the_end(every, tmp_path):
    """Two videos, 3 images and 2 ledger files each: killed before and after each of the writes.

    The place is there before, so that each process that writes is a worker.
    """
    for number in range(2):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=[number, number + 10, number + 20])
    out, writes = tmp_path / "out", 10
    vidset("extract", tmp_path / "in", "-o", out)
    whole = tree(out)
    assert len(whole) == writes + len(PLACE)
    _empty(out)
    (tmp_path / "sitecustomize.py").write_text(DYING)
    command = ("extract", tmp_path / "in", "-o", out, "--workers", "1")
    moments = list(itertools.product(("before", "after"), range(1, writes + 1)))
    for moment, number in moments[::every]:
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        killed = vidset(*command, env=environment | {"CRASH_AT": f"{moment} {number}"})
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert vidset("extract", tmp_path / "in", "-o", out).returncode == 0
        assert tree(out) == whole
        _empty(out)


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> tuple[Path, Path, dict[str, str]]:
    """Four videos that take a while, where they go, and what an undisturbed run writes there."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(4):
        write_video(folder / "in" / f"{number}.mp4", scenes=range(30), size=(640, 480))
    assert vidset("extract", folder / "in", "-o", folder / "out", "--quiet").returncode == 0
    return folder / "in", folder / "out", tree(folder / "out")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "code"), [(signal.SIGKILL, -9), (signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_run_interrupted_at_some_moment_ends_the_same(how, code, videos, tmp_path):
    """It ends with its workers and their videos unfinished, however long these would take."""
    folder, out, whole = videos
    shutil.rmtree(out)
    log = tmp_path / "log"
    arguments = ("extract", folder, "-o", out, "--quiet")
    with log.open("wb") as said:
        process = Started(arguments, said, said)
    while not (out / "images").is_dir() and process.poll() is None:
        time.sleep(0.01)
    workers = workers_of(process)
    assert workers
    process.send_signal(how)
    assert process.wait(600) == code
    while any(map(is_running, workers)):  # A worker whose parent was killed ends by itself.
        time.sleep(0.01)
    assert set(tree(out)) != set(whole)
    assert vidset(*arguments).returncode == 0
    assert tree(out) == whole
