"""Several runs at once, each in a worker process with threads of its own: the same bits, sooner.

The processes are those of this machine, or those of a cluster that sees the same folders.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.engines.engine import Limits, Report, StartEngine, Work
from vidset.engines.local import LocalEngine
from vidset.engines.tasks import results
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import find_model
from vidset.training.running.folder import RunBusyError
from vidset.training.running.request import Progress, Request
from vidset.training.running.starting import train
from vidset.training.running.threads import set_threads_for
from vidset.training.running.trackers.registry import NONE

# What a worker tells: the place of its run, the name of Progress's method, what it is called with.
_Told = tuple[int, str, tuple[Any, ...]]
_STEP = "step"
# The process of a worker that has died may hold its run's lock for a while, on a network's file
# system until its server gives it up.
_BUSY_SECONDS, _LOOK_SECONDS = 120.0, 1.0


def number_at_once(requests: Sequence[Request], workers: int | None) -> int:
    """Return how many of the runs are trained at once, at most `workers`; None: all cores.

    Runs on a GPU share it, a tracker is told of one run after another, and a program of its own
    takes what it wants of the machine: those are trained one by one.
    """
    is_alone = any(
        request.device != "cpu"
        or request.track != NONE
        or isinstance(find_model(request.model), CommandModel)
        for request in requests
    )
    if is_alone or len(requests) < 2:
        return 1
    threads = max(request.threads for request in requests)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(len(requests), workers or max(1, (cores or 1) // threads))


def train_all(
    requests: Sequence[Request],
    names: Sequence[str],
    progress: Progress,
    workers: int | None = None,
    start_elsewhere: StartEngine | None = None,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Train each of the runs. Yields its place and what run.json says, as each is done.

    Where more than one is trained at once, the worker processes have their own PyTorch, and this
    one does not import it; where it is one by one, this process trains.

    Args:
        requests: of the same model and threads.
        names: what people call each of them; not shown if there is one alone.
        progress: is told of the runs, perhaps by several threads at once.
        workers: the most runs at once; None: one for each core, or for its threads.
        start_elsewhere: starts an engine of other machines, which see the repository's folder and
            those of the runs. None: this machine trains.

    Raises:
        ValueError: other machines cannot train these.
        DatasetError: as `train` does.
        UnfinishedError: a worker died twice of a run, of too little memory perhaps.
        EngineLostError: the engine is gone; the same call goes on.
    """
    if start_elsewhere is not None:
        _check_elsewhere(requests)
    at_once = number_at_once(requests, workers)
    told = [progress.of_run(name) for name in names] if len(requests) > 1 else [progress]
    if at_once < 2 and start_elsewhere is None:
        for request in requests[:1]:
            set_threads_for(request.model, request.threads)  # Before anything imports PyTorch.
        for place, request in enumerate(requests):
            yield place, train(request, told[place])
        return
    heard = [_Heard(each) for each in told]

    def hear(report: _Told) -> None:
        place, name, given = report
        heard[place].hear(name, given)

    busy_seconds = 0.0 if start_elsewhere is None else _BUSY_SECONDS
    opens = _Open(requests[0].model, requests[0].threads, busy_seconds)
    engine = (start_elsewhere or LocalEngine)(at_once, opens, Limits(), hear)
    whole = (replace(request, output=request.output.absolute()) for request in requests)
    try:
        for place, found in results(engine, enumerate(whole)):
            if isinstance(found, DatasetError):
                raise found
            yield place, found
    finally:
        engine.end()


def _check_elsewhere(requests: Sequence[Request]) -> None:
    for request in requests:
        if request.track != NONE:
            raise ValueError(
                f"--track {request.track}: a tracker is told by this machine: wanted no other "
                "engine, or no tracker"
            )
        if isinstance(find_model(request.model), CommandModel):
            raise ValueError(
                f"--model {request.model}: a program is run on this machine: wanted no other engine"
            )


@dataclass(frozen=True, slots=True)
class _Open:
    """Opened in a worker process.

    Attributes:
        busy_seconds: for so long another process is waited for that trains in a run's folder.
    """

    model: str
    threads: int
    busy_seconds: float

    def __call__(self) -> Work:
        set_threads_for(self.model, self.threads)  # Before anything imports PyTorch.
        return partial(_train, self.busy_seconds)


def _train(busy_seconds: float, task: tuple[int, Request], report: Report) -> tuple[int, Any]:
    place, request = task
    until = time.monotonic() + busy_seconds
    while True:
        try:
            return place, train(request, _Telling(place, report))
        except RunBusyError as error:
            if time.monotonic() > until:
                return place, error
            time.sleep(_LOOK_SECONDS)
        except DatasetError as error:  # As it is: another try would not help, and its faults count.
            return place, error


class _Telling:
    """A `Progress` in a worker, which tells the process that waits."""

    def __init__(self, place: int, report: Report):
        self._place, self._report = place, report

    def _tell(self, name: str, *given: Any) -> None:
        self._report((self._place, name, given))

    def _step(self) -> None:
        self._tell(_STEP)

    def note(self, text: str) -> None:
        self._tell("note", text)

    def preparing(self, images: int) -> Callable[[], None]:
        self._tell("preparing", images)
        return self._step

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        self._tell("epoch", number, epochs, batches)
        return self._step

    def ended(self, line: Mapping[str, Any]) -> None:
        self._tell("ended", dict(line))

    def folds(self, done: int, folds: int) -> None:
        self._tell("folds", done, folds)

    def of_run(self, name: str) -> Progress:
        return self


class _Heard:
    """Passes on what a worker tells of one run."""

    def __init__(self, progress: Progress):
        self._progress = progress
        self._step: Callable[[], None] = lambda: None

    def hear(self, name: str, given: tuple[Any, ...]) -> None:
        if name == _STEP:
            self._step()
            return
        found = getattr(self._progress, name)(*given)
        self._step = found or (lambda: None)
