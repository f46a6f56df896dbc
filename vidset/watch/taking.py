"""Takes messages in: what they name is extracted, and then they may be acknowledged."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from vidset.elements import DeadLetter, Upload
from vidset.engines.engine import TaskError, TaskLostError
from vidset.engines.processes import Processes
from vidset.errors import MalformedEventError
from vidset.intake.gcs_events import event_text
from vidset.intake.tasks import GiveUp, Outcome, Task
from vidset.uploads import PassedOver
from vidset.watch.report import Report

Parse = Callable[[bytes, Mapping[str, str]], Sequence[Upload | PassedOver]]
_LONGEST_DELAY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came from a queue. `delivery` is 1 the first time."""

    data: bytes
    attributes: Mapping[str, str]
    delivery: int = 1


@dataclass(frozen=True, slots=True)
class Failure:
    """The reason why something is tried again that nothing is known to be wrong with."""

    uri: str
    reason: str


def delay_seconds(delivery: int) -> float:
    """Return how long to wait before the next delivery: 1, 2, 4, ... 60 s."""
    return min(2.0 ** min(delivery - 1, 10), _LONGEST_DELAY_SECONDS)


class Taker:
    """Takes messages and uploads in; safe to call from several threads.

    Args:
        parse: what a message tells of; raises MalformedEventError.
        stream: which video stream of each file, see `Upload`; None is all of them.
    """

    def __init__(self, parse: Parse, workers: Processes, report: Report, stream: int | None = 0):
        self._parse, self.workers, self.report = parse, workers, report
        self._stream = stream
        self._at_work: set[str] = set()
        self._changed = threading.Condition()
        self._last_tries = threading.Lock()

    def message(self, message: Message) -> Failure | None:
        """Take in all that a message tells of. Returns None once ledger or dead letters have it."""
        self.report.add(events=1, redelivered=int(message.delivery > 1))
        try:
            found = self._parse(message.data, message.attributes)
        except MalformedEventError as error:
            event = event_text(message.data, message.attributes)
            return self._run(error.uri, DeadLetter(error.uri, error.reason, event))
        for each in found:
            if not isinstance(each, Upload):
                self.report.add(passed_over=1)
            elif failure := self.upload(each):
                return failure
        return None

    def upload(self, upload: Upload) -> Failure | None:
        """Take in an upload. Returns None once it is in the ledger or the dead letters."""
        with self._alone(upload.uri), self.report.at_work():
            first = replace(upload, stream=self._stream or 0)
            return self._run(first.video_uri, first)

    def _run(self, uri: str, task: Task) -> Failure | None:
        """Run a task, and those of the file's other streams if they are wanted."""
        try:
            outcome = self._outcome(uri, task)
        except TaskError as error:
            self.report.trace(error.trace)
            return Failure(uri, error.reason)
        except TaskLostError as error:
            return Failure(uri, error.reason)
        self.report.outcome(outcome)
        others = outcome.others if self._stream is None else ()
        failures = (self._run(each.video_uri, each) for each in others)
        return next(filter(None, failures), None)

    def _outcome(self, uri: str, task: Task) -> Outcome:
        """An upload that costs a worker its life is tried once more; then it has failed."""
        try:
            return self.workers.run(task)
        except TaskLostError as error:
            if not isinstance(task, Upload):
                raise
            self.report.warn(f"{uri}: {error.reason}; once more, alone")
        with self._last_tries:
            try:
                return self.workers.run(task)
            except TaskLostError as error:
                return self.workers.run(GiveUp(task, f"decoding it failed twice: {error.reason}"))

    @contextmanager
    def _alone(self, uri: str) -> Iterator[None]:
        """Take one object at a time: a second delivery at once then finds it done.

        It is not dropped: the object may have been overwritten in between.
        """
        with self._changed:
            self._changed.wait_for(lambda: uri not in self._at_work)
            self._at_work.add(uri)
        try:
            yield
        finally:
            with self._changed:
                self._at_work.discard(uri)
                self._changed.notify_all()
