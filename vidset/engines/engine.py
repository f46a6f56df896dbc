"""Engines run tasks for us: worker processes of this machine, or a cluster behind the same calls.

An engine knows nothing of videos. It is given `Open`, a picklable function that each worker calls
once to get what does the work, and then tasks, which it may run twice: they must be idempotent.
"""

import resource
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

Report = Callable[[Any], None]
"""Tells whoever waits for a task how far it is. What is told may be lost."""
Work = Callable[[Any, Report], Any]
"""Does one task and returns its result."""
Open = Callable[[], Work]
"""Called once in each worker, since clients of stores do not pickle."""


def cpu_seconds() -> float:
    """Returns what this process and its ended children have taken so far."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


class TaskError(Exception):
    """A task raised, or the engine was ended: nothing is wrong with the task as far as is known.

    Attributes:
        reason: the last line of what a person needs to know.
        trace: the traceback in the worker, or "".
        is_passing: whether it may go well at another time, as after a server's error.
    """

    def __init__(self, reason: str, trace: str = "", *, is_passing: bool = True):
        super().__init__(reason)
        self.reason, self.trace, self.is_passing = reason, trace, is_passing


class TaskLostError(Exception):
    """The worker died of a task, or the task passed its limits: perhaps the task's own fault."""

    @property
    def reason(self) -> str:
        return str(self)


class EngineLostError(RuntimeError):
    """The engine itself is gone, such as a cluster's scheduler. What was in flight is lost."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one task; None is no limit.

    Attributes:
        seconds: from its start, in a worker that is open.
        memory_bytes: of physical memory, of the process that works on it.
    """

    seconds: float | None = None
    memory_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a task: `result`, unless there is an `error`."""

    task: Any
    result: Any = None
    error: TaskError | TaskLostError | None = None


class Engine(Protocol):
    """Runs tasks side by side.

    Attributes:
        capacity: how many tasks may be in flight at once; a cluster's may change.
        cpu_seconds: what tasks have taken on other machines so far.
    """

    @property
    def capacity(self) -> int: ...

    @property
    def cpu_seconds(self) -> float: ...

    def submit(self, task: Any) -> None:
        """Start a task, or let it wait for a free worker. At most `capacity` may be in flight."""
        ...

    def next(self, timeout_seconds: float) -> Outcome | None:
        """Return the outcome of any task that has ended, or None if none does in time.

        Raises:
            EngineLostError: nothing more will be heard of any.
        """
        ...

    def end(self) -> None:
        """Stop everything at once. What was in flight is lost."""
        ...


StartEngine = Callable[[int, Open, Limits, Report], Engine]
"""Starts an engine: how many workers, which count on this machine alone, what opens the work, the
limits of a task, and what is told how far tasks are."""
