"""The engine of this machine: worker processes, as many as it has cores."""

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from vidset.engines.engine import Limits, Open, Outcome, Report, TaskError, TaskLostError
from vidset.engines.processes import Processes


class LocalEngine:
    """An `Engine` of worker processes. Their CPU time counts as that of this process's children.

    Args:
        number: how many processes.
        opens: gives a worker its work.
        limits: for each task.
        report: is told how far tasks are, from several threads.
    """

    cpu_seconds = 0.0

    def __init__(self, number: int, opens: Open, limits: Limits, report: Report):
        self.capacity = 2 * number  # While an outcome is looked at, no worker waits.
        self._processes = Processes(number, opens, limits)
        self._threads = ThreadPoolExecutor(number)
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._report = report

    def submit(self, task: Any) -> None:
        future = self._threads.submit(self._processes.run, task, self._report)
        future.add_done_callback(lambda done: self._outcomes.put(_outcome(task, done)))

    def next(self, timeout_seconds: float) -> Outcome | None:
        try:
            return self._outcomes.get(timeout=timeout_seconds)
        except queue.Empty:
            return None

    def end(self) -> None:
        self._processes.end()
        self._threads.shutdown(cancel_futures=True)


def _outcome(task: Any, done: Future[Any]) -> Outcome:
    if done.cancelled():
        return Outcome(task, error=TaskError("it was told to end"))
    error = done.exception()
    if error is None:
        return Outcome(task, result=done.result())
    if isinstance(error, TaskError | TaskLostError):
        return Outcome(task, error=error)
    return Outcome(task, error=TaskError(repr(error), is_passing=False))
