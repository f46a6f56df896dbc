"""deploy/slurm on a real Slurm of three nodes: it needs root and Debian's slurm-wlm and munge."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.emulators.environments import locked, skip_or_fail
from tests.emulators.servers import cache_folder
from tests.paths import ROOT, SHARED

pytestmark = [pytest.mark.slow, pytest.mark.emulator]
_START = SHARED / "tools" / "engines" / "slurm"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory) -> Iterator[None]:
    """Three nodes with one core each."""
    if not _START.is_file():
        pytest.skip(f"no {_START}, which starts a Slurm")
    if os.geteuid() or not shutil.which("slurmctld") or not shutil.which("munged"):
        skip_or_fail("Slurm is wanted, as root: apt install slurm-wlm munge")
    folder = tmp_path_factory.mktemp("slurm")
    # Its ports are fixed.
    with locked(cache_folder() / "slurm"), pytest.MonkeyPatch.context() as environment:
        subprocess.run([_START, "up", folder, "3"], check=True)
        environment.setenv("SLURM_CONF", str(folder / "slurm.conf"))
        try:
            yield
        finally:
            subprocess.run(["scancel", "--user=root", "--signal=KILL", "--full"], check=False)
            subprocess.run([_START, "down", folder], check=True)


def test_an_array_leaves_the_bytes_of_one_run_though_a_task_is_killed(slurm, tmp_path, monkeypatch):
    place = tmp_path / "roads"
    for number in range(6):
        write_video(tmp_path / "drives" / f"{number}.mp4", scenes=range(10), size=(320, 240))
    vidset("extract", tmp_path / "drives", "-o", place)
    whole = tree(place)
    shutil.rmtree(place)
    monkeypatch.setenv("SOURCE", str(tmp_path / "drives"))
    monkeypatch.setenv("PLACE", str(place))
    monkeypatch.setenv("VIDSET", str(Path(sys.executable).with_name("vidset")))
    script = ROOT / "deploy" / "slurm" / "extract.sbatch"
    limits = ("--cpus-per-task=1", "--mem-per-cpu=1G", "--array=3-9:3", "--parsable")
    job = _said("sbatch", *limits, f"--chdir={tmp_path}", script)
    while not any((place / "images").rglob("*.jpg")):
        assert _states(job), (tmp_path / f"vidset-{job}_3.log").read_text()
        time.sleep(0.1)
    [killed, *_] = (task for task, state in _states(job).items() if state == "RUNNING")
    _said("scontrol", "requeue", killed)
    while states := _states(job):
        if states.get(killed) == "PENDING":  # Slurm waits two minutes with a requeued task.
            update = ("scontrol", "update", f"JobId={killed}", "StartTime=now")
            ended = subprocess.run(update, capture_output=True, text=True, check=False)
            # It may have begun since its state was asked for.
            assert ended.returncode == 0 or "no longer pending" in ended.stderr, ended.stderr
        time.sleep(0.5)
    waiting = vidset("status", place, "--inputs", tmp_path / "drives", "--json").found["waiting"]
    log = (tmp_path / f"vidset-{killed}.log").read_text()
    assert waiting == [], log
    assert tree(place) == whole
    assert "left to other shards" in log


def test_an_array_with_gaps_is_refused_before_any_work(slurm, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE", str(tmp_path))
    monkeypatch.setenv("PLACE", str(tmp_path / "roads"))
    monkeypatch.setenv("VIDSET", str(Path(sys.executable).with_name("vidset")))
    script = ROOT / "deploy" / "slurm" / "extract.sbatch"
    limits = ("--cpus-per-task=1", "--mem-per-cpu=1G", "--array=1,3", "--parsable")
    job = _said("sbatch", *limits, f"--chdir={tmp_path}", script)
    while _states(job):
        time.sleep(0.5)
    for task in 1, 3:
        assert (
            "variables of Slurm contradict" in (tmp_path / f"vidset-{job}_{task}.log").read_text()
        )
    assert not (tmp_path / "roads").exists()


def _said(*command: object) -> str:
    ended = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


def _states(job: str) -> dict[str, str]:
    """The state of each task that has not ended, by its id."""
    lines = _said("squeue", f"--jobs={job}", "--array", "--noheader", "--format=%i %T")
    return dict(line.split() for line in lines.splitlines())
