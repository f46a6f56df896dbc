"""Workers of a forked command are forked, too: by a process that the command has from its start.

A command has threads when it wants its workers, and a process with threads cannot fork safely.
What is forked behaves as a worker that was started: it is a child of the command and of its group.
"""

import ctypes
import importlib
import json
import os
import signal
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import NoReturn

from tests.programs.handles import Handle
from vidset.engines import processes

_SUBREAPER = 36  # Of Linux' prctl: whose parent ends becomes a child of the command.
# What Linux calls a worker, in /proc.
NAME = "vidset worker"


class Forked(Handle):
    """A worker that is a child of this process."""

    def _ended(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def fork_workers() -> None:
    """Have workers forked from here on. This process has no threads yet."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_SUBREAPER, 1)
    asking, asked = socket.socketpair()
    if os.fork() == 0:
        asking.close()
        _serve(asked)
    asked.close()
    lock = Lock()

    def launch(handles: Sequence[int], variables: Mapping[str, str]) -> Forked:
        text = json.dumps(dict(variables)).encode()
        with lock:
            socket.send_fds(asking, [len(text).to_bytes(4, "big")], list(handles))
            asking.sendall(text)
            return Forked(int.from_bytes(asking.recv(4, socket.MSG_WAITALL), "big"))

    processes.launch = launch


def _serve(asked: socket.socket) -> NoReturn:
    """Fork until there is no command any more."""
    for stop in signal.SIGINT, signal.SIGTERM:  # These reach a whole group: the command decides.
        signal.signal(stop, signal.SIG_IGN)
    while True:
        size, handles, _, _ = socket.recv_fds(asked, 4, 2)
        if not size:
            os._exit(0)
        text = asked.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        # By one between, which ends: so that it is the command's child, and not ours.
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            number = os.fork()
            if number == 0:
                asked.close()
                _work(handles, json.loads(text))
            os.write(writing, number.to_bytes(4, "big"))
            os._exit(0)
        os.waitpid(between, 0)
        asked.sendall(os.read(reading, 4))
        for handle in (reading, writing, *handles):
            os.close(handle)


def _work(handles: list[int], variables: dict[str, str]) -> NoReturn:
    Path("/proc/self/comm").write_text(NAME)
    os.dup2(2, 1)  # Standard output is for results.
    os.environ.clear()
    os.environ.update(variables)
    sys.argv[1:] = map(str, handles)
    importlib.import_module("vidset.engines.child").main()
    os._exit(0)
