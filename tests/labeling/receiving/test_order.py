"""Answers in any order, and at once."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.labeling.brokers import NOON, annotation_of, answer, answers_of, car, delivery, image
from vidset.labeling.annotation import LabeledObject
from vidset.labeling.receiving import receive
from vidset.labeling.stores.store import Query

CORRECTIONS = [
    answer(image(), car(x=float(number)), at=NOON + timedelta(seconds=number))
    for number in range(3)
]
# An annotator who changes back: what was said first is said again, and holds.
BACK_AGAIN = [
    answer(image(), car(x=float(x)), at=NOON + timedelta(seconds=number))
    for number, x in enumerate((5, 6, 5))
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


def test_receive_keeps_every_earlier_answer(works, store):
    for said in CORRECTIONS:
        receive(works, delivery(said))
    stored = store.find(Query("answers", {"image_id": image().id}))
    xs = sorted(
        LabeledObject.from_document(one.document["objects"][0]).box.x  # type: ignore[union-attr]
        for one in stored
    )
    assert xs == [0.0, 1.0, 2.0]
