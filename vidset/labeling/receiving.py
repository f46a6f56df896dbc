"""A vendor's report becomes the image's annotation document, whatever comes twice or late.

The annotation is worked out again from all answers of the image, so their order does not matter,
and its document, the new answers and the task are stored together or not at all.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vidset.labeling.annotation import Annotation, Answer
from vidset.labeling.broker import Broker
from vidset.labeling.consensus import consensus, counted
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.examining import checked, sized
from vidset.labeling.quarantine import quarantine
from vidset.labeling.stores.store import ConflictError, Key, Query, Stored, Write
from vidset.labeling.task import Task
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.registry import vendors
from vidset.labeling.vendors.vendor import Report

_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Delivery:
    """A report, and how it came.

    Attributes:
        payload: what the vendor sent, for the quarantine.
        asked_at: for a complete report, when the vendor was asked for it.
    """

    vendor: str
    report: Report
    payload: bytes
    asked_at: datetime | None = None


def receive(broker: Broker, delivery: Delivery) -> Counter[str]:
    """Store what a report says.

    Returns:
        How often what became of it: stored, repeated, quarantined, withdrawn, failed, cancelled,
        or open (it said nothing new).

    Raises:
        ConflictError: others changed the image's documents all the time.
    """
    if not delivery.report.image_id:
        return _receive_withdrawals(broker, delivery)
    for _ in range(_ATTEMPTS):
        try:
            return _receive_once(broker, delivery)
        except ConflictError:
            continue
    image_id = delivery.report.image_id
    raise ConflictError(f"{image_id}: changed {_ATTEMPTS} times while a report was stored")


def refuse(broker: Broker, delivery: Delivery, reason: str, key: str | None = None) -> bool:
    """Puts it into the quarantine. Returns whether it was not there.

    Args:
        key: of the answer, which may come by a callback and by a poll; None: of the payload.
    """
    report = delivery.report
    return quarantine(
        broker.store,
        delivery.payload or json.dumps(report.raw, default=str).encode(),
        vendor=delivery.vendor,
        reason=reason,
        image_id=report.image_id,
        now=broker.clock(),
        key=key,
    )


def _receive_withdrawals(broker: Broker, delivery: Delivery) -> Counter[str]:
    """Some vendors name only the annotation that is gone: our answers tell of which image."""
    counts: Counter[str] = Counter()
    for annotation_id in delivery.report.withdrawn:
        wanted = {"vendor": delivery.vendor, "annotation_id": annotation_id}
        known = next(broker.store.find(Query("answers", wanted, limit=1)), None)
        if known is None:  # It never came: there is nothing to take back.
            counts["repeated"] += 1
            continue
        report = Report(
            image_id=known.document["image_id"],
            vendor_task_id=known.document["vendor_task_id"],
            state="open",
            withdrawn=(annotation_id,),
        )
        counts += receive(broker, Delivery(delivery.vendor, report, delivery.payload))
    return counts


def _receive_once(broker: Broker, delivery: Delivery) -> Counter[str]:
    report = delivery.report
    counts: Counter[str] = Counter()
    keys: list[Key] = [("answers", answer.key) for answer in report.answers]
    stored_task, stored_annotation, *found = broker.store.get(
        ("tasks", report.image_id), ("annotations", report.image_id), *keys
    )
    if stored_task is None:
        is_new = refuse(broker, delivery, f"there is no task for an image {report.image_id!r}")
        return Counter(["quarantined" if is_new else "repeated"])
    before = task = Task.from_document(stored_task.document)
    known = {stored.id for stored in found if stored}
    if any(answer.key not in known for answer in report.answers):
        try:
            task = sized(broker, task, report.answers)
        except (FileNotFoundError, ValueError) as error:  # Nobody can tell what is inside of it.
            is_new = refuse(broker, delivery, f"the image's size is not known: {error}")
            return Counter(["quarantined" if is_new else "repeated"])
    fresh = {}
    for answer in report.answers:
        if answer.key in known or answer.key in fresh:
            counts["repeated"] += 1
            continue
        try:
            fresh[answer.key] = checked(broker, task, answer)
        except InvalidAnswerError as error:
            is_new = refuse(broker, delivery, str(error), answer.key)
            counts["quarantined" if is_new else "repeated"] += 1
    history = _history(broker, stored_annotation)
    counts["stored"] = len(fresh)
    withdrawn = dict(_withdrawals(broker, delivery, history))
    counts["withdrawn"] = len(withdrawn)
    writes = _writes(broker, task, stored_annotation, history, fresh | withdrawn)
    changed = _changed_task(broker, task, report, history, fresh | withdrawn)
    if changed != before:
        writes.append(broker.task_write(changed, stored_task.version))
        if changed.state != task.state and changed.state in ("failed", "cancelled"):
            counts[changed.state] += 1
    if writes:
        broker.store.commit(writes)
    return +counts or Counter(open=1)


def _history(broker: Broker, annotation: Stored | None) -> list[Stored]:
    if annotation is None:
        return []
    names = annotation.document["answers"]
    keys: list[Key] = [("answers", name) for name in names]
    found = [stored for stored in broker.store.get(*keys) if stored]
    if len(found) < len(names):
        raise ValueError(f"annotations/{annotation.id} names answers that are not there")
    return found


def _withdrawals(
    broker: Broker, delivery: Delivery, history: Sequence[Stored]
) -> Iterator[tuple[str, Answer]]:
    """Answers that take back what the vendor says is gone, by their keys."""
    report, now = delivery.report, broker.clock()
    newest: dict[str, Answer] = {}
    gone = set(report.withdrawn)
    listed = {answer.annotation_id for answer in report.answers}
    for stored in history:
        answer = Answer.from_document(stored.document)
        if answer.vendor != delivery.vendor:
            continue
        # What came after the question may be missing in its answer and still be there.
        came_before = delivery.asked_at and (
            parse_timestamp(stored.document["received_at"]) < delivery.asked_at
        )
        is_of_task = answer.vendor_task_id == report.vendor_task_id
        if report.is_complete and is_of_task and came_before and answer.annotation_id not in listed:
            gone.add(answer.annotation_id)
        newest[answer.annotation_id] = max(
            answer, newest.get(answer.annotation_id, answer), key=lambda one: one.updated_at
        )
    for annotation_id in sorted(gone & newest.keys()):
        last = newest[annotation_id]
        if last.state == "rejected":
            continue
        withdrawal = Answer(
            image_id=last.image_id,
            vendor=last.vendor,
            vendor_task_id=last.vendor_task_id,
            annotation_id=annotation_id,
            annotator=last.annotator,
            state="rejected",
            objects=(),
            updated_at=max(now, last.updated_at + timedelta(microseconds=1)),
        )
        yield withdrawal.key, withdrawal


def _writes(
    broker: Broker,
    task: Task,
    annotation: Stored | None,
    history: Sequence[Stored],
    fresh: Mapping[str, Answer],
) -> list[Write]:
    if not fresh:
        return []
    now = broker.clock()
    answers = [Answer.from_document(stored.document) for stored in history] + [*fresh.values()]
    agreed = consensus(answers, broker.settings.consensus)
    document = Annotation(
        image_id=task.image_id,
        image_uri=task.image_uri,
        image_width=task.image_width,
        image_height=task.image_height,
        objects=agreed.objects,
        vendor=agreed.vendor,
        vendor_task_id=agreed.vendor_task_id,
        annotator=agreed.annotator,
        state=agreed.state,
        answers=(*(stored.id for stored in history), *fresh),
        revision=len(answers),
        updated_at=agreed.updated_at,
        written_at=now,
    ).to_document()
    version = annotation and annotation.version
    return [
        Write("annotations", task.image_id, document, version),
        *(
            Write("answers", key, answer.to_document() | {"received_at": now})
            for key, answer in fresh.items()
        ),
    ]


def _changed_task(
    broker: Broker,
    task: Task,
    report: Report,
    history: Sequence[Stored],
    fresh: Mapping[str, Answer],
) -> Task:
    if fresh or report.state != "answered":  # What was known may be of an earlier round's task.
        task = task.changed(vendor_task_id=task.vendor_task_id or report.vendor_task_id)
    now = broker.clock()
    if fresh:
        answers = [Answer.from_document(stored.document) for stored in history] + [*fresh.values()]
        annotators = len(counted(answers))
        if annotators >= _wanted_annotators(broker, task):
            completed_at = task.completed_at or now
            return task.changed(state="completed", completed_at=completed_at, error=None)
        return task.changed(
            state="dispatched",
            dispatched_at=task.dispatched_at or now,
            completed_at=None,
            due_at=now + broker.settings.answer_deadline,
        )
    if report.state in ("failed", "cancelled") and task.state in ("requested", "dispatched"):
        return task.changed(state=report.state, error=report.error)
    return task


def _wanted_annotators(broker: Broker, task: Task) -> int:
    """Return how many people answer an image: one for a vendor whose package is gone."""
    declaration = vendors().get(task.vendor)
    return declaration.annotators(broker.template) if declaration else 1
