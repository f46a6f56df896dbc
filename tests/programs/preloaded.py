"""A process that has imported the command line, and forks a `vidset` whenever one is asked for.

What it forks behaves as the installed command does: it has the folder, variables and descriptors
of whoever asks, a session of its own, and a number that signals reach. But nothing is imported
again, which is most of what a short command costs.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import socket
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

_READY = "ready"
_IMPORTED = (
    *("cv2", "av", "duckdb", "pyarrow.parquet", "uvicorn", "vidset.cli.main"),
    *("vidset.cli.extract.extract", "vidset.intake.run", "vidset.warehouse.sync"),
    *("vidset.view.app", "vidset.datasets.curation.create", "vidset.local_labeling.dispatch"),
)
# What takes seconds is imported when a command first needs it, and kept for the next.
_NEEDED = {
    "train": ("torch",),
    "evaluate": ("torch", "scipy.stats", "faster_coco_eval"),
    "compare": ("scipy.stats",),
    "errors": ("torch", "cleanlab.rank"),
    "upload": ("google.cloud.storage",),
    "watch": ("boto3", "pika", "vidset.watch.watch", "vidset.watch.amqp"),
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
    """The process, and a folder for the PATH in which `vidset` is.

    Attributes:
        python: stands for `sys.executable` where that is called as `python -m vidset`.
    """

    def __init__(self, folder: Path):
        self.programs = folder / "bin"
        self.programs.mkdir()
        self._path = str(folder / "socket")
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.programs.preloaded", self._path]
        # It ends when the pipe to it is closed, also by our own end.
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        assert self._process.stdout
        assert self._process.stdout.readline().decode().strip() == _READY
        program = self.programs / "vidset"
        program.write_text(_TYPED.format(python=sys.executable, path=self._path))
        program.chmod(0o755)
        self.python = folder / "python"
        self.python.write_text(_PYTHON.format(program=program))
        self.python.chmod(0o755)

    def start(
        self,
        words: Sequence[str],
        descriptors: Sequence[int],
        environment: dict[str, str],
        folder: str,
    ) -> tuple[int, socket.socket]:
        """Start `vidset` with these words in a folder, with its stdin, stdout and stderr.

        Returns its process's number, and from where four bytes come when it ends: its exit code,
        or the signal that ended it as a negative number.
        """
        told = {"arguments": ["vidset", *words], "folder": folder, "environment": environment}
        text = json.dumps(told | {"is_typed": False}).encode()
        peer = socket.socket(socket.AF_UNIX)
        peer.connect(self._path)
        socket.send_fds(peer, [len(text).to_bytes(4, "big")], list(descriptors))
        peer.sendall(text)
        return int.from_bytes(peer.recv(4, socket.MSG_WAITALL), "big"), peer

    def end(self) -> None:
        """End the process. Whoever typed a command that is still running ends that first."""
        self._process.communicate()


def _serve(path: str) -> NoReturn:
    for name in _IMPORTED:
        importlib.import_module(name)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(_READY, flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                os._exit(0)
            peer, _ = listener.accept()
            size, descriptors, _, _ = socket.recv_fds(peer, 4, 3)
            with peer.makefile("rb") as file:
                told = json.loads(file.read(int.from_bytes(size, "big")))
            for word in told["arguments"][1:2]:
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
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    paths = told["environment"].get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:0] = [each for each in paths if each and each not in sys.path]
    sys.argv = told["arguments"]
    if told["is_typed"]:
        os.cpu_count = lambda: 1  # One worker process does for a video of seconds.
    code = 1
    try:
        code = _code()
    finally:
        os._exit(code)


def _code() -> int:
    from vidset.cli.starting import run

    code: object = 1
    try:
        run()
    except SystemExit as ended:
        code = ended.code or 0
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    return code if isinstance(code, int) else 1


if __name__ == "__main__":
    _serve(sys.argv[1])
