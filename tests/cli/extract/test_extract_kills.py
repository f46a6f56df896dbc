"""`vidset extract` that is killed or interrupted, and run again."""

import json
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

CRASHES = """
import json, os, signal, shutil, sys
from pathlib import Path
from tests.cli.trees import tree
from vidset.cli.extract.extract import Request, extract

source, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
link, replace = os.link, os.replace

def run(crash_at, before):
    left = [crash_at]
    def dying(function):
        def write(*arguments, **options):
            left[0] -= 1
            if left[0] == 0 and before:
                os.kill(os.getpid(), signal.SIGKILL)
            function(*arguments, **options)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return write
    os.link, os.replace = dying(link), dying(replace)
    pid = os.fork()
    if pid == 0:
        extract(Request((source,), out, {}, workers=1))
        os._exit(0)
    return os.waitpid(pid, 0)[1]

statuses = []
for before in (True, False):
    for crash_at in range(1, count + 1):
        statuses.append(run(crash_at, before))
        assert run(0, True) == 0
        print(json.dumps(tree(Path(out))))
        shutil.rmtree(out)
print(*statuses)
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
    command = [sys.executable, "-c", CRASHES, tmp_path / "in", tmp_path / "out", str(writes)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=250, check=False, cwd=ROOT
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    *states, statuses = ended.stdout.splitlines()
    assert statuses.split() == [str(int(signal.SIGKILL))] * 2 * writes, ended.stderr[-3000:]
    assert set(states) == {json.dumps(whole)}


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
