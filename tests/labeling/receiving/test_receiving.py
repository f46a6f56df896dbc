from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.labeling.brokers import (
    NOON,
    TEMPLATE,
    SteeredVendor,
    annotation_of,
    answer,
    answers_of,
    broker,
    car,
    delivery,
    image,
    task_of,
)
from vidset.labeling.annotation import Annotation
from vidset.labeling.dispatching import dispatch
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.store import Query
from vidset.labeling.vendors.vendor import Report


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


def test_receive_of_nothing_drawn_is_an_answer_where_the_template_allows_it(works, store):
    template = works.template.model_copy(update={"allow_empty": True})
    receive(replace(works, template=template), delivery(answer(image())))
    assert (annotation_of(store).state, annotation_of(store).objects) == ("labeled", ())


def test_receive_puts_a_submit_with_nothing_drawn_into_quarantine_with_its_image(works, store):
    assert receive(works, delivery(answer(image()))) == Counter(quarantined=1)
    [kept] = store.find(Query("quarantine"))
    assert kept.document["image_id"] == image().id
    assert "got an answer with nothing drawn" in kept.document["reason"]
    assert "allow_empty: true" in kept.document["reason"]
    assert store.get(("annotations", image().id)) == [None]
    assert task_of(store, image()).state == "dispatched"


def test_receive_of_a_skipped_task_is_an_answer(works, store):
    receive(works, delivery(replace(answer(image()), state="skipped")))
    assert annotation_of(store).state == "skipped"


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
