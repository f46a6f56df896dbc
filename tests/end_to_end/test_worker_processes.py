"""Workers as processes of their own, which get the pipeline pickled: Beam's portable runner."""

import hashlib
import os
import subprocess
import sys
import time
from contextlib import ExitStack

import pytest

from tests.drawing import write_video
from tests.emulators.servers import Server, serve
from tests.end_to_end.jobs import objects, rows, running_job

pytestmark = pytest.mark.slow


def start(stack: ExitStack, module: str, option: str, folder) -> Server:
    def command(port: int) -> list[str]:
        return [sys.executable, "-m", module, f"{option}={port}"]

    # The pool starts its workers as `python`: that of this environment.
    path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"
    name = module.rpartition(".")[2]
    return stack.enter_context(serve(name, command, "", folder=folder, environment={"PATH": path}))


def worker_processes(pool: Server) -> set[str]:
    """Process ids of the workers that the pool has started."""
    command = ["ps", "-ww", "-o", "pid=,args=", "-g", str(pool.watchdog.pid)]
    lines = subprocess.run(command, capture_output=True, text=True, check=False).stdout.splitlines()
    return {line.split()[0] for line in lines if "SdkHarness" in line}


def test_two_worker_processes_at_once_give_one_set(tmp_path):
    """Two jobs over the same videos and the same output, each with a worker from the pool."""
    for number in range(8):
        write_video(tmp_path / "in" / f"{number}.mp4", scenes=[number, number, number + 100])
    out = tmp_path / "out"
    with ExitStack() as stack:
        pool = start(
            stack, "apache_beam.runners.worker.worker_pool_main", "--service_port", tmp_path
        )
        service = start(
            stack, "apache_beam.runners.portability.local_job_service_main", "--port", tmp_path
        )
        arguments = (
            f"--input={tmp_path}/in",
            f"--images={out}/images",
            f"--ledger={out}",
            f"--dead_letters={out}/dead_letters",
            "--runner=PortableRunner",
            f"--job_endpoint={service.address}",
            "--environment_type=EXTERNAL",
            f"--environment_config={pool.address}",
        )
        logs = [tmp_path / f"job-{number}.log" for number in range(2)]
        jobs = [stack.enter_context(running_job(log, *arguments)) for log in logs]
        workers: set[str] = set()
        deadline = time.monotonic() + 600
        while any(job.poll() is None for job in jobs) and time.monotonic() < deadline:
            workers |= worker_processes(pool)
            time.sleep(0.1)
        for job, log in zip(jobs, logs, strict=True):
            assert job.returncode == 0, log.read_text()[-4000:]
    assert len(workers) == 2
    assert len(rows(str(out), "videos")) == 8
    assert {row["status"] for row in rows(str(out), "videos")} == {"done"}
    images = objects(f"{out}/images")
    kept = [row for row in rows(str(out), "frames") if row["kept"]]
    assert len(images) == len(kept) == 16
    for row in kept:
        data = images[row["image_uri"].removeprefix(f"{out}/images/")]
        assert row["image_sha256"] == hashlib.sha256(data).hexdigest()
