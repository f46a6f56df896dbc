"""Does what no event will bring about: finds lost answers and images, sends held tasks."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from vidset.labeling.broker import Broker
from vidset.labeling.dispatching import dispatch_new, may_be_sent, resume
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.receiving import Delivery, receive, refuse
from vidset.labeling.stores.store import ConflictError, Key, Query, Stored, Write
from vidset.labeling.task import TASK_STATES, Image, Task
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.vendor import BatchVendor, MissingTaskError, Report

# The vendor's clock may lag behind ours, and what it finds behind what it has.
_OVERLAP = timedelta(minutes=10)
_THREADS = 8
# A commit holds 400 documents. What goes to the vendor one by one is shared among the threads.
_LOOKUPS, _BATCH = 320, 40


def reconcile(broker: Broker, images: Iterable[Image] = ()) -> dict[str, Any]:
    """All of it, in the order in which one step helps the next; counts by step.

    Where images wait until they are chosen (LABELING_HOLD), none is requested here.

    `incomplete` names the steps that a vendor's failure, or the budget, stopped. The next run
    goes on where this one ended.
    """
    incomplete: list[str] = []
    wanted = () if broker.settings.is_held else images
    steps: dict[str, Callable[[], Counter[str]]] = {
        "changes": lambda: read_changes(broker),
        "unanswered": lambda: ask_unanswered(broker),
        "requested": lambda: drive_requested(broker),
        "images": lambda: request_missing(broker, wanted),
    }
    report: dict[str, Any] = {}
    for name, step in steps.items():
        try:
            report[name] = dict(step())
        except (TryAgainError, RefusedError) as error:
            report[name] = {}
            incomplete.append(f"{name}: {error}")
    spending = broker.budget.recount(broker.clock())
    return report | {
        "tasks": count_tasks(broker),
        "budget": spending and {"day_tasks": spending.day_tasks, "day_cost": spending.day_cost},
        "incomplete": incomplete,
    }


def count_tasks(broker: Broker) -> dict[str, int]:
    return {state: broker.store.count(Query("tasks", {"state": state})) for state in TASK_STATES}


def read_changes(broker: Broker) -> Counter[str]:
    """Store what changed at the vendor since the last time: lost, corrected, deleted answers."""
    key: Key = ("state", f"changes-{broker.vendor.name}")
    [stored] = broker.store.get(key)
    since = datetime(2000, 1, 1, tzinfo=UTC)
    if stored:
        since = parse_timestamp(stored.document["until"]) - _OVERLAP
    asked_at = broker.clock()
    counts: Counter[str] = Counter()
    try:
        for report in broker.vendor.reports_since(since):
            counts += receive(broker, Delivery(broker.vendor.name, report, b"", asked_at))
    except InvalidAnswerError as error:  # Raised after the last report: see `Vendor`.
        unread = Report("", None, "open")
        refuse(broker, Delivery(broker.vendor.name, unread, str(error).encode()), str(error))
        counts["quarantined"] += 1
    try:  # Last: what breaks off is read again.
        broker.store.commit([Write(*key, {"until": asked_at}, stored and stored.version)])
    except ConflictError:
        counts["overtaken"] += 1  # By another run, which has read the same.
    del counts["repeated"], counts["open"]
    return counts


def ask_unanswered(broker: Broker) -> Counter[str]:
    """Ask for each answer that is overdue."""
    query = Query(
        "tasks",
        {"state": "dispatched"},
        order_by="due_at",
        until=broker.clock(),
        limit=broker.settings.reconcile_limit,
    )
    return _each(lambda stored: _ask(broker, stored), list(broker.store.find(query)))


def _ask(broker: Broker, stored: Stored) -> Counter[str]:
    task, asked_at = Task.from_document(stored.document), broker.clock()
    if task.vendor != broker.vendor.name:
        return Counter(other_vendor=1)
    if task.vendor_task_id is None:
        return _set(broker, stored, task.changed(state="requested"), "requested")
    error = None
    try:
        report = broker.vendor.report(task.image_id, task.vendor_task_id)
    except MissingTaskError as gone:
        # To have it made again costs again: a person decides (vidset label dispatch --retry).
        return _set(broker, stored, task.changed(state="failed", error=str(gone)), "failed")
    except InvalidAnswerError as invalid:
        error = str(invalid)
        payload = f"{task.vendor} task {task.vendor_task_id}".encode()
        report = Report(task.image_id, task.vendor_task_id, "open")
        refuse(broker, Delivery(task.vendor, report, payload), error)
        counts: Counter[str] = Counter(quarantined=1)
    except RefusedError as refused:
        error = str(refused)
        counts = Counter(refused=1)
    else:
        counts = Counter(receive(broker, Delivery(task.vendor, report, b"", asked_at)))
    if counts["stored"] or counts["failed"] or counts["cancelled"]:
        return counts
    due_at = broker.clock() + max(broker.settings.answer_deadline, timedelta(minutes=1))
    return counts + _set(broker, stored, task.changed(due_at=due_at, error=error), "waiting")


def drive_requested(broker: Broker) -> Counter[str]:
    """Dispatch what is requested: what broke off, then what the budget held back."""
    limit = broker.settings.reconcile_limit
    due = Query(
        "tasks", {"state": "requested"}, order_by="due_at", until=broker.clock(), limit=limit
    )
    counts = _each(lambda stored: _resume(broker, stored), list(broker.store.find(due)))
    held = Query(
        "tasks", {"state": "requested", "booked_on": None}, order_by="requested_at", limit=limit
    )
    for stored in broker.store.find(held):
        outcome = _resume(broker, stored)
        counts += outcome
        if outcome["held"]:  # So will be all that follow.
            break
    return counts


def _resume(broker: Broker, stored: Stored) -> Counter[str]:
    try:
        return Counter([resume(broker, stored)])
    except TryAgainError as error:
        if error.retry_after_seconds is None:
            raise
        return Counter(waiting=1)


def request_missing(broker: Broker, images: Iterable[Image]) -> Counter[str]:
    """Dispatch the images that have no task: their events were lost."""
    counts: Counter[str] = Counter()
    images = iter(images)
    while chunk := list(islice(images, _LOOKUPS)):
        keys: list[Key] = [("tasks", image.id) for image in chunk]
        tasks = broker.store.get(*keys)
        missing = [image for image, task in zip(chunk, tasks, strict=True) if task is None]
        size = _LOOKUPS if isinstance(broker.vendor, BatchVendor) else _BATCH
        parts = [missing[start : start + size] for start in range(0, len(missing), size)]
        counts += _each(lambda part: _dispatch_checked(broker, part), parts)
    return counts


def _dispatch_checked(broker: Broker, images: Sequence[Image]) -> Counter[str]:
    """Dispatch images, but for those that wait for their copy."""
    checked = [image for image in images if may_be_sent(broker, image)]
    counts = dispatch_new(broker, checked) if checked else Counter[str]()
    return counts + Counter(unchecked=len(images) - len(checked))


def _set(broker: Broker, stored: Stored, task: Task, outcome: str) -> Counter[str]:
    try:
        broker.store.commit([broker.task_write(task, stored.version)])
    except ConflictError:
        return Counter(overtaken=1)  # An answer came meanwhile.
    return Counter([outcome])


def _each(work: Callable[[Any], Counter[str]], items: Sequence[Any]) -> Counter[str]:
    with ThreadPoolExecutor(_THREADS) as threads:
        return sum(threads.map(work, items), Counter())
