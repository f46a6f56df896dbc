"""LABELING_HOLD: images wait until they are chosen, and are then sent once, whoever dies."""

import httpx
import pytest
from cloudevents.http import from_http

from tests.chaos.counts import times
from tests.labeling.brokers import SteeredVendor, broker, image, task_of
from tests.labeling.functions import binary_event, function, message, post
from tests.labeling.test_crashes import DYING_MAIN, settings, until_done
from tests.labeling.vendors.scale.double import scale_double
from vidset.labeling.entry_points import request_labeling
from vidset.labeling.errors import TryAgainError
from vidset.labeling.reconciling import reconcile
from vidset.labeling.stores.store import Query
from vidset.local_labeling.dispatch import dispatch_images

NAMES = [f"drive/1/{second:010d}.jpg" for second in range(3)]
IMAGES = [image(name) for name in NAMES]


def finalised(name: str):
    headers, body = binary_event(message(name))
    return from_http(headers, body)


@pytest.fixture
def held(store, vendor, clock):
    """A broker whose function has heard of three images, and holds them."""
    made = broker(store, vendor, clock, LABELING_HOLD="yes")
    for name in NAMES:
        request_labeling(made, finalised(name))
    return made


def test_held_images_become_no_tasks(held, vendor):
    report = reconcile(held, IMAGES)
    assert (report["images"], report["incomplete"]) == ({}, [])
    assert held.store.count(Query("tasks")) == 0
    assert vendor.requests == []


def test_a_chosen_image_is_sent_once_and_the_others_wait_on(held, vendor):
    counts, problems = dispatch_images(held, [IMAGES[1]])
    assert (counts["dispatched"], problems) == (1, [])
    for name in NAMES:  # Pub/Sub delivers again.
        request_labeling(held, finalised(name))
    reconcile(held, IMAGES)
    assert dispatch_images(held, [IMAGES[1]])[0]["repeated"] == 1
    assert [request.image.id for request in vendor.requests] == [IMAGES[1].id]
    assert held.store.count(Query("tasks")) == 1


@pytest.mark.parametrize("goes_on", ["event", "reconcile", "dispatch"])
def test_a_chosen_image_that_was_not_sent_is_sent_by_whoever_comes_next(
    held, vendor, clock, goes_on
):
    vendor.failures.append(TryAgainError("HTTP 503", 3600.0))
    assert dispatch_images(held, [IMAGES[0]])[0]["waiting"] == 1
    assert task_of(held.store, IMAGES[0]).state == "requested"
    clock.pass_by(hours=2)
    if goes_on == "event":
        request_labeling(held, finalised(NAMES[0]))
    elif goes_on == "reconcile":
        reconcile(held, IMAGES)
    else:
        dispatch_images(held, [IMAGES[0]])
    assert task_of(held.store, IMAGES[0]).state == "dispatched"
    assert vendor.tasks == {IMAGES[0].id}
    assert held.store.count(Query("tasks")) == 1


@pytest.mark.slow
@times(3, 40)
def test_functions_that_die_lose_no_chosen_image_and_send_none_twice(count, tmp_path, clock):
    """A dispatch breaks off before the vendor has the task; event and timer go on, and die."""
    from vidset.labeling.stores.sqlite import SqliteStore

    store, die = SqliteStore(str(tmp_path / "labels.sqlite")), tmp_path / "die"
    with scale_double() as scale:
        given = settings(tmp_path, f"sqlite:{tmp_path}/labels.sqlite", scale.url)
        environment = given | {"LABELING_HOLD": "yes"}
        with (
            function("request_labeling", environment, tmp_path, DYING_MAIN) as request,
            function("reconcile", environment, tmp_path, DYING_MAIN) as timer,
        ):
            for boundary in range(1, count + 1):
                names = [f"drive-{boundary}/1/{second:010d}.jpg" for second in range(3)]
                die.write_text(str(boundary))
                for name in names:
                    until_done(lambda name=name: post(request.url, binary_event(message(name))))
                die.unlink(missing_ok=True)
                assert store.count(Query("tasks")) == boundary - 1
                chosen = image(names[1])
                busy = SteeredVendor("scale", failures=[TryAgainError("HTTP 503", 3600.0)])
                dispatch_images(broker(store, busy, clock), [chosen])
                assert task_of(store, chosen).state == "requested"
                die.write_text(str(boundary))
                until_done(lambda name=names[1]: post(request.url, binary_event(message(name))))
                until_done(lambda: httpx.post(timer.url, timeout=600))
                die.unlink(missing_ok=True)
                assert task_of(store, chosen).state == "dispatched"
                made = [each["unique_id"] for each in scale.tasks()]
                assert made.count(chosen.id) == 1
                assert len(made) == boundary
    store.close()
