from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.labeling.brokers import (
    LEASE_SECONDS,
    NOON,
    BatchingVendor,
    SteeredVendor,
    answer,
    broker,
    car,
    delivery,
    image,
    task_of,
)
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.dispatching import dispatch, dispatch_new
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.receiving import receive
from vidset.labeling.stores.store import Write
from vidset.labeling.task import Task


def test_dispatch_makes_one_task_with_the_vendors_id(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_PRICE="0.08")
    assert dispatch(works, image()) == "dispatched"
    [request] = vendor.requests
    assert request.image_url == "https://images.test/images/drive/1/0000000000.jpg"
    assert task_of(store, image()) == Task(
        image_id=image().id,
        image_uri="gs://images/drive/1/0000000000.jpg",
        image_width=640,
        image_height=480,
        state="dispatched",
        vendor="label-studio",
        vendor_task_id=f"task-{image().id[:6]}",
        attempts=1,
        cost=0.08,
        booked_on="2026-03-01",
        requested_at=NOON,
        dispatched_at=NOON,
        completed_at=None,
        due_at=NOON + timedelta(hours=1),
        error=None,
        written_at=NOON + timedelta(microseconds=1),  # The clock stood still: it is the second.
        template_revision=works.template.revision,
    )


def test_dispatch_of_a_repeat_asks_the_vendor_for_nothing(store, vendor, clock):
    works = broker(store, vendor, clock)
    assert [dispatch(works, image()) for _ in range(3)] == ["dispatched", "repeated", "repeated"]
    assert len(vendor.requests) == 1


def test_dispatch_waits_while_another_delivery_is_at_it(store, vendor, clock):
    works = broker(store, vendor, clock)
    vendor.failures = [KeyboardInterrupt()]  # The process dies while it calls the vendor.
    with pytest.raises(KeyboardInterrupt):
        dispatch(works, image())
    with pytest.raises(TryAgainError) as raised:
        dispatch(works, image())
    assert raised.value.retry_after_seconds == LEASE_SECONDS
    assert len(vendor.requests) == 1


def test_dispatch_takes_up_what_a_dead_process_left(store, vendor, clock):
    works = broker(store, vendor, clock)
    vendor.failures = [KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        dispatch(works, image())
    clock.pass_by(seconds=LEASE_SECONDS)
    assert dispatch(works, image()) == "dispatched"
    assert len(vendor.tasks) == 1
    assert task_of(store, image()).attempts == 2


def test_dispatch_marks_a_refused_task_failed_and_does_not_repeat_it(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_PRICE="0.08")
    vendor.failures = [RefusedError("HTTP 400: geometries must be an object")]
    assert dispatch(works, image()) == "refused"
    assert dispatch(works, image()) == "repeated"
    task = task_of(store, image())
    assert (task.state, task.error) == ("failed", "HTTP 400: geometries must be an object")
    assert (task.booked_on, task.cost) == (None, 0)
    assert len(vendor.requests) == 1


def test_dispatch_raises_when_the_vendor_is_down_and_keeps_to_its_backoff(store, vendor, clock):
    works = broker(store, vendor, clock)
    vendor.failures = [TryAgainError("HTTP 503"), None]
    with pytest.raises(TryAgainError):
        dispatch(works, image())
    task = task_of(store, image())
    assert (task.state, task.error) == ("requested", "HTTP 503")
    assert NOON + timedelta(seconds=1) <= task.due_at <= NOON + timedelta(seconds=2)
    with pytest.raises(TryAgainError):
        dispatch(works, image())
    clock.pass_by(seconds=2)
    assert dispatch(works, image()) == "dispatched"
    assert len(vendor.requests) == 2


def test_dispatch_leaves_a_vendor_alone_that_says_retry_after(store, vendor, clock):
    works = broker(store, vendor, clock)
    vendor.failures = [TryAgainError("HTTP 429", 30)]
    with pytest.raises(TryAgainError):
        dispatch(works, image("drive/1/0000000000.jpg"))
    assert task_of(store, image()).due_at == NOON + timedelta(seconds=30)
    clock.pass_by(seconds=29)
    with pytest.raises(TryAgainError):  # Another image waits as well.
        dispatch(works, image("drive/1/0000001000.jpg"))
    assert len(vendor.requests) == 1
    clock.pass_by(seconds=1)
    assert dispatch(works, image("drive/1/0000001000.jpg")) == "dispatched"
    assert dispatch(works, image("drive/1/0000000000.jpg")) == "dispatched"


def test_dispatch_waits_longer_after_each_failure_up_to_ten_minutes(store, vendor, clock):
    works = broker(store, vendor, clock)
    waits = []
    for _ in range(12):
        vendor.failures = [TryAgainError("HTTP 500")]
        with pytest.raises(TryAgainError):
            dispatch(works, image())
        waits.append((task_of(store, image()).due_at - clock()).total_seconds())
        clock.pass_by(seconds=600)
    longest = [2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600, 600]
    assert all(most / 2 <= wait <= most for wait, most in zip(waits, longest, strict=True))


def test_dispatch_of_one_image_by_eight_threads_makes_one_task(store, vendor, clock):
    works = broker(store, vendor, clock)

    def deliver(_):
        try:
            return dispatch(works, image())
        except TryAgainError:
            return "waits"

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(deliver, range(40)))
    assert outcomes.count("dispatched") == 1
    assert len(vendor.requests) == 1
    assert task_of(store, image()).state == "dispatched"


def test_dispatch_keeps_an_answer_that_comes_before_the_vendors_id(store, clock):
    """The truth labeler does it always, a fast annotator may."""

    class FastVendor(SteeredVendor):
        def submit(self, request):
            assert receive(works, delivery(answer(image(), car())))["stored"] == 1
            return super().submit(request)

    vendor = FastVendor()
    works = broker(store, vendor, clock)
    assert dispatch(works, image()) == "dispatched"
    task = task_of(store, image())
    assert (task.state, task.vendor_task_id) == ("completed", "42")
    assert (task.dispatched_at, task.completed_at) == (NOON, NOON)


def test_dispatch_holds_tasks_back_beyond_the_budget_and_says_so(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="2 tasks/day")
    images = [image(f"drive/1/{number:010d}.jpg") for number in range(4)]
    assert [dispatch(works, one) for one in images] == ["dispatched", "dispatched", "held", "held"]
    assert dispatch(works, images[3]) == "held"
    held = task_of(store, images[3])
    assert (held.state, held.booked_on, held.attempts, held.due_at) == ("requested", None, 0, None)
    assert held.error == "held back: the budget of 2 tasks/day is used up"
    assert len(vendor.requests) == 2
    clock.pass_by(days=1)
    assert dispatch(works, images[2]) == "dispatched"


def test_dispatch_pays_a_task_once_however_often_it_is_tried(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="2 tasks")
    vendor.failures = [TryAgainError("HTTP 500")] * 3
    for _ in range(3):
        with pytest.raises(TryAgainError):
            dispatch(works, image())
        clock.pass_by(minutes=10)
    assert dispatch(works, image()) == "dispatched"
    assert dispatch(works, image("drive/1/0000001000.jpg")) == "dispatched"
    assert dispatch(works, image("drive/1/0000002000.jpg")) == "held"


def test_dispatch_gives_the_budget_of_a_refused_task_to_another(store, vendor, clock):
    works = broker(store, vendor, clock, LABELING_BUDGET="1 task")
    vendor.failures = [RefusedError("HTTP 400")]
    assert dispatch(works, image()) == "refused"
    assert dispatch(works, image("drive/1/0000001000.jpg")) == "dispatched"


@pytest.mark.parametrize(
    ("setting", "number"),
    [
        pytest.param({}, 1, id="by default"),
        pytest.param({"LABELING_PREDICTIONS": "yes"}, 1, id="yes"),
        pytest.param({"LABELING_PREDICTIONS": "no"}, 0, id="no"),
    ],
)
def test_dispatch_takes_predictions_along_unless_told_not_to(store, vendor, clock, setting, number):
    predicted = LabeledObject("p", "rain", "classification")
    document = {"image_id": image().id, "objects": [predicted.to_document()]}
    store.commit([Write("predictions", image().id, document)])
    dispatch(broker(store, vendor, clock, **setting), image())
    assert vendor.requests[0].predictions == (predicted,) * number


IMAGES = [image(f"drive/1/{number:010d}.jpg") for number in range(5)]


def test_dispatch_new_sends_several_images_in_one_request(store, clock):
    vendor = BatchingVendor()
    assert dispatch_new(broker(store, vendor, clock), IMAGES) == Counter(dispatched=5)
    assert vendor.batches == [5]
    assert {task_of(store, one).vendor_task_id for one in IMAGES} == {
        f"task-{one.id[:6]}" for one in IMAGES
    }


def test_dispatch_new_sends_one_by_one_to_a_vendor_that_takes_no_several(store, vendor, clock):
    assert dispatch_new(broker(store, vendor, clock), IMAGES) == Counter(dispatched=5)
    assert len(vendor.requests) == 5


def test_dispatch_new_sends_none_twice_that_somebody_else_has_begun_with(store, clock):
    vendor = BatchingVendor()
    works = broker(store, vendor, clock)
    dispatch(works, IMAGES[2])
    assert dispatch_new(works, IMAGES) == Counter(dispatched=4, repeated=1)
    assert len(vendor.requests) == 5


def test_dispatch_new_fails_those_alone_that_are_refused(store, clock):
    vendor = BatchingVendor(refused=frozenset({IMAGES[1].id}))
    works = broker(store, vendor, clock)
    assert dispatch_new(works, IMAGES) == Counter(dispatched=4, refused=1)
    assert task_of(store, IMAGES[1]).state == "failed"
    assert task_of(store, IMAGES[1]).error == f"HTTP 400: {IMAGES[1].uri}"


def test_dispatch_new_leaves_all_to_a_later_delivery_when_the_vendor_is_down(store, clock):
    vendor = BatchingVendor(failures=[TryAgainError("HTTP 503", 30)])
    works = broker(store, vendor, clock)
    with pytest.raises(TryAgainError):
        dispatch_new(works, IMAGES)
    assert {task_of(store, one).due_at for one in IMAGES} == {NOON + timedelta(seconds=30)}
    clock.pass_by(seconds=30)
    assert [dispatch(works, one) for one in IMAGES] == ["dispatched"] * 5


def test_dispatch_new_keeps_to_the_budget(store, clock):
    vendor = BatchingVendor()
    works = broker(store, vendor, clock, LABELING_BUDGET="3 tasks")
    assert dispatch_new(works, IMAGES) == Counter(dispatched=3, held=2)
    assert vendor.batches == [3]


def test_dispatch_new_asks_the_vendor_for_nothing_without_a_budget(store, clock):
    vendor = BatchingVendor()
    works = broker(store, vendor, clock, LABELING_BUDGET="0 tasks")
    assert dispatch_new(works, IMAGES) == Counter(held=5)
    assert vendor.batches == []


def test_dispatch_new_refuses_more_than_the_vendor_takes(store, clock):
    works = broker(store, BatchingVendor(most_at_once=4), clock)
    with pytest.raises(ValueError, match="label-studio takes 4 images at once, got 5"):
        dispatch_new(works, IMAGES)


def test_a_tasks_writes_are_in_order_where_clocks_are_not(store, vendor, clock):
    """An export takes the latest: another instance's clock may lag behind."""
    works = broker(store, vendor, clock)
    vendor.failures = [TryAgainError("HTTP 500")]
    with pytest.raises(TryAgainError):
        dispatch(works, image())
    written = task_of(store, image()).written_at
    clock.pass_by(minutes=-5)
    receive(works, delivery(answer(image(), car(), at=NOON - timedelta(hours=1))))
    assert task_of(store, image()).state == "completed"
    assert task_of(store, image()).written_at == written + timedelta(microseconds=1)
