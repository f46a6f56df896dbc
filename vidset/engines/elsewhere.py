"""Runs tasks in the worker processes of a cluster, whatever brings the tasks there.

Each task of a node runs in a child process of its own, as on one machine: a video that crashes its
decoder takes its child along and not the node's worker, and limits hold in the same way.
"""

import platform
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from vidset.engines.engine import (
    Limits,
    Open,
    Report,
    TaskError,
    TaskLostError,
    Work,
    cpu_seconds,
)
from vidset.engines.processes import Processes
from vidset.versions import vidset_version

# A child that has had nothing to do for so long is ended: its run is over, or its driver is gone.
_IDLE_SECONDS = 60.0
_LOOK_SECONDS = 0.5
# A task that asks for nothing but that the work is open.
_OPEN = "vidset: open"
# What decides which bytes come out.
_LIBRARIES = {
    "PyAV": "av",
    "OpenCV": "opencv-python-headless",
    "NumPy": "numpy",
}


@dataclass(frozen=True, slots=True)
class Run:
    """The settings that all tasks of one run have in common.

    Attributes:
        id: of no other run.
        opens: gives a child its work.
        versions: of the driver, which every node must have.
    """

    id: str
    opens: Open
    limits: Limits
    versions: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a task on a node, and what it cost there."""

    result: Any = None
    error: TaskError | TaskLostError | None = None
    cpu_seconds: float = 0.0


def versions(packages: Iterable[str] = ()) -> Mapping[str, str | None]:
    """Return what is installed here of what decides the bytes of images and ledgers.

    Args:
        packages: what decides the bytes of other work, by their names on PyPI.
    """
    return _versions(tuple(sorted(packages)))


@cache  # A node compares with each task, and reading what pip has written takes a millisecond.
def _versions(packages: tuple[str, ...]) -> Mapping[str, str | None]:
    found: dict[str, str | None] = {"Python": ".".join(platform.python_version_tuple()[:2])}
    found["vidset"] = vidset_version()
    for name, package in {**_LIBRARIES, **{each: each for each in packages}}.items():
        try:
            found[name] = version(package)
        except PackageNotFoundError:
            found[name] = None
    return found


def differences(wanted: Mapping[str, str | None]) -> str:
    """Write which versions this node has that are not those of the driver; "" if there are none."""
    here = versions(wanted.keys() - versions())
    return ", ".join(
        f"{name} {here.get(name) or 'is missing'} (here {theirs})"
        for name, theirs in wanted.items()
        if here.get(name) != theirs
    )


def node() -> str:
    """Return the name by which an administrator knows this machine."""
    return socket.gethostname()


class _Child:
    """A child process with the work of one run."""

    def __init__(self, run: Run):
        self.run_id = run.id
        self.processes = Processes(1, partial(_open_metered, run.opens), run.limits)
        self.used_at = time.monotonic()
        self.is_wanted: Callable[[], bool] = lambda: True


class _Children:
    """The children of this process: those that work, and those that wait for their run's next task.

    A thread ends those that nobody waits for, since whoever drives the run may be gone for good.
    """

    def __init__(self) -> None:
        self._idle: list[_Child] = []
        self._at_work: set[_Child] = set()
        self._lock = threading.Lock()
        self._keeper: threading.Thread | None = None

    def run(self, run: Run, task: Any, report: Report, is_wanted: Callable[[], bool]) -> Any:
        child = self._take(run)
        child.is_wanted = is_wanted
        with self._lock:
            self._at_work.add(child)
            if self._keeper is None:
                self._keeper = threading.Thread(target=self._keep, daemon=True)
                self._keeper.start()
        try:
            return child.processes.run(task, report)
        finally:
            child.used_at = time.monotonic()
            with self._lock:
                self._at_work.discard(child)
                self._idle.append(child)

    def end(self, run_id: str) -> None:
        """End all of a run."""
        with self._lock:
            ours = {child for child in (*self._idle, *self._at_work) if child.run_id == run_id}
            self._idle = [child for child in self._idle if child not in ours]
        for child in ours:
            child.processes.end()

    def _take(self, run: Run) -> _Child:
        with self._lock:
            for child in reversed(self._idle):
                if child.run_id == run.id:
                    self._idle.remove(child)
                    return child
        return _Child(run)

    def _keep(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            now = time.monotonic()
            with self._lock:
                late = [child for child in self._idle if now - child.used_at > _IDLE_SECONDS]
                self._idle = [child for child in self._idle if child not in late]
                busy = list(self._at_work)
            for child in (*late, *(child for child in busy if not child.is_wanted())):
                child.processes.end()


_CHILDREN = _Children()


def work_on(
    run: Run,
    task: Any,
    report: Report = lambda _: None,
    is_wanted: Callable[[], bool] = lambda: True,
) -> Answer:
    """Do one task in a child process; called in a thread of the node's worker.

    Args:
        is_wanted: whether anybody still waits for it. If not, its child is ended.
    """
    if wrong := differences(run.versions):
        return Answer(error=TaskError(f"{node()} has other versions: {wrong}", is_passing=False))
    try:
        return _CHILDREN.run(run, task, report, is_wanted)
    except TaskError as error:
        reason = f"{error.reason} (on {node()})"
        return Answer(error=TaskError(reason, error.trace, is_passing=error.is_passing))
    except TaskLostError as error:
        return Answer(error=TaskLostError(f"{error.reason} (on {node()})"))


def problem(run: Run) -> str | None:
    """Return why this node cannot do the work of a run; None if it can."""
    if wrong := differences(run.versions):
        return f"has other versions: {wrong}"
    try:
        _CHILDREN.run(run, _OPEN, lambda _: None, lambda: True)
    except (TaskError, TaskLostError) as error:
        return f"cannot do the work: {error.reason.removeprefix('ValueError: ')}"
    return None


def end_run(run_id: str) -> None:
    """End what this node does for a run; nothing of it goes on in the background."""
    _CHILDREN.end(run_id)


def _open_metered(opens: Open) -> Work:
    return partial(_metered, opens())


def _metered(work: Work, task: Any, report: Report) -> Answer:
    if task == _OPEN:
        return Answer()
    began = cpu_seconds()
    result = work(task, report)
    return Answer(result, cpu_seconds=cpu_seconds() - began)
