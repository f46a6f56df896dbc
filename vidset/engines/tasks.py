"""Run many tasks on an engine, so many at once that no worker waits."""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any

from vidset.engines.engine import Engine, TaskError

_POLL_SECONDS = 1.0


class UnfinishedError(RuntimeError):
    """The work ended before it was done: a store or what does the work raised errors."""


def results(engine: Engine, tasks: Iterable[Any]) -> Iterator[Any]:
    """Yield the result of each task, in any order. A task that fails is tried once more.

    Args:
        tasks: idempotent ones, of which no two are equal.

    Raises:
        UnfinishedError: a task failed twice, or in a way that another try does not change.
        EngineLostError: the engine is gone.
    """
    coming, in_flight = iter(tasks), 0
    again: deque[Any] = deque()
    tried: list[Any] = []
    is_over = False
    while True:
        while in_flight < engine.capacity and not (is_over and not again):
            task = again.popleft() if again else next(coming, None)
            if task is None:
                is_over = True
            else:
                engine.submit(task)
                in_flight += 1
        if not in_flight:
            return
        outcome = engine.next(_POLL_SECONDS)
        if outcome is None:
            continue
        in_flight -= 1
        if outcome.error is None:
            yield outcome.result
            continue
        is_passing = not isinstance(outcome.error, TaskError) or outcome.error.is_passing
        if not is_passing or outcome.task in tried:
            raise UnfinishedError(outcome.error.reason)
        tried.append(outcome.task)
        again.append(outcome.task)
