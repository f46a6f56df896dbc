"""Processes that take uploads in. One that dies takes nothing but its own upload along."""

import multiprocessing
import os
import queue
import signal
import threading
from contextlib import suppress
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self

from vidset.elements import DeadLetter, Upload
from vidset.settings import ExtractionSettings
from vidset.watch.ingesting import Intake, Outcome, Places

# A letter is kept as it is; with None, the places are asked whether they can be used.
Task = Upload | DeadLetter | None
_PROCESSES = multiprocessing.get_context("spawn")  # Clients and their threads do not survive forks.


class TaskError(Exception):
    """A task that came to no end: to be tried again."""


class Workers:
    """So many processes, each with one task at a time, started when first needed.

    A task that raises ends its process, so that the next one begins with clients of its own.
    """

    def __init__(
        self, number: int, settings: ExtractionSettings, places: Places, *, debug: bool = False
    ):
        self.number = number
        self._start = lambda: _Worker(settings, places, debug=debug)
        self._free: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(number):
            self._free.put(None)
        self._living: set[_Worker] = set()
        self._lock = threading.Lock()
        self._has_ended = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.end()

    def run(self, task: Task) -> Outcome | None:
        """Wait for a process, and for its outcome.

        Raises:
            TaskError: it raised, its process died, or `end` was called.
        """
        worker = self._free.get()
        try:
            worker = worker or self._new()
            outcome = worker.run(task)
        except TaskError:
            if worker is not None:
                self._discard(worker)
            self._free.put(None)
            raise
        self._free.put(worker)
        return outcome

    def end(self) -> None:
        """Kill them, with what they are at; whatever comes afterwards is refused."""
        with self._lock:
            self._has_ended = True
            living = list(self._living)
        for worker in living:
            worker.kill()

    def _new(self) -> "_Worker":
        with self._lock:
            if self._has_ended:
                raise TaskError("the watcher ends")
            worker = self._start()
            self._living.add(worker)
            return worker

    def _discard(self, worker: "_Worker") -> None:
        worker.kill()
        with self._lock:
            self._living.discard(worker)


class _Worker:
    def __init__(self, settings: ExtractionSettings, places: Places, *, debug: bool):
        self._pipe, theirs = _PROCESSES.Pipe()
        self._process = _PROCESSES.Process(
            target=_work, args=(theirs, settings, places, debug), daemon=True
        )
        self._process.start()
        theirs.close()  # So that reading ends when the process does.

    def run(self, task: Task) -> Outcome | None:
        with suppress(OSError):  # It has ended: the answer says why.
            self._pipe.send(task)
        try:
            answer = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            raise TaskError(_ended(self._process.exitcode)) from None
        if isinstance(answer, str):
            raise TaskError(answer)
        return answer

    def kill(self) -> None:
        self._process.kill()
        self._process.join()


def _ended(status: int | None) -> str:
    if status is not None and status < 0:
        return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with status {status}"


def _work(pipe: Connection, settings: ExtractionSettings, places: Places, debug: bool) -> None:
    """The process: a task, its outcome, the next."""
    import cv2

    cv2.setNumThreads(1)
    for number in signal.SIGINT, signal.SIGTERM:  # Ctrl-C reaches us too: the parent decides.
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with _Told(pipe, debug=debug):
        ingest = Intake(settings, places)
        while True:
            pipe.send(_run(ingest, pipe.recv()))


def _run(ingest: Intake, task: Task) -> Outcome | None:
    if task is None:
        return ingest.check()
    return ingest.take(task) if isinstance(task, Upload) else ingest.reject(task)


def _end_with_parent() -> None:
    """Even when that is killed: another watcher is given what it had taken."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


class _Told:
    """Whatever ends the process, the parent is told of it first."""

    def __init__(self, pipe: Connection, *, debug: bool):
        self._pipe, self._debug = pipe, debug

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._pipe.send(f"{kind.__name__}: {error}")
        if not self._debug:
            os._exit(1)  # Without the traceback.
