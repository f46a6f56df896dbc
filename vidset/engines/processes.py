"""Worker processes of this machine. One that dies takes nothing but its own task along."""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from pickle import UnpicklingError  # nosec B403
from typing import Any, Protocol, Self

from vidset.engines.child import Done, Import, Raised, Ready, Told
from vidset.engines.engine import Limits, Open, Report, TaskError, TaskLostError

_POLL_SECONDS = 0.05
_PROGRAM = "from vidset.engines.child import main; main()"
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class Launched(Protocol):
    """A process that was started, with what a `subprocess.Popen` has of it."""

    @property
    def pid(self) -> int: ...

    def kill(self) -> None: ...

    def wait(self) -> int: ...


def environment() -> dict[str, str]:
    """Return the variables of a worker process, which imports from where this one does."""
    # A task's threads take turns, since most of it is Python. If each had an arena of the GNU C
    # library's own, what all of them have freed would stay with the process.
    variables = {"MALLOC_ARENA_MAX": "1", **os.environ}
    return {**variables, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def launch(handles: Sequence[int], variables: Mapping[str, str]) -> Launched:
    """Start a worker process that has these open handles of ours."""
    return subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, *map(str, handles)],
        pass_fds=handles,
        stdin=subprocess.DEVNULL,
        stdout=sys.__stderr__,  # Standard output is for results.
        env=dict(variables),
    )


@contextmanager
def started_ahead(module: str) -> Iterator[None]:
    """Have a process import a module while the caller still looks for what there is to do.

    The first process that `Processes` need in the block is this one. Where none is needed, it is
    ended with the block.
    """
    process = _Process()
    process.send(Import(module))
    _AHEAD.append(process)
    try:
        yield
    finally:
        if process in _AHEAD:
            _AHEAD.remove(process)
            process.kill()
            process.close()


class Processes:
    """A number of processes, each with one task at a time, started when first needed.

    A task that raises ends its process, so that the next one begins with clients of its own.

    Attributes:
        number: how many.
    """

    def __init__(self, number: int, opens: Open, limits: Limits = Limits()):  # noqa: B008 (frozen)
        self.number, self._limits = number, limits
        self._start: Callable[[], _Process] = lambda: _started(opens)
        self._free: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(number):
            self._free.put(None)
        self._living: set[_Process] = set()
        self._lock = threading.Lock()
        self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def run(self, task: Any, report: Report = lambda _: None) -> Any:
        """Wait for a free process and for the task's result. Safe to call from several threads.

        Raises:
            TaskError: it raised, or `end` was called.
            TaskLostError: its process died, or it passed its limits and the process was killed.
        """
        process = self._free.get()
        try:
            process = process or self._new()
            result = process.run(task, self._limits, report)
        except (TaskError, TaskLostError) as error:
            if process is not None:
                self._discard(process)
            self._free.put(None)
            if self._has_ended:
                raise TaskError("it was told to end") from None
            raise error from None
        except BaseException:  # What it told could not be passed on: it is in the middle of a task.
            if process is not None:
                self._discard(process)
            self._free.put(None)
            raise
        self._free.put(process)
        return result

    def end(self) -> None:
        """Kill them with what they are at. Whatever is asked for afterwards is refused."""
        with self._lock:
            self._has_ended = True
            living = list(self._living)
        for process in living:
            process.kill()

    def _new(self) -> "_Process":
        with self._lock:
            if self._has_ended:
                raise TaskError("it was told to end")
            process = self._start()
            self._living.add(process)
            return process

    def _discard(self, process: "_Process") -> None:
        process.kill()
        process.close()
        with self._lock:
            self._living.discard(process)


def _started(opens: Open) -> "_Process":
    try:
        process = _AHEAD.pop()
    except IndexError:
        process = _Process()
    process.send(opens)
    return process


class _Process:
    def __init__(self) -> None:
        self._pipe, theirs = Pipe()
        alive, self._alive = os.pipe()  # Ours is closed by the system when we end, however.
        self._process = launch((theirs.fileno(), alive), environment())
        theirs.close()  # So that reading ends when the process does.
        os.close(alive)
        self._is_ready = False

    def run(self, task: Any, limits: Limits, report: Report) -> Any:
        self.send(task)
        began = time.monotonic() if self._is_ready else None
        while True:
            answer = self._answer(began, limits)
            if isinstance(answer, Ready):
                self._is_ready, began = True, time.monotonic()
            elif isinstance(answer, Told):
                report(answer.what)
            elif isinstance(answer, Done):
                return answer.result
            elif isinstance(answer, Raised):
                raise TaskError(answer.reason, answer.trace, is_passing=answer.is_passing)

    def _answer(self, began: float | None, limits: Limits) -> Ready | Told | Done | Raised | None:
        answer = None
        try:
            if self._pipe.poll(_POLL_SECONDS):
                answer = self._pipe.recv()
        except (EOFError, OSError):
            raise TaskLostError(_ended(self._process.wait())) from None
        except (ValueError, UnpicklingError, AttributeError, ImportError, IndexError) as error:
            # It wrote something else, or was ended while it wrote: the task is done again.
            raise TaskLostError(f"its answer cannot be read: {error}") from None
        # One that tells something all the time has its limits, too.
        if answer is not None and not isinstance(answer, Told):
            return answer
        taken = 0.0 if began is None else time.monotonic() - began
        if limits.seconds is not None and taken > limits.seconds:
            raise TaskLostError(f"it took more than {limits.seconds:g} s")
        if limits.memory_bytes is not None and self._memory_bytes > limits.memory_bytes:
            raise TaskLostError(f"it took more than {limits.memory_bytes / 1e6:.0f} MB of memory")
        return answer

    @property
    def _memory_bytes(self) -> int:
        """Physical memory; 0 where the system does not tell."""
        with suppress(OSError), open(f"/proc/{self._process.pid}/statm") as file:
            return int(file.read().split()[1]) * _PAGE_BYTES
        return 0

    def send(self, what: Any) -> None:
        with suppress(OSError):  # It has ended: the answer says why.
            self._pipe.send(what)

    def kill(self) -> None:
        """Safe to call from any thread, and more than once."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """Called once, by the thread that ran its tasks."""
        os.close(self._alive)
        self._pipe.close()


# Started by `started_ahead`, and not taken yet.
_AHEAD: list[_Process] = []


def _ended(status: int) -> str:
    if status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with status {status}"
