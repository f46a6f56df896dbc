"""The program of a worker process.

It reads a function that opens its work from the pipe, then tasks, and writes what becomes of each.
A module may come first, to be imported while it is not known yet what there is to do.
It is a program of its own, so that nothing of the parent's main module is imported again.
"""

import errno
import os
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import Any

# Errors of a file system that another try does not change.
_LASTING = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR}
    | {errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}
)


@dataclass(frozen=True, slots=True)
class Import:
    """A module that the work will need, which comes before the work."""

    module: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The work is open: a task's time counts from here, since starting may take a while."""


@dataclass(frozen=True, slots=True)
class Told:
    """The progress of a task."""

    what: Any


@dataclass(frozen=True, slots=True)
class Done:
    """The result of a task."""

    result: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """A task raised: the process ends after it, so that the next one has clients of its own."""

    reason: str
    trace: str
    is_passing: bool


def main() -> None:
    """Run as `python -c "from vidset.engines.child import main; main()" PIPE ALIVE`."""
    pipe, alive = Connection(int(sys.argv[1])), int(sys.argv[2])
    for number in signal.SIGINT, signal.SIGTERM:  # Ctrl-C reaches us too: the parent decides.
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    try:
        opens = pipe.recv()
        if isinstance(opens, Import):
            import_module(opens.module)
            opens = pipe.recv()
        work = opens()
        pipe.send(Ready())
        while True:
            task = pipe.recv()
            pipe.send(Done(work(task, lambda what: pipe.send(Told(what)))))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass  # There is no parent any more.
    except BaseException as error:
        pipe.send(_raised(error))
    os._exit(1)


def _raised(error: BaseException) -> Raised:
    is_lasting = isinstance(error, OSError) and error.errno in _LASTING
    is_passing = not (is_lasting or getattr(error, "is_lasting", False))
    return Raised(f"{type(error).__name__}: {error}", traceback.format_exc(), is_passing)


def _end_with_parent(alive: int) -> None:
    """End even when the parent is killed: the pipe that it holds open closes then."""
    os.read(alive, 1)
    os._exit(1)
