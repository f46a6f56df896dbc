"""`vidset extract` that is killed or interrupted, and run again."""

import itertools
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from tests.cli.process import vidset
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.paths import ROOT

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


@pytest.mark.slow
def test_a_kill_at_any_write_changes_nothing_in_the_end(tmp_path):
    """Two videos, 3 images and 2 ledger files each: killed before and after each of the writes."""
    for number in range(2):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=[number, number + 10, number + 20])
    out, writes = tmp_path / "out", 10
    vidset("extract", tmp_path / "in", "-o", out)
    whole = tree(out)
    assert len(whole) == writes
    shutil.rmtree(out)
    (tmp_path / "sitecustomize.py").write_text(DYING)
    command = [sys.executable, "-m", "vidset", "extract", tmp_path / "in", "-o", out]
    for moment, number in itertools.product(("before", "after"), range(1, writes + 1)):
        environment = os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
        killed = subprocess.run(
            [*command, "--workers", "1"],
            env=environment | {"CRASH_AT": f"{moment} {number}"},
            start_new_session=True,
            capture_output=True,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert vidset("extract", tmp_path / "in", "-o", out).returncode == 0
        assert tree(out) == whole
        shutil.rmtree(out)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_run_interrupted_at_some_moment_ends_the_same(how, tmp_path):
    for number in range(4):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=range(30), size=(640, 480))
    out = tmp_path / "out"
    arguments = ("extract", tmp_path / "in", "-o", out, "--quiet")
    vidset(*arguments)
    whole = tree(out)
    shutil.rmtree(out)
    process = subprocess.Popen([sys.executable, "-m", "vidset", *map(str, arguments)])
    while not (out / "images").is_dir() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(how)
    assert process.wait(60) != 0
    assert set(tree(out)) != set(whole)
    assert vidset(*arguments).returncode == 0
    assert tree(out) == whole
