"""A real Dask cluster on this machine: each scheduler and worker is a process of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.paths import ROOT
from tests.programs.started import Started


class DaskCluster:
    """A scheduler and its workers. `file` is its scheduler file.

    Args:
        host: the scheduler's address.
        before: what its command begins with, such as that of a namespace.
        environment: what the scheduler and all workers have beside ours.
        is_forked: whether they may come from a process that has imported Dask.
    """

    def __init__(
        self,
        folder: Path,
        host: str = "127.0.0.1",
        before: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        *,
        is_forked: bool = True,
    ):
        self.folder, self.file = folder, folder / "scheduler.json"
        self.processes: dict[str, subprocess.Popen[bytes] | Started] = {}
        self._environment, self._is_forked = dict(environment or {}), is_forked
        folder.mkdir()
        options = ("--host", host, "--port", "0", "--scheduler-file", self.file)
        self._start("scheduler", "dask_scheduler", *options, "--no-dashboard", before=before)
        while not self.file.exists() or not self.file.read_text().endswith("}"):
            assert self.processes["scheduler"].poll() is None, self.log("scheduler")
            time.sleep(0.05)

    @property
    def address(self) -> str:
        return json.loads(self.file.read_text())["address"]

    def worker(
        self,
        name: str,
        environment: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
        host: str = "127.0.0.1",
    ) -> None:
        """Start a worker with one thread, and wait until the scheduler has it.

        Args:
            before: what the command begins with, such as that of a namespace.
            host: its address there.
        """
        where = ("--host", host, "--scheduler-file", self.file, "--no-dashboard")
        how = ("--nthreads", "1", "--no-nanny", "--name", name)
        folder = ("--local-directory", self.folder / name)
        self._start(name, "dask_worker", *where, *how, *folder, more=environment, before=before)
        while "Registered to" not in self.log(name):
            assert self.processes[name].poll() is None, self.log(name)
            time.sleep(0.05)

    def kill(self, name: str) -> None:
        process = self.processes.pop(name)
        process.kill()
        process.wait()

    def children(self, name: str) -> list[int]:
        """The processes that do the work of a worker."""
        worker = self.processes[name].pid
        command = ["ps", "-o", "pid=,args=", "--ppid", str(worker)]
        said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
        return [int(line.split()[0]) for line in said.splitlines() if "vidset.engines" in line]

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def end(self) -> None:
        for name in list(self.processes):
            self.kill(name)

    def _start(
        self,
        name: str,
        module: str,
        *options: object,
        more: Mapping[str, str] | None = None,
        before: Sequence[str] = (),
    ) -> None:
        module, words = f"distributed.cli.{module}", [*map(str, options)]
        with open(self.folder / f"{name}.log", "w") as log:
            if self._is_forked and not (before or self._environment or more):
                self.processes[name] = Started(words, log, log, folder=ROOT, module=module)
                return
            self.processes[name] = subprocess.Popen(
                [*before, sys.executable, "-m", module, *words],
                stdout=log,
                stderr=log,
                cwd=ROOT,
                env={**os.environ, **self._environment, **(more or {})},
            )


@contextmanager
def dask_cluster(
    folder: Path,
    workers: int,
    environment: Mapping[str, str] | None = None,
    *,
    is_forked: bool = True,
) -> Iterator[DaskCluster]:
    cluster = DaskCluster(folder, environment=environment, is_forked=is_forked)
    try:
        for number in range(workers):
            cluster.worker(f"w{number}")
        yield cluster
    finally:
        cluster.end()
