"""An image that was labeled goes to the annotators once more."""

from dataclasses import dataclass, replace

import pytest

from tests.labeling.brokers import (
    SteeredVendor,
    annotation_of,
    answer,
    broker,
    car,
    delivery,
    image,
    task_of,
)
from vidset.labeling.asking_again import ask_again
from vidset.labeling.dispatching import dispatch
from vidset.labeling.errors import RefusedError, TryAgainError
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.reconciling import drive_requested
from vidset.labeling.vendors.vendor import Report, Request


@dataclass
class AskingAgainVendor(SteeredVendor):
    asks_again: bool = True

    def submit(self, request: Request) -> str:
        super().submit(request)
        return str(41 + request.round)


@pytest.fixture
def vendor():
    return AskingAgainVendor()


@pytest.fixture
def labeled(store, vendor, clock):
    """A broker whose image was labeled with one car."""
    works = broker(store, vendor, clock, LABELING_PRICE="0.08")
    dispatch(works, image())
    receive(works, delivery(answer(image(), car())))
    clock.pass_by(minutes=5)
    return works


def test_a_second_task_has_the_remark_and_the_present_labels(labeled, store, vendor):
    assert ask_again(labeled, image(), "too wide", "Ada") == "dispatched"
    request = vendor.requests[-1]
    assert (request.round, request.remark, request.predictions) == (2, "too wide", (car(),))
    task = task_of(store)
    assert (task.state, task.vendor_task_id, task.cost) == ("dispatched", "43", 0.16)
    assert annotation_of(store).objects == (car(),)
    assert ask_again(labeled, image(), "too wide", "Ada") == "open"
    assert len(vendor.requests) == 2


def test_its_answer_is_the_next_revision_whoever_gives_it_and_whatever_decides(
    store, vendor, clock
):
    works = broker(store, vendor, clock, LABELING_CONSENSUS="majority")
    dispatch(works, image())
    first = answer(image(), car())
    receive(works, delivery(first))
    clock.pass_by(minutes=5)
    ask_again(works, image(), "two cars", "Ada")
    # A poll that tells the first task once more changes nothing of the second one.
    known = Report(image().id, "42", "answered", (first,), is_complete=True)
    assert receive(works, Delivery("label-studio", known, b"")) == {"repeated": 1}
    assert task_of(store).vendor_task_id == "43"
    cars = car(), car(200, id="2")
    second = answer(image(), *cars, at=clock(), annotation_id="8", annotator="another")
    second = replace(second, vendor_task_id="43", round=2)
    told = Report(image().id, "43", "answered", (second,))
    assert receive(works, Delivery("label-studio", told, b"")) == {"stored": 1}
    found = annotation_of(store)
    assert (found.revision, len(found.objects), found.annotator) == (2, 2, "another")
    assert task_of(store).state == "completed"
    assert ask_again(works, image(), "again", "Ada") == "dispatched"
    assert vendor.requests[-1].round == 3


def test_one_that_breaks_off_goes_on_with_its_remark(labeled, store, vendor, clock):
    vendor.failures.append(TryAgainError("it is down"))
    with pytest.raises(TryAgainError, match="it is down"):
        ask_again(labeled, image(), "too wide", "Ada")
    assert task_of(store).state == "requested"
    clock.pass_by(minutes=20)
    assert drive_requested(labeled) == {"dispatched": 1}
    assert (vendor.requests[-1].round, vendor.requests[-1].remark) == (2, "too wide")


def test_what_cannot_be_asked_again_is_refused(labeled, store, clock):
    with pytest.raises(RefusedError, match="nobody has labeled it yet"):
        ask_again(labeled, image("drive/1/0000001000.jpg"), "too wide", "Ada")
    other = broker(store, SteeredVendor(), clock)
    with pytest.raises(RefusedError, match="takes one task of an image"):
        ask_again(other, image(), "too wide", "Ada")
    assert task_of(store).state == "completed"
