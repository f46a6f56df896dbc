"""A process that has imported the command line, and forks a `vidset` whenever one is asked for.

What it forks behaves as the installed command does, or as `python -m MODULE`: it has the folder,
variables and descriptors of whoever asks, a session of its own, and a number that signals reach.
But nothing is imported again, which is most of what a short command costs.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from tests.of_all_workers import is_running
from tests.paths import ROOT
from tests.programs.forked import fork_workers

_READY = "ready"
_POLL_SECONDS, _ASK_SECONDS = 1, 60
_IMPORTED = (
    *("cv2", "av", "duckdb", "pyarrow.parquet", "uvicorn", "vidset.cli.main"),
    *("vidset.cli.extract.extract", "vidset.intake.run", "vidset.warehouse.sync"),
    *("vidset.view.app", "vidset.datasets.curation.create", "vidset.local_labeling.dispatch"),
    "tests.programs.s3_is_known",
)
_OF_JOBS = (
    *("apache_beam.runners.direct.direct_runner", "apache_beam.io.gcp.pubsub"),
    *("google.cloud.storage", "google.cloud.bigquery", "google.cloud.firestore"),
)
# What takes seconds is imported when a command first needs it, and kept for the next.
_NEEDED = {
    "train": ("torch",),
    "evaluate": ("torch", "scipy.stats", "faster_coco_eval"),
    "compare": ("scipy.stats",),
    "errors": ("torch", "cleanlab.rank"),
    "upload": ("google.cloud.storage", "vidset.upload.run"),
    "watch": ("pika", "vidset.watch.watch", "vidset.watch.amqp"),
    # Modules that are run as programs. A job of Beam has its sources and sinks with it.
    "vidset.beam.ingest_job": ("vidset.beam.ingest_job", *_OF_JOBS),
    "vidset.beam.export_job": ("vidset.beam.export_job", *_OF_JOBS),
    "tests.end_to_end.dying_export": ("vidset.beam.export_job", *_OF_JOBS),
    "distributed.cli.dask_scheduler": ("distributed.cli.dask_scheduler",),
    "distributed.cli.dask_worker": ("distributed.cli.dask_worker",),
}
# What stands on the PATH as `vidset`: it hands over everything, and ends as its process does.
_TYPED = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect({path!r})
    told = {{"arguments": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ)}}
    text = json.dumps(told | {{"is_typed": True}}).encode()
    socket.send_fds(peer, [len(text).to_bytes(4, "big")], [0, 1, 2])
    peer.sendall(text)
    number = int.from_bytes(peer.recv(4), "big")
    for stop in signal.SIGTERM, signal.SIGINT:
        signal.signal(stop, lambda stop, _: os.kill(number, stop))
    ended = int.from_bytes(peer.recv(4), "big", signed=True)
sys.exit(ended if ended >= 0 else 128 - ended)
"""


# What stands for the interpreter where a program calls it for `vidset` alone.
_PYTHON = """#!/bin/sh
while [ "$1" != vidset ]; do shift; done
shift
exec {program} "$@"
"""


class Preloaded:
    """The process, which ends with another one, and a folder for the PATH in which `vidset` is.

    Args:
        folder: where `start_in` has started it.

    Attributes:
        python: stands for `sys.executable` where that is called as `python -m vidset`.
    """

    def __init__(self, folder: Path):
        self.programs, self.python = folder / "bin", folder / "python"
        self._path = str(folder / "socket")

    @classmethod
    def start_in(cls, folder: Path, owner: int) -> None:
        """Start the process that ends with `owner`, and write the programs that reach it."""
        made = cls(folder)
        made.programs.mkdir()
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", __name__, made._path, str(owner)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=ROOT,
            start_new_session=True,
        )
        assert process.stdout
        with process.stdout:
            assert process.stdout.readline().decode().strip() == _READY
        program = made.programs / "vidset"
        program.write_text(_TYPED.format(python=sys.executable, path=made._path))
        program.chmod(0o755)
        made.python.write_text(_PYTHON.format(program=program))
        made.python.chmod(0o755)

    def start(
        self,
        words: Sequence[str],
        descriptors: Sequence[int],
        environment: dict[str, str],
        folder: str,
        module: str | None = None,
    ) -> tuple[int, socket.socket]:
        """Start `vidset` with these words in a folder, with its stdin, stdout and stderr.

        With a `module` it is `python -m MODULE` that is started.

        Returns its process's number, and from where four bytes come when it ends: its exit code,
        or the signal that ended it as a negative number.
        """
        told = {"arguments": ["vidset", *words], "folder": folder, "environment": environment}
        return self._ask(told | {"is_typed": False, "module": module}, descriptors)

    def start_worker(
        self, descriptors: Sequence[int], environment: dict[str, str]
    ) -> tuple[int, socket.socket]:
        """Start a worker of `vidset.engines`, with its stdin, stdout, stderr and two handles.

        Returns what `start` does.
        """
        told = {"arguments": ["worker"], "folder": os.getcwd(), "environment": environment}
        return self._ask(told | {"is_typed": False}, descriptors)

    def _ask(self, told: dict[str, Any], descriptors: Sequence[int]) -> tuple[int, socket.socket]:
        text = json.dumps(told).encode()
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(self._path)
        socket.send_fds(peer, [len(text).to_bytes(4, "big")], list(descriptors))
        peer.sendall(text)
        return int.from_bytes(peer.recv(4, socket.MSG_WAITALL), "big"), peer


def _serve(path: str, owner: int) -> NoReturn:
    from vidset.cli.command import tree_of
    from vidset.cli.main import app

    for name in _IMPORTED:
        importlib.import_module(name)
    tree_of(app)  # Kept for all that are forked.
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(_READY, flush=True)
        while True:
            while not select.select([listener], [], [], _POLL_SECONDS)[0]:
                _reap()
                if not is_running(owner):
                    os._exit(0)
            peer, _ = listener.accept()
            try:
                told, descriptors = _asked(peer)
            except (OSError, ValueError):  # Tests kill whoever asks, also in the middle of it.
                peer.close()
                continue
            module = told.get("module")
            for word in [module] if module else told["arguments"][1:2]:
                for name in _NEEDED.get(word, ()):
                    importlib.import_module(name)
            gc.freeze()
            _reap()
            if os.fork() == 0:
                listener.close()
                _keep(peer, told, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            peer.close()


def _asked(peer: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """Return what is asked for, and the descriptors that came with it.

    Raises:
        OSError, ValueError: it does not come whole.
    """
    peer.settimeout(_ASK_SECONDS)
    size, descriptors, _, _ = socket.recv_fds(peer, 4, 5)
    try:
        with peer.makefile("rb") as file:
            told = json.loads(file.read(int.from_bytes(size, "big")))
    except (OSError, ValueError):
        for descriptor in descriptors:
            os.close(descriptor)
        raise
    peer.settimeout(None)
    return told, descriptors


def _reap() -> None:
    """Take leave of those that have ended: what they have used counts as this process's then."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _keep(peer: socket.socket, told: dict[str, Any], descriptors: list[int]) -> NoReturn:
    """Run the command in a process below this one, which tells how it ends."""
    number = os.fork()
    if number == 0:
        peer.close()
        _run(told, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)
    os.close(1)  # Whoever waits for the end of what is written would wait for this process, too.
    peer.sendall(number.to_bytes(4, "big"))
    _, status = os.waitpid(number, 0)
    with contextlib.suppress(BrokenPipeError):  # Nobody waits for it.
        peer.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))
    os._exit(0)


def _run(told: dict[str, Any], descriptors: list[int]) -> NoReturn:
    os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(told["folder"])
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    os.environ.clear()
    os.environ.update(told["environment"])
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [each for each in paths if each and each not in sys.path]
    if "dask" in sys.modules:  # It reads the variables when it is imported.
        sys.modules["dask"].config.refresh()
    sys.argv = told["arguments"]
    if handles := descriptors[3:]:
        sys.argv[1:] = map(str, handles)
        importlib.import_module("vidset.engines.child").main()
    module = told.get("module")
    # Else workers import what a test puts there; and of Dask's it is tested how they start.
    if paths == given and not (module or "").startswith("distributed."):
        fork_workers()
    if told["is_typed"]:
        os.cpu_count = lambda: 1  # One worker process does for a video of seconds.
    code = 1
    try:
        code = _code(module)
    finally:
        os._exit(code)


def _code(module: str | None) -> int:
    from vidset.cli.starting import run

    code: object = 1
    try:
        if module is None:
            run()
        else:
            _run_module(module)
    except SystemExit as ended:
        code = ended.code or 0
        if module is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


def _run_module(name: str) -> None:
    """Run a module as the interpreter does, which waits for its threads at the end."""
    sys.modules.pop(name, None)  # It may have been imported, and is to be run from its beginning.
    try:
        runpy.run_module(name, run_name="__main__", alter_sys=True)
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()


if __name__ == "__main__":
    _serve(sys.argv[1], int(sys.argv[2]))
