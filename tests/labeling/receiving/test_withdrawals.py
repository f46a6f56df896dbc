"""Answers that are taken back."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta

from tests.labeling.brokers import NOON, annotation_of, answer, car, delivery, image, task_of
from vidset.labeling.receiving import Delivery, receive
from vidset.labeling.stores.store import Query
from vidset.labeling.vendors.vendor import Report


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
