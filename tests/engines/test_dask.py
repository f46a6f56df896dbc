"""`vidset extract --dask` on a real cluster: a scheduler and workers that are processes."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest

pytest.importorskip("distributed", reason='Dask is wanted: pip install "vidset[dask]"')

from tests.cli.called import vidset
from tests.cli.trees import tree
from tests.drawing import write_video
from tests.engines.clusters import dask_cluster

pytestmark = [pytest.mark.slow, pytest.mark.emulator, pytest.mark.timeout(1200)]


@pytest.fixture
def cluster(tmp_path):
    with dask_cluster(tmp_path / "cluster", workers=2, is_forked=False) as started:
        yield started


@pytest.fixture
def drives(tmp_path):
    for number in range(5):
        scenes = range(number, number + 6)
        write_video(tmp_path / "drives" / f"{number}.mp4", scenes=scenes, size=(160, 120))
    return tmp_path / "drives"


def test_the_bytes_are_those_of_a_local_run_though_a_worker_is_killed(cluster, drives, tmp_path):
    place = tmp_path / "roads"
    (drives / "broken.mp4").write_bytes(b"nonsense")
    local = vidset("extract", drives, "-o", place, "--workers", 1, "--json")
    whole = tree(place)
    shutil.rmtree(place)
    cluster.worker("w2")

    def kill_one_at_work() -> None:
        while not any((place / "images").rglob("*.jpg")):
            time.sleep(0.05)
        cluster.kill("w1")

    killer = threading.Thread(target=kill_one_at_work)
    killer.start()
    called = vidset("extract", drives, "-o", place, "--dask", cluster.address, "--json")
    killer.join()
    assert tree(place) == whole
    cost = ("seconds", "cpu_seconds")
    found = called.found
    assert called.code == local.code
    # Of one video the answer had not been fetched when it was killed; another one it had just
    # written. Whoever does these again finds them done.
    assert found["skipped"] in (0, 1, 2)
    assert found["redone"] in (0, 1)
    assert found["done"] + found["skipped"] == local.found["done"]
    assert found["failed"] == local.found["failed"] == 1
    if found["redone"]:  # It was killed between its frames' rows and the video's.
        assert found["replaced"] > 0
        found = {**found, "redone": 0, "replaced": 0}
    if found["skipped"]:
        assert found["warnings"] == local.found["warnings"]
    else:
        assert {**found, **dict.fromkeys(cost)} == {**local.found, **dict.fromkeys(cost)}
    assert called.found["cpu_seconds"] > 0
    again = vidset("extract", drives, "-o", place, "--dask", cluster.file, "--json")
    assert (again.found["done"], again.found["skipped"]) == (0, 6)


def test_a_worker_that_lacks_the_folder_or_a_version_is_named_before_any_work(
    cluster, drives, tmp_path
):
    place = tmp_path / "roads"
    if os.geteuid() == 0 and shutil.which("unshare"):
        place.mkdir()
        mount = f'mount -t tmpfs none {place} && exec "$@"'
        cluster.worker("apart", before=("unshare", "--mount", "sh", "-c", mount, "sh"))
        called = vidset("extract", drives, "-o", place, "--dask", cluster.address)
        assert called.code == 2
        assert f"it does not see {place} as the machine does that gives the work" in called.refusal
        assert "(1 of 3 workers cannot take part)" in called.refusal
        assert not (place / "images").exists()
        cluster.kill("apart")
    info = tmp_path / "site" / "av-1.2.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: av\nVersion: 1.2.3\n")
    cluster.worker("older", {"PYTHONPATH": str(tmp_path / "site")})
    called = vidset("extract", drives, "-o", place, "--dask", cluster.address)
    assert called.code == 2
    assert "has other versions: PyAV 1.2.3 (here " in called.refusal


def test_a_scheduler_that_is_gone_ends_the_run_and_the_next_one_goes_on(cluster, drives, tmp_path):
    place = tmp_path / "roads"
    command = ["extract", drives, "-o", place, "--dask", cluster.address]
    process = subprocess.Popen(
        [sys.executable, "-m", "vidset", *map(str, command)], stderr=subprocess.PIPE, text=True
    )
    while not any((place / "images").rglob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.05)
    cluster.kill("scheduler")
    _, said = process.communicate(timeout=600)
    assert process.returncode == 1
    assert f"Dask's scheduler {cluster.address}" in said
    assert "the same command goes on from there" in said
    found = vidset("extract", drives, "-o", place, "--workers", 1, "--json").found
    assert (found["videos"], found["done"] + found["skipped"], found["failed"]) == (5, 5, 0)


def test_ctrl_c_ends_the_work_on_the_nodes(cluster, drives, tmp_path):
    for number in range(5, 60):
        shutil.copy(drives / "0.mp4", drives / f"{number}.mp4")
    place = tmp_path / "roads"
    command = ["extract", drives, "-o", place, "--dask", cluster.address]
    process = subprocess.Popen([sys.executable, "-m", "vidset", *map(str, command)])
    while not any((place / "images").rglob("*.jpg")):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    assert process.wait(600) == 130
    workers = [cluster.processes[name].pid for name in ("w0", "w1")]
    while _children(workers):
        time.sleep(0.1)
    done = len(list((place / "videos").glob("*")))
    assert done < 60
    found = vidset("extract", drives, "-o", place, "--dry-run", "--json").found
    assert (found["skipped"], found["new"]) == (done, 60 - done)
    assert not (place / ".cache" / "probes").exists()


def test_nobody_answers_where_there_is_no_scheduler(drives, tmp_path):
    called = vidset("extract", drives, "-o", tmp_path / "roads", "--dask", "tcp://127.0.0.1:9")
    assert called.code == 1
    assert "tcp://127.0.0.1:9: the scheduler cannot be reached" in called.err


def _children(pids: list[int]) -> list[str]:
    """The programs that these processes have started and that still run."""
    ended = subprocess.run(
        ["ps", "-o", "args=", "--ppid", ",".join(map(str, pids))],
        capture_output=True,
        text=True,
        check=False,
    )
    return [line for line in ended.stdout.splitlines() if "vidset.engines.child" in line]
