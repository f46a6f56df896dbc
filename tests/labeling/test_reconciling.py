from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.labeling.brokers import LEASE_SECONDS, NOON, SteeredVendor, answer, broker, car, image
from vidset.labeling.dispatching import dispatch
from vidset.labeling.errors import InvalidAnswerError, RefusedError, TryAgainError
from vidset.labeling.reconciling import (
    ask_unanswered,
    drive_requested,
    read_changes,
    reconcile,
    request_missing,
)
from vidset.labeling.stores.store import Query
from vidset.labeling.task import Task
from vidset.labeling.vendors.vendor import Report

IMAGES = [image(f"drive/1/{number:010d}.jpg") for number in range(6)]


@pytest.fixture
def works(store, vendor, clock):
    return broker(store, vendor, clock)


def state_of(store, of) -> str:
    [stored] = store.get(("tasks", of.id))
    return stored.document["state"]


def answered(of, **options) -> Report:
    return Report(of.id, "42", "answered", (answer(of, car()),), is_complete=True, **options)


def test_ask_unanswered_stores_what_webhooks_lost(works, store, vendor, clock):
    for one in IMAGES:
        dispatch(works, one)
    vendor.reports = {one.id: answered(one) for one in IMAGES[:4]}
    vendor.reports |= {one.id: Report(one.id, "42", "open") for one in IMAGES[4:]}
    assert ask_unanswered(works) == Counter()  # Not due yet.
    clock.pass_by(hours=1)
    assert ask_unanswered(works) == Counter(stored=4, open=2, waiting=2)
    assert store.count(Query("tasks", {"state": "completed"})) == 4
    assert ask_unanswered(works) == Counter()  # The open ones are asked for in an hour again.
    clock.pass_by(hours=1)
    assert ask_unanswered(works) == Counter(open=2, waiting=2)


def test_ask_unanswered_marks_a_task_failed_that_the_vendor_has_lost(works, store, vendor, clock):
    dispatch(works, image())
    clock.pass_by(hours=1)
    assert ask_unanswered(works) == Counter(failed=1)
    [stored] = store.get(("tasks", image().id))
    assert stored.document["error"] == f"no task task-{image().id[:6]}"
    assert len(vendor.requests) == 1  # It is not paid a second time.


def test_ask_unanswered_goes_on_after_an_answer_that_cannot_be_read(works, store, vendor, clock):
    class HalfReadable(SteeredVendor):
        def report(self, image_id, vendor_task_id):
            if image_id == IMAGES[0].id:
                raise InvalidAnswerError("task.response must be an object, got list")
            if image_id == IMAGES[1].id:
                raise RefusedError("HTTP 403: no access")
            return answered(next(one for one in IMAGES if one.id == image_id))

    works.open_vendor = HalfReadable
    for one in IMAGES[:3]:
        dispatch(works, one)
    clock.pass_by(hours=1)
    assert ask_unanswered(works) == Counter(quarantined=1, refused=1, waiting=2, stored=1)
    [kept] = store.find(Query("quarantine"))
    assert kept.document["reason"] == "task.response must be an object, got list"
    [stored] = store.get(("tasks", IMAGES[1].id))
    assert stored.document["error"] == "HTTP 403: no access"


def test_read_changes_reads_on_from_where_the_last_run_began(works, store, vendor, clock):
    dispatch(works, image())
    vendor.changes = [answered(image())]
    assert read_changes(works) == Counter(stored=1)
    clock.pass_by(hours=1)
    assert read_changes(works) == Counter()
    assert vendor.asked_since == [datetime(2000, 1, 1, tzinfo=UTC), NOON - timedelta(minutes=10)]


def test_read_changes_keeps_what_it_could_not_read_and_reads_on(works, store, clock):
    class Garbled(SteeredVendor):
        def reports_since(self, moment):
            self.asked_since.append(moment)
            yield answered(image())
            raise InvalidAnswerError("Label Studio task 8: type must be rectanglelabels")

    works.open_vendor = lambda: garbled
    garbled = Garbled()
    dispatch(works, image())
    assert read_changes(works) == Counter(stored=1, quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert kept.document["reason"] == "Label Studio task 8: type must be rectanglelabels"
    read_changes(works)
    assert garbled.asked_since[1] == NOON - timedelta(minutes=10)


def test_read_changes_that_breaks_off_is_read_again(works, vendor, clock):
    class Breaking(SteeredVendor):
        def reports_since(self, moment):
            self.asked_since.append(moment)
            yield answered(image())
            raise TryAgainError("HTTP 502")

    works.open_vendor = lambda: breaking
    breaking = Breaking()
    dispatch(works, image())
    for _ in range(2):
        with pytest.raises(TryAgainError):
            read_changes(works)
    assert breaking.asked_since == [datetime(2000, 1, 1, tzinfo=UTC)] * 2


def test_drive_requested_takes_up_what_broke_off(works, store, vendor, clock):
    vendor.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        dispatch(works, image())
    assert drive_requested(works) == Counter()  # The lease may still be held.
    clock.pass_by(seconds=LEASE_SECONDS)
    assert drive_requested(works) == Counter(dispatched=1)
    assert state_of(store, image()) == "dispatched"


def test_drive_requested_leaves_a_vendor_alone_that_says_retry_after(works, vendor, clock):
    vendor.failures = [TryAgainError("HTTP 500")] * 4 + [TryAgainError("HTTP 429", 30)]
    for one in IMAGES[:4]:
        with pytest.raises(TryAgainError):
            dispatch(works, one)
    clock.pass_by(minutes=1)
    with pytest.raises(TryAgainError):
        dispatch(works, IMAGES[4])
    assert drive_requested(works) == Counter(waiting=4)
    assert len(vendor.requests) == 5
    clock.pass_by(seconds=30)
    assert drive_requested(works) == Counter(dispatched=5)


def test_drive_requested_goes_on_with_the_budget_of_the_next_day(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="2 tasks/day")
    for one in IMAGES:
        dispatch(works, one)
    assert drive_requested(works) == Counter(held=1)
    clock.pass_by(days=1)
    assert drive_requested(works) == Counter(dispatched=2, held=1)
    assert store.count(Query("tasks", {"state": "dispatched"})) == 4


def test_drive_requested_is_not_held_up_by_what_the_budget_holds_back(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="1 task", LABELING_RECONCILE_LIMIT="2")
    vendor.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        dispatch(works, IMAGES[5])
    for one in IMAGES[:5]:
        assert dispatch(works, one) == "held"
    clock.pass_by(seconds=LEASE_SECONDS)
    assert drive_requested(works) == Counter(dispatched=1, held=1)
    assert state_of(store, IMAGES[5]) == "dispatched"


def test_request_missing_dispatches_images_whose_events_were_lost(works, store, vendor):
    dispatch(works, IMAGES[0])
    assert request_missing(works, iter(IMAGES)) == Counter(dispatched=5)
    assert request_missing(works, iter(IMAGES)) == Counter()
    assert len(vendor.requests) == 6


def test_reconcile_tells_what_it_did_and_how_it_stands(works, vendor, clock):
    dispatch(works, IMAGES[0])
    dispatch(works, IMAGES[1])
    vendor.reports = {IMAGES[0].id: answered(IMAGES[0])}
    clock.pass_by(hours=1)
    assert reconcile(works, IMAGES[:3]) == {
        "changes": {},
        "unanswered": {"stored": 1, "failed": 1},
        "requested": {},
        "images": {"dispatched": 1},
        "tasks": {"requested": 0, "dispatched": 1, "completed": 1, "failed": 1, "cancelled": 0},
        "budget": None,
        "incomplete": [],
    }


def test_reconcile_does_the_other_steps_when_the_vendor_fails_in_one(works, vendor, clock):
    class Unlisted(SteeredVendor):
        def reports_since(self, moment):
            raise TryAgainError("HTTP 503: maintenance")
            yield

    works.open_vendor = Unlisted
    report = reconcile(works, IMAGES[:1])
    assert report["incomplete"] == ["changes: HTTP 503: maintenance"]
    assert report["images"] == {"dispatched": 1}


def test_reconcile_counts_the_budget_anew(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="10 tasks/day", LABELING_PRICE="0.5")
    for one in IMAGES[:3]:
        dispatch(works, one)
    clock.pass_by(minutes=15)
    assert reconcile(works)["budget"] == {"day_tasks": 3, "day_cost": 1.5}


def test_reconcile_leaves_tasks_of_another_vendor_alone(works, store, vendor, clock):
    dispatch(works, image())
    works.open_vendor = lambda: other
    other = SteeredVendor("scale")
    del works.__dict__["vendor"]
    clock.pass_by(hours=1)
    assert ask_unanswered(works) == Counter(other_vendor=1)
    [stored] = store.get(("tasks", image().id))
    assert Task.from_document(stored.document).vendor == "label-studio"
