import itertools
import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from labeling.annotation import Annotation, LabeledObject
from labeling.dispatching import dispatch
from labeling.quarantine import read_payload
from labeling.receiving import Delivery, receive
from labeling.store import Query
from labeling.task import Task
from labeling.vendors.vendor import Report
from tests.labeling.brokers import (
    NOON,
    TEMPLATE,
    Clock,
    SteeredVendor,
    answer,
    broker,
    car,
    delivery,
    image,
)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def works(store, clock):
    """A broker with one dispatched task."""
    works = broker(store, SteeredVendor(), clock)
    dispatch(works, image())
    clock.pass_by(minutes=5)
    return works


def annotation_of(store, of=None) -> Annotation:
    [stored] = store.get(("annotations", (of or image()).id))
    return Annotation.from_document(stored.document)


def task_of(store, of=None) -> Task:
    [stored] = store.get(("tasks", (of or image()).id))
    return Task.from_document(stored.document)


def answers_of(store) -> int:
    return store.count(Query("answers", {"image_id": image().id}))


def test_receive_stores_the_annotation_and_completes_the_task(works, store):
    said = answer(image(), car(), at=NOON + timedelta(minutes=4))
    assert receive(works, delivery(said)) == Counter(stored=1)
    assert annotation_of(store) == Annotation(
        image_id=image().id,
        image_uri="gs://images/drive/1/0000000000.jpg",
        image_width=640,
        image_height=480,
        objects=(car(),),
        vendor="label-studio",
        vendor_task_id="42",
        annotator="ann",
        state="labeled",
        answers=(said.key,),
        revision=1,
        updated_at=NOON + timedelta(minutes=4),
        written_at=NOON + timedelta(minutes=5),
    )
    task = task_of(store)
    assert (task.state, task.completed_at) == ("completed", NOON + timedelta(minutes=5))


def test_receive_of_a_repeat_changes_nothing(works, store, clock):
    first = delivery(answer(image(), car()))
    receive(works, first)
    stored = annotation_of(store)
    clock.pass_by(hours=1)
    assert [receive(works, first) for _ in range(3)] == [Counter(repeated=1)] * 3
    assert annotation_of(store) == stored
    assert answers_of(store) == 1


CORRECTIONS = [
    answer(image(), car(x=float(number)), at=NOON + timedelta(seconds=number))
    for number in range(3)
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_receive_ends_with_the_newest_whatever_the_order(works, store, order):
    for number in order:
        receive(works, delivery(CORRECTIONS[number]))
    annotation = annotation_of(store)
    assert annotation.objects == (car(x=2.0),)
    assert annotation.revision == 3
    assert annotation.updated_at == NOON + timedelta(seconds=2)
    assert answers_of(store) == 3


# An annotator who changes back: what was said first is said again, and holds.
BACK_AGAIN = [
    answer(image(), car(x=float(x)), at=NOON + timedelta(seconds=number))
    for number, x in enumerate((5, 6, 5))
]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_receive_ends_with_what_was_said_again_whatever_the_order(works, store, order):
    for number in order:
        receive(works, delivery(BACK_AGAIN[number]))
    assert annotation_of(store).objects == (car(x=5.0),)
    assert annotation_of(store).revision == 3


def test_receive_of_an_older_answer_does_not_change_what_holds(works, store):
    receive(works, delivery(CORRECTIONS[2]))
    receive(works, delivery(CORRECTIONS[1]))
    assert annotation_of(store).objects == (car(x=2.0),)


def test_receive_of_one_answer_by_eight_threads_stores_it_once(works, store):
    with ThreadPoolExecutor(8) as threads:
        counts = sum(
            threads.map(lambda _: receive(works, delivery(CORRECTIONS[0])), range(24)), Counter()
        )
    assert counts == Counter(stored=1, repeated=23)
    assert annotation_of(store).revision == 1


def test_receive_of_many_annotators_at_once_loses_none(works, store):
    said = [
        answer(image(), car(x=float(n)), annotation_id=str(n), annotator=f"ann {n}")
        for n in range(12)
    ]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda one: receive(works, delivery(one)), said))
    assert answers_of(store) == 12
    assert annotation_of(store).revision == 12


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


def test_receive_stores_a_shape_that_leaves_the_image_by_a_rounding_cut_off_there(works, store):
    over = delivery(answer(image(), car(x=-0.4, width=30.4)))
    receive(works, over)
    assert annotation_of(store).objects == (car(x=0.0, width=30.0),)
    assert receive(works, over) == Counter(repeated=1)


def test_receive_of_a_skip_completes_the_task_without_objects(works, store):
    receive(works, delivery(answer(image(), state="skipped")))
    annotation = annotation_of(store)
    assert (annotation.state, annotation.objects) == ("skipped", ())
    assert task_of(store).state == "completed"


def test_receive_of_an_empty_image_is_an_answer(works, store):
    receive(works, delivery(answer(image())))
    assert (annotation_of(store).state, annotation_of(store).objects) == ("labeled", ())


def test_receive_of_a_deletion_takes_the_answer_back_and_the_task_waits_again(works, store, clock):
    receive(works, delivery(answer(image(), car())))
    clock.pass_by(minutes=1)
    gone = Delivery("label-studio", Report("", None, "open", withdrawn=("7",)), b"gone")
    assert receive(works, gone) == Counter(withdrawn=1)
    assert receive(works, gone) == Counter(open=1)  # Repeated.
    annotation = annotation_of(store)
    assert (annotation.state, annotation.objects, annotation.revision) == ("rejected", (), 2)
    task = task_of(store)
    assert (task.state, task.completed_at) == ("dispatched", None)
    assert task.due_at == clock() + timedelta(hours=1)


def test_receive_of_a_deletion_brings_back_what_another_annotator_said(works, store, clock):
    receive(works, delivery(answer(image(), car(x=1.0), annotation_id="7", annotator="ann")))
    newer = answer(image(), car(x=2.0), at=NOON + timedelta(seconds=1), annotation_id="8")
    receive(works, delivery(replace(newer, annotator="ben")))
    clock.pass_by(minutes=1)
    receive(works, Delivery("label-studio", Report("", None, "open", withdrawn=("8",)), b""))
    assert annotation_of(store).objects == (car(x=1.0),)
    assert task_of(store).state == "completed"


def test_receive_of_a_deletion_of_what_never_came_changes_nothing(works, store):
    gone = Delivery("label-studio", Report("", None, "open", withdrawn=("999",)), b"gone")
    assert receive(works, gone) == Counter(repeated=1)
    assert store.count(Query("answers")) == 0


def test_receive_of_a_complete_report_takes_back_what_it_no_longer_lists(works, store, clock):
    receive(works, delivery(answer(image(), car(), annotation_id="7")))
    clock.pass_by(minutes=1)
    other = answer(image(), car(x=99.0), at=NOON - timedelta(hours=1), annotation_id="8")
    complete = delivery(replace(other, annotator="ben"), is_complete=True)
    counts = receive(works, replace(complete, asked_at=clock()))
    assert counts == Counter(stored=1, withdrawn=1)
    assert annotation_of(store).objects == (car(x=99.0),)


def test_receive_does_not_take_back_what_came_after_the_question(works, store, clock):
    asked_at = clock()
    clock.pass_by(seconds=1)
    receive(works, delivery(answer(image(), car())))
    empty = Report(image().id, "42", "open", is_complete=True)
    assert receive(works, Delivery("label-studio", empty, b"", asked_at)) == Counter(open=1)
    assert annotation_of(store).objects == (car(),)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        pytest.param("failed", "the image could not be loaded", id="failed"),
        pytest.param("cancelled", None, id="cancelled"),
    ],
)
def test_receive_of_a_failure_ends_the_task_with_the_vendors_reason(works, store, state, error):
    report = Report(image().id, "42", state, error=error)
    assert receive(works, Delivery("scale", report, b"")) == Counter([state])
    assert (task_of(store).state, task_of(store).error) == (state, error)


def test_receive_of_an_answer_after_a_failure_is_an_answer_all_the_same(works, store):
    receive(works, Delivery("scale", Report(image().id, "42", "failed", error="?"), b""))
    receive(works, delivery(answer(image(), car())))
    assert (task_of(store).state, task_of(store).error) == ("completed", None)


def test_receive_completes_a_task_of_several_annotators_with_the_last(store, clock):
    template = TEMPLATE + "label_studio: {annotators_per_image: 2}\n"
    works = broker(store, SteeredVendor(), clock, template)
    dispatch(works, image())
    receive(works, delivery(answer(image(), car(), annotation_id="1", annotator="ann")))
    assert task_of(store).state == "dispatched"
    receive(works, delivery(answer(image(), car(x=11.0), annotation_id="2", annotator="ben")))
    assert task_of(store).state == "completed"


def test_receive_by_majority_keeps_what_most_annotators_drew(store, clock):
    works = broker(store, SteeredVendor(), clock, LABELING_CONSENSUS="majority")
    dispatch(works, image())
    drawn = [(car(x=10.0), car(x=300.0)), (car(x=12.0),), (car(x=14.0),)]
    for number, objects in enumerate(drawn):
        numbered = [replace(item, id=str(place)) for place, item in enumerate(objects)]
        name = f"ann {number}"
        said = answer(image(), *numbered, annotation_id=str(number), annotator=name)
        receive(works, delivery(said))
    annotation = annotation_of(store)
    assert [item.box for item in annotation.objects] == [car(x=12.0).box]
    assert annotation.annotator == "ann 0, ann 1, ann 2"
    assert answers_of(store) == 3


def test_receive_learns_the_size_of_an_image_that_its_event_did_not_tell(store, clock):
    works = broker(store, SteeredVendor(), clock)
    unsized = image(size=None)
    dispatch(works, unsized)
    receive(works, delivery(answer(unsized, car())))
    assert (annotation_of(store).image_width, annotation_of(store).image_height) == (640, 480)
    assert task_of(store).image_width == 640
    outside = answer(unsized, car(x=635.0), at=NOON + timedelta(seconds=1))
    assert receive(works, delivery(outside)) == Counter(quarantined=1)


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


def test_receive_keeps_every_earlier_answer(works, store):
    for said in CORRECTIONS:
        receive(works, delivery(said))
    stored = store.find(Query("answers", {"image_id": image().id}))
    xs = sorted(
        LabeledObject.from_document(one.document["objects"][0]).box.x  # type: ignore[union-attr]
        for one in stored
    )
    assert xs == [0.0, 1.0, 2.0]


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
