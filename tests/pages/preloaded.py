"""A process that has imported the command line, and forks a `vidset` for each one that is typed.

What is typed behaves as the installed command does: it has the shell's folder, variables and
descriptors, and its exit code. But nothing is imported again, which is most of what a short command
costs.
"""

import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

_READY = "ready"
_IMPORTED = (
    *("cv2", "av", "duckdb", "pandas", "pyarrow.parquet", "uvicorn"),
    *("vidset.cli.main", "vidset.intake.run", "vidset.warehouse.sync", "vidset.view.app"),
    *("vidset.datasets.curation.create", "vidset.local_labeling.dispatch"),
)
# What takes seconds is imported when a command first needs it, and kept for the next.
_NEEDED = {
    "train": ("torch",),
    "evaluate": ("torch", "scipy.stats", "faster_coco_eval"),
    "compare": ("scipy.stats",),
    "errors": ("torch", "cleanlab.rank"),
    "upload": ("google.cloud.storage",),
}
# What stands on the PATH as `vidset`: it hands over everything, and ends as its process does.
_TYPED = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as peer:
    peer.connect({path!r})
    told = {{"arguments": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ)}}
    text = json.dumps(told).encode()
    socket.send_fds(peer, [len(text).to_bytes(4, "big")], [0, 1, 2])
    peer.sendall(text)
    number = int.from_bytes(peer.recv(4), "big")
    for stop in signal.SIGTERM, signal.SIGINT:
        signal.signal(stop, lambda stop, _: os.kill(number, stop))
    ended = peer.recv(1)
sys.exit(ended[0] if ended else 137)
"""


class Preloaded:
    """The process, and a folder for the PATH in which `vidset` is."""

    def __init__(self, folder: Path):
        self.programs = folder / "bin"
        self.programs.mkdir()
        path = folder / "socket"
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.pages.preloaded", str(path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
        assert self._process.stdout
        assert self._process.stdout.readline().decode().strip() == _READY
        program = self.programs / "vidset"
        program.write_text(_TYPED.format(python=sys.executable, path=str(path)))
        program.chmod(0o755)

    def end(self) -> None:
        """End the process. Whoever typed a command that is still running ends that first."""
        self._process.terminate()
        self._process.communicate()


def _serve(path: str) -> NoReturn:
    for name in _IMPORTED:
        importlib.import_module(name)
    os.cpu_count = lambda: 1  # One worker process does for a video of seconds.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print(_READY, flush=True)
        while True:
            peer, _ = listener.accept()
            size, descriptors, _, _ = socket.recv_fds(peer, 4, 3)
            with peer.makefile("rb") as file:
                told = json.loads(file.read(int.from_bytes(size, "big")))
            for word in told["arguments"][1:2]:
                for name in _NEEDED.get(word, ()):
                    importlib.import_module(name)
            gc.freeze()
            if os.fork() == 0:
                listener.close()
                _run(peer, told, descriptors)
            for descriptor in descriptors:
                os.close(descriptor)
            peer.close()


def _run(peer: socket.socket, told: dict[str, Any], descriptors: list[int]) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = told["arguments"]
    peer.sendall(os.getpid().to_bytes(4, "big"))
    peer.sendall(bytes([_code()]))
    os._exit(0)


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
