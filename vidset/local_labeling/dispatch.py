"""Request a task for each image that has none, several at a time."""

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice

from vidset.labeling.broker import Broker
from vidset.labeling.dispatching import Outcome, dispatch, dispatch_new, resend, resume
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.stores.store import ConflictError, Key, Stored
from vidset.labeling.task import Image, Task
from vidset.labeling.vendors.vendor import BatchVendor, MissingTaskError

# What became of an image.
OUTCOMES = ("dispatched", "repeated", "held", "refused", "waiting")
_THREADS, _LOOKUPS = 8, 300
# For a vendor that is busy for so long, somebody may sit and wait.
_LONGEST_WAIT_SECONDS, _TRIES = 30.0, 5


_PROBLEMS = 10


def count_images(
    broker: Broker, images: Iterable[Image], limit: int | None = None, retry: str | None = None
) -> int:
    """Count the images that `dispatch_images` would take up; nothing is sent or stored."""
    run, images = _Run(broker, retry), iter(images)
    number = 0
    while (limit is None or number < limit) and (chunk := list(islice(images, _LOOKUPS))):
        number += len(run.todo(chunk))
    return number if limit is None else min(number, limit)


def dispatch_images(
    broker: Broker,
    images: Iterable[Image],
    limit: int | None = None,
    retry: str | None = None,
    show: Callable[[Counter[str]], None] = lambda _: None,
) -> tuple[Counter[str], list[str]]:
    """Dispatch images. Returns counts by outcome, and the first problems in words.

    Args:
        limit: how many images are taken up at most; `repeated` ones are none of these.
        retry: `failed` or `cancelled`: tasks in this state are requested again. `dispatched`:
            open tasks are given the image's present url and predictions.
        show: called with the counts from time to time.
    """
    run, counts, images = _Run(broker, retry), Counter[str](), iter(images)
    with ThreadPoolExecutor(_THREADS) as threads:
        try:
            while chunk := list(islice(images, _LOOKUPS)):
                todo = run.todo(chunk)
                left = None if limit is None else limit - run.taken
                counts["repeated"] += len(chunk) - len(todo)
                for outcome in run.dispatch_all(threads, todo[:left]):
                    counts[outcome] += 1
                    run.taken += 1
                    show(counts)
                if left is not None and len(todo) >= left:
                    break
        finally:
            run.stopped.set()  # Ctrl-C: nobody waits for the vendor any longer.
    return counts, run.problems


@dataclass
class _Run:
    """Attributes:
    stopped: the vendor did not take a task after several tries; more would fare no better.
    """

    broker: Broker
    retry: str | None
    taken: int = 0
    problems: list[str] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def todo(self, images: Sequence[Image]) -> list[tuple[Image, Stored | None]]:
        """The images without a task, or with one that is to be dispatched."""
        keys: list[Key] = [("tasks", image.id) for image in images]
        states = ("requested", self.retry)
        return [
            (image, stored)
            for image, stored in zip(images, self.broker.store.get(*keys), strict=True)
            if stored is None or stored.document["state"] in states
        ]

    def dispatch_all(
        self, threads: ThreadPoolExecutor, todo: Sequence[tuple[Image, Stored | None]]
    ) -> Iterator[str]:
        """The outcomes, in any order; new images in one request where the vendor takes several."""
        new = [image for image, stored in todo if stored is None]
        if len(new) > 1 and isinstance(self.broker.vendor, BatchVendor):
            try:
                counts = dispatch_new(self.broker, new)
            except TryAgainError:  # Then one by one, which waits.
                pass
            else:
                yield from counts.elements()
                if counts["refused"]:
                    self._tell_refused(new)
                todo = [item for item in todo if item[1] is not None]
        yield from threads.map(self.dispatch, todo)

    def _tell_refused(self, images: Sequence[Image]) -> None:
        keys: list[Key] = [("tasks", image.id) for image in images]
        for image, task in zip(images, self.broker.store.get(*keys), strict=True):
            if task and task.document["state"] == "failed":
                self._tell(image, f"refused: {task.document['error']}")

    def dispatch(self, item: tuple[Image, Stored | None]) -> str:
        image, stored = item
        reason = "not tried: the vendor did not take the ones before"
        for _ in range(_TRIES):
            if self.stopped.is_set():
                return self._waiting(image, reason)
            try:
                outcome = self._tried(image, stored)
            except RefusedError as error:  # Of an open task, which stays as it is.
                self._tell(image, f"refused: {error}")
                return "refused"
            except TryAgainError as error:
                reason, wait = str(error), error.retry_after_seconds or 1.0
                [stored] = self.broker.store.get(("tasks", image.id))  # As it is now.
                if wait > _LONGEST_WAIT_SECONDS:
                    return self._waiting(image, reason)
                self.stopped.wait(wait)
                continue
            if outcome == "refused":
                [task] = self.broker.store.get(("tasks", image.id))
                self._tell(image, f"refused: {task.document['error'] if task else 'it is gone'}")
            return outcome
        self.stopped.set()
        return self._waiting(image, reason)

    def _tried(self, image: Image, stored: Stored | None) -> Outcome:
        if stored is None or stored.document["state"] != self.retry:
            return dispatch(self.broker, image)
        if self.retry == "dispatched":
            try:
                return resend(self.broker, stored)
            except MissingTaskError:  # Somebody deleted it at the vendor.
                pass
        return resume(self.broker, self._requested_again(stored))

    def _requested_again(self, stored: Stored) -> Stored:
        task = Task.from_document(stored.document).changed(
            state="requested",
            vendor_task_id=None,
            cost=0.0,
            booked_on=None,
            dispatched_at=None,
            completed_at=None,
            due_at=None,
            error=None,
        )
        try:
            [version] = self.broker.store.commit([self.broker.task_write(task, stored.version)])
        except ConflictError:
            raise TryAgainError(f"{task.image_uri}: somebody else changed its task") from None
        return Stored(stored.id, task.to_document(), version)

    def _waiting(self, image: Image, reason: str) -> str:
        self._tell(image, f"waits: {reason}")
        return "waiting"

    def _tell(self, image: Image, problem: str) -> None:
        if len(self.problems) < _PROBLEMS:
            self.problems.append(f"{image.uri}: {problem}")
