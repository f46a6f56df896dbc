"""Open tasks are sent anew: with the image's present url and predictions."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from tests.labeling.brokers import NOON, SteeredVendor, broker, image, task_of
from vidset.labeling.dispatching import dispatch
from vidset.labeling.stores.store import Query
from vidset.labeling.vendors.vendor import MissingTaskError, Request
from vidset.local_labeling.dispatch import dispatch_images


@dataclass
class ResendingVendor(SteeredVendor):
    resent: list[tuple[str, str]] = field(default_factory=list)
    is_gone: bool = False

    def resend(self, request: Request, vendor_task_id: str) -> None:
        if self.is_gone:
            raise MissingTaskError(f"no task {vendor_task_id}")
        self.resent.append((request.image_url, vendor_task_id))


class OtherImages:
    def url(self, uri: str) -> str:
        return f"http://127.0.0.1:8482/{uri.rpartition('/')[2]}"

    def size(self, uri: str) -> tuple[int, int]:
        return 640, 480


def test_an_open_task_gets_the_present_url_and_costs_nothing_more(store, clock):
    vendor = ResendingVendor()
    works = broker(store, vendor, clock, LABELING_PRICE="0.08")
    dispatch(works, image())
    before = task_of(store, image())
    clock.pass_by(minutes=5)
    moved = replace(works, images=OtherImages())
    counts, problems = dispatch_images(moved, [image()], retry="dispatched")
    assert (counts["dispatched"], problems) == (1, [])
    assert vendor.resent == [("http://127.0.0.1:8482/0000000000.jpg", before.vendor_task_id)]
    after = task_of(store, image())
    assert (after.state, after.cost, after.attempts) == ("dispatched", 0.08, 1)
    assert after.due_at == NOON + timedelta(minutes=65)


def test_an_open_task_that_somebody_deleted_is_requested_again(store, clock):
    vendor = ResendingVendor()
    works = broker(store, vendor, clock)
    dispatch(works, image())
    vendor.is_gone = True
    counts, _ = dispatch_images(works, [image()], retry="dispatched")
    assert counts["dispatched"] == 1
    assert len(vendor.requests) == 2
    assert store.count(Query("tasks")) == 1


@pytest.mark.parametrize("retry", [None, "failed"])
def test_an_open_task_is_left_alone_unless_one_asks_for_it(store, clock, retry):
    vendor = ResendingVendor()
    works = broker(store, vendor, clock)
    dispatch(works, image())
    assert dispatch_images(works, [image()], retry=retry)[0]["repeated"] == 1
    assert (len(vendor.requests), vendor.resent) == (1, [])


def test_a_vendor_that_cannot_change_open_tasks_is_named_with_what_to_do(store, vendor, clock):
    works = broker(store, vendor, clock)
    dispatch(works, image())
    counts, [problem] = dispatch_images(works, [image()], retry="dispatched")
    assert counts["refused"] == 1
    assert "label-studio cannot change a task that is open" in problem
    assert "dispatch --retry cancelled" in problem
    assert task_of(store, image()).state == "dispatched"
