import json
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.labeling.brokers import (
    NOON,
    SteeredVendor,
    annotation_of,
    answer,
    broker,
    car,
    delivery,
    image,
    task_of,
)
from vidset.labeling.dispatching import dispatch
from vidset.labeling.quarantine import read_payload
from vidset.labeling.receiving import receive
from vidset.labeling.stores.store import Query


def test_receive_puts_an_invalid_answer_into_quarantine_and_keeps_the_valid(works, store):
    outside = answer(image(), car(x=630.0), annotation_id="8")
    both = delivery(answer(image(), car()), outside)
    assert receive(works, both) == Counter(stored=1, quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert "20 px outside" in kept.document["reason"]
    assert kept.document["image_id"] == image().id
    assert read_payload(store, kept.id) == both.payload
    assert annotation_of(store).objects == (car(),)


def test_receive_keeps_an_invalid_answer_once_however_often_it_comes(works, store):
    outside = delivery(answer(image(), car(x=9000.0)))
    assert receive(works, outside) == Counter(quarantined=1)
    assert [receive(works, outside) for _ in range(2)] == [Counter(repeated=1)] * 2
    assert store.count(Query("quarantine")) == 1
    assert task_of(store).state == "dispatched"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        pytest.param(
            answer(image(), car(), at=NOON + timedelta(days=2)),
            "wanted a time up to now, got 2026-03-03 12:00:00+00:00",
            id="a time to come",
        ),
        pytest.param(
            answer(image(), replace(car(), attributes={"__x__": "1"})),
            "wanted keys that are texts of 1 to 1500 bytes, not __...__",
            id="a name that no store takes",
        ),
    ],
)
def test_receive_of_what_cannot_be_kept_goes_to_quarantine(works, store, said, reason):
    assert receive(works, delivery(said)) == Counter(quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert reason in kept.document["reason"]


def test_receive_of_an_unknown_image_goes_to_quarantine(works, store):
    unknown = delivery(answer(image("other/1/0000000000.jpg"), car()))
    assert receive(works, unknown) == Counter(quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert kept.document["reason"].startswith("there is no task for an image")
    assert store.count(Query("annotations")) == 0


def test_receive_of_an_answer_to_an_image_that_is_gone_goes_to_quarantine(store, clock):
    class NoImages:
        def url(self, uri):
            return uri

        def size(self, uri):
            raise FileNotFoundError(uri)

    works = broker(store, SteeredVendor(), clock)
    works.images = NoImages()
    unsized = image(size=None)
    dispatch(works, unsized)
    assert receive(works, delivery(answer(unsized, car()))) == Counter(quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert kept.document["reason"] == f"the image's size is not known: {unsized.uri}"


def test_receive_stores_no_token_of_the_vendor_in_the_quarantine(works, store):
    outside = delivery(answer(image(), car(x=9000.0)))
    receive(works, replace(outside, payload=b'{"project": {"id": 1, "token": "2f6e1c"}}'))
    [kept] = store.find(Query("quarantine"))
    assert read_payload(store, kept.id) == b'{"project": {"id": 1, "token": "..."}}'


def test_receive_stores_no_signed_url_in_the_quarantine(works, store):
    url = "https://storage.googleapis.com/images/a.jpg?X-Goog-Credential=c&X-Goog-Signature=5ec4e7"
    payload = json.dumps({"task": {"params": {"attachment": url}}}).encode()
    outside = delivery(answer(image(), car(x=9000.0)))
    receive(works, replace(outside, payload=payload))
    [kept] = store.find(Query("quarantine"))
    attachment = "https://storage.googleapis.com/images/a.jpg"
    expected = json.dumps({"task": {"params": {"attachment": attachment}}}).encode()
    assert read_payload(store, kept.id) == expected
