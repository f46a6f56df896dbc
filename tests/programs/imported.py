"""Imports modules once, and forks the workers of pytest: see `tests.imported`.

    python imported.py SOCKET PID MODULE...

It is no module of the tests, because pytest rewrites those while it imports them. Whoever connects
hands over the words of an interpreter's command, its folder, variables and descriptors; what is
forked keeps the connection until it ends. This process ends with the process PID.
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import threading
import traceback
import types
from typing import Any

_POLL_SECONDS = 1

_AS_BEFORE = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGCHLD)}


def main(path: str, owner: int, modules: list[str]) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("listening", flush=True)
        gc.disable()
        for name in modules:
            with contextlib.suppress(ImportError):  # Its tests say so.
                importlib.import_module(name)
        gc.freeze()
        gc.enable()
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for what is forked.
        while os.getppid() == owner:
            if not select.select([listener], [], [], _POLL_SECONDS)[0]:
                continue
            peer, _ = listener.accept()
            size, descriptors, _, _ = socket.recv_fds(peer, 4, 3)
            with peer.makefile("rb") as file:
                told = json.loads(file.read(int.from_bytes(size, "big")))
            if os.fork() == 0:
                listener.close()
                _become(told, descriptors)
                return
            peer.close()
            for descriptor in descriptors:
                os.close(descriptor)


def _become(told: dict[str, Any], descriptors: list[int]) -> None:
    """Do as a new interpreter does with these words, of which the last is a program."""
    for number in signal.SIGINT, signal.SIGCHLD:
        signal.signal(number, _AS_BEFORE[number])
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
        os.close(descriptor)
    os.chdir(told["folder"])
    os.environ.clear()
    os.environ.update(told["environment"])
    sys.argv = ["-c"]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    code = 1
    try:
        exec(told["words"][-1], vars(main))  # noqa: S102
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        # Libraries would wait at the end for threads of theirs that did not come along.
        os._exit(code)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Workers take it, as they would.
    sys.path[0] = os.getcwd()
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3:])
