"""An image becomes one task of the vendor, whatever is repeated and wherever it breaks off.

The task document is created, or taken over when its lease has ended, before the vendor is called:
`due_at` is the lease. Whoever holds it calls the vendor, which takes the image id as idempotency
key, and then records the vendor's id. A repeat finds the document and stops, waits or resumes.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from vidset.labeling.annotation import LabeledObject
from vidset.labeling.broker import Broker
from vidset.labeling.budget import Booking
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.prelabels import sent
from vidset.labeling.stores.store import ConflictError, Stored
from vidset.labeling.task import Image, Task
from vidset.labeling.vendors.vendor import (
    BatchVendor,
    MissingTaskError,
    Request,
    ResendingVendor,
)

Outcome = Literal["dispatched", "repeated", "held", "refused"]
_MAX_WAIT_SECONDS = 600


def dispatch(broker: Broker, image: Image) -> Outcome:
    """Have `image` labeled, once.

    Raises:
        TryAgainError: the vendor is down or busy, or somebody else is at it. Anything else that
            is raised leaves the task to whoever comes after the lease.
    """
    now = broker.clock()
    broker.pause.check(now)
    # Without limits a booking costs nothing, and the creation itself finds the repeats.
    [known] = broker.store.get(("tasks", image.id)) if broker.settings.limits else [None]
    if known:
        return resume(broker, known)
    booking = broker.budget.book(now)
    task = _begun(broker, Task.requested(image, broker.vendor.name, now), booking)
    try:
        [version] = broker.store.commit([broker.task_write(task)])
    except ConflictError:
        broker.budget.give_back(booking)
        [stored] = broker.store.get(("tasks", image.id))
        if stored is None:
            raise TryAgainError(f"{image.uri}: its task was there and is gone") from None
        return resume(broker, stored)
    return "held" if task.booked_on is None else _submit(broker, task, version, booking)


def may_be_sent(broker: Broker, image: Image) -> bool:
    """Return whether an image may be sent: where copies are, whether it was checked and has one."""
    if broker.settings.copies is None:
        return True
    try:
        broker.images.size(image.uri)
    except FileNotFoundError:
        return False
    return True


def dispatch_new(broker: Broker, images: Sequence[Image]) -> Counter[str]:
    """`dispatch` for images without a task, in one request where the vendor takes several.

    Returns:
        How many had which outcome.

    Raises:
        ValueError: there are more than the vendor takes, or than a commit holds.
        TryAgainError: as `dispatch` does; some may have been dispatched.
    """
    if not isinstance(broker.vendor, BatchVendor):
        return Counter(dispatch(broker, image) for image in images)
    if len(images) > broker.vendor.most_at_once:
        most = broker.vendor.most_at_once
        raise ValueError(f"{broker.vendor.name} takes {most} images at once, got {len(images)}")
    now = broker.clock()
    broker.pause.check(now)
    bookings = [broker.budget.book(now) for _ in images]
    tasks = [
        _begun(broker, Task.requested(image, broker.vendor.name, now), booking)
        for image, booking in zip(images, bookings, strict=True)
    ]
    try:
        versions = broker.store.commit([broker.task_write(task) for task in tasks])
    except ConflictError:  # Somebody else has begun with one of them.
        for booking in bookings:
            broker.budget.give_back(booking)
        return Counter(dispatch(broker, image) for image in images)
    begun = [each for each in zip(tasks, versions, bookings, strict=True) if each[2]]
    counts = Counter(held=len(tasks) - len(begun))
    if not begun:
        return counts
    try:
        ids = broker.vendor.submit_many([_request(broker, task.image) for task, *_ in begun])
    except RefusedError:  # One by one tells which.
        return +(counts + Counter(_submit(broker, *each) for each in begun))
    except TryAgainError as error:
        for task, version, _ in begun:
            _postpone(broker, task, version, error)
        raise
    done = broker.clock()
    for (task, version, _), vendor_task_id in zip(begun, ids, strict=True):
        _record(broker, task, version, partial(_dispatched, broker, vendor_task_id, done))
    return +(counts + Counter(dispatched=len(begun)))


def resume(broker: Broker, stored: Stored) -> Outcome:
    """`dispatch` for a task that is in the store."""
    task, now = Task.from_document(stored.document), broker.clock()
    if task.state != "requested":
        return "repeated"
    if task.due_at and task.due_at > now:
        wait = (task.due_at - now).total_seconds()
        why = task.error or "is being dispatched"
        raise TryAgainError(f"{task.image_uri}: {why}", wait)
    broker.pause.check(now)
    if not may_be_sent(broker, task.image):
        raise TryAgainError(f"{task.image_uri}: it has no blurred copy yet", _MAX_WAIT_SECONDS)
    booking = None if task.booked_on else broker.budget.book(now)
    if not (task.booked_on or booking):
        return "held"
    begun = _begun(broker, task, booking)
    try:
        [version] = broker.store.commit([broker.task_write(begun, stored.version)])
    except ConflictError:
        broker.budget.give_back(booking)
        raise TryAgainError(f"{task.image_uri}: somebody else took it up", 1) from None
    return _submit(broker, begun, version, booking)


def resend(broker: Broker, stored: Stored) -> Outcome:
    """Send an open task again, with the image's present url and predictions; it costs nothing.

    Raises:
        MissingTaskError: the vendor has no such task any more.
        RefusedError: the vendor cannot change an open task, or does not want to.
        TryAgainError: the vendor is down or busy, or somebody else changed the task.
    """
    task, vendor = Task.from_document(stored.document), broker.vendor
    if task.vendor != vendor.name or not isinstance(vendor, ResendingVendor):
        raise RefusedError(
            f"{task.image_uri}: {task.vendor} cannot change a task that is open; cancel it there, "
            "and run vidset label dispatch --retry cancelled"
        )
    if task.vendor_task_id is None:
        raise MissingTaskError(f"{task.image_uri}: its task has no id of {task.vendor}")
    if not may_be_sent(broker, task.image):
        raise RefusedError(f"{task.image_uri}: it was not checked for what has to be blurred")
    vendor.resend(_request(broker, task.image), task.vendor_task_id)
    again = task.changed(
        due_at=broker.clock() + broker.settings.answer_deadline,
        template_revision=broker.template.revision,
    )
    try:
        broker.store.commit([broker.task_write(again, stored.version)])
    except ConflictError:
        raise TryAgainError(f"{task.image_uri}: somebody else changed its task", 1) from None
    return "dispatched"


def _begun(broker: Broker, task: Task, booking: Booking | None) -> Task:
    if booking:
        task = task.changed(booked_on=booking.day, cost=task.cost + booking.cost)
    if task.booked_on is None:
        return task.changed(error=broker.budget.explain())
    return task.changed(
        vendor=broker.vendor.name,
        attempts=task.attempts + 1,
        due_at=broker.clock() + broker.settings.lease,
        error=None,
        template_revision=broker.template.revision,
    )


def _submit(broker: Broker, task: Task, version: Any, booking: Booking | None) -> Outcome:
    try:
        vendor_task_id = broker.vendor.submit(_request(broker, task.image))
    except RefusedError as error:
        _record(broker, task, version, partial(_failed, str(error)))
        broker.budget.give_back(booking)  # One of another process comes back with a recount.
        return "refused"
    except TryAgainError as error:
        _postpone(broker, task, version, error)
        raise
    now = broker.clock()
    _record(broker, task, version, partial(_dispatched, broker, vendor_task_id, now))
    return "dispatched"


def _postpone(broker: Broker, task: Task, version: Any, error: TryAgainError) -> None:
    now, wait = broker.clock(), error.retry_after_seconds
    if wait is None:
        wait = _backoff_seconds(task.attempts)
    else:
        broker.pause.start(now, wait)
    due_at = now + timedelta(seconds=wait)
    _record(broker, task, version, partial(_postponed, due_at, str(error)))


def _request(broker: Broker, image: Image) -> Request:
    if broker.settings.predictions:
        document = sent(broker.store, image.id, broker.clock())
        objects = document.get("objects", ())
    else:
        [stored] = broker.store.get(("predictions", image.id))
        document, objects = stored.document if stored else {}, ()
    return Request(
        image,
        broker.images.url(image.uri),
        tuple(map(LabeledObject.from_document, objects)),
        round=document.get("round", 1),
        remark=document.get("remark"),
    )


def _record(broker: Broker, task: Task, version: Any, change: Callable[[Task], Task]) -> None:
    """Store the change, also over what was stored meanwhile: an answer can be that fast."""
    while True:
        try:
            broker.store.commit([broker.task_write(change(task), version)])
        except ConflictError:
            [stored] = broker.store.get(("tasks", task.image_id))
            if stored is None:
                raise
            task, version = Task.from_document(stored.document), stored.version
        else:
            return


def _dispatched(broker: Broker, vendor_task_id: str, now: datetime, task: Task) -> Task:
    if task.state == "requested":
        due_at = now + broker.settings.answer_deadline
        task = task.changed(state="dispatched", due_at=due_at, error=None)
    return task.changed(
        vendor_task_id=task.vendor_task_id or vendor_task_id,
        dispatched_at=task.dispatched_at or now,
    )


def _postponed(due_at: datetime, reason: str, task: Task) -> Task:
    return task.changed(due_at=due_at, error=reason) if task.state == "requested" else task


def _failed(reason: str, task: Task) -> Task:
    if task.state != "requested":
        return task
    return task.changed(state="failed", error=reason, booked_on=None, cost=0.0)


def _backoff_seconds(attempts: int) -> float:
    """Doubling from 2 s, with jitter, so that what failed together does not return together."""
    longest = min(2.0**attempts, _MAX_WAIT_SECONDS)
    return longest * random.uniform(0.5, 1)  # noqa: S311 (no secret)
