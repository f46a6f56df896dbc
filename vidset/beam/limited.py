"""Takes uploads in within limits of time and memory, which a thread of a worker cannot have."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from vidset.beam.outages import is_outage
from vidset.elements import Upload
from vidset.engines.engine import Limits, Report, Work
from vidset.engines.processes import Processes
from vidset.extraction import OnSample
from vidset.intake.ingest import Ingest
from vidset.intake.taken import Taken


@dataclass(frozen=True, slots=True)
class _Away:
    """The upload was not taken in, since a service was away."""

    reason: str


class LimitedIngest:
    """An `Ingest` in a process of its own, which is started when it is first needed.

    Args:
        opens: makes the `Ingest` there; picklable.
        limits: of one upload.
    """

    def __init__(self, opens: Callable[[], Ingest], limits: Limits):
        self._processes = Processes(1, partial(_open, opens), limits)

    def take(self, upload: Upload, on_sample: OnSample) -> Taken:
        """Does what `Ingest.take` does, in one thread at a time.

        Raises:
            ConnectionError: a service is away.
            TaskError: it raised something else.
            TaskLostError: it passed its limits, or its process died.
        """
        taken = self._processes.run(upload, lambda sampled: on_sample(*sampled))
        if isinstance(taken, _Away):
            raise ConnectionError(taken.reason)
        return taken

    def end(self) -> None:
        self._processes.end()


def _open(opens: Callable[[], Ingest]) -> Work:
    import cv2

    cv2.setNumThreads(1)
    return partial(_take, opens())


def _take(ingest: Ingest, upload: Upload, report: Report) -> Any:
    try:
        return ingest.take(upload, lambda *sampled: report(sampled))
    except Exception as error:
        if is_outage(error):
            return _Away(f"{type(error).__name__}: {error}")
        raise
