"""Which answers count, and what they say together."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.labeling.consensus_answers import NOON, answer, box, majority
from vidset.labeling.consensus import Consensus, consensus, counted


def test_latest_takes_the_newest_answer():
    old, new = answer("ann", box(), minutes=1), answer("bob", box(5.0), minutes=2)
    assert consensus([new, old], "latest") == Consensus(
        state="labeled",
        objects=(box(5.0),),
        annotator="bob",
        vendor="scale",
        vendor_task_id="t1",
        updated_at=NOON + timedelta(minutes=2),
    )


@pytest.mark.parametrize("rule", ["latest", "majority"])
def test_a_correction_replaces_what_it_corrects(rule):
    before, after = answer("ann", box(), minutes=1), answer("ann", box(5.0), minutes=2)
    assert consensus([after, before], rule).objects == (box(5.0),)


@pytest.mark.parametrize("rule", ["latest", "majority"])
def test_another_annotation_of_the_same_annotator_replaces_the_first(rule):
    before = answer("ann", box(), annotation_id="1", minutes=1)
    after = answer("ann", box(5.0), annotation_id="2", minutes=2)
    assert consensus([after, before], rule).objects == (box(5.0),)


@pytest.mark.parametrize("rule", ["latest", "majority"])
def test_withdrawing_the_second_annotation_brings_the_first_back(rule):
    first = answer("ann", box(), annotation_id="1", minutes=1)
    second = answer("ann", box(5.0), annotation_id="2", minutes=2)
    withdrawal = replace(second, state="rejected", objects=(), updated_at=NOON + timedelta(hours=1))
    assert consensus([first, second, withdrawal], rule).objects == (box(),)


@pytest.mark.parametrize("rule", ["latest", "majority"])
def test_with_everything_withdrawn_the_image_is_rejected(rule):
    said = answer("ann", box(), minutes=1)
    withdrawal = answer("ann", state="rejected", minutes=9)
    assert consensus([withdrawal, said], rule) == Consensus(
        state="rejected",
        objects=(),
        annotator="ann",
        vendor="scale",
        vendor_task_id="t1",
        updated_at=NOON + timedelta(minutes=9),
    )


def test_annotators_of_two_vendors_are_two_though_their_names_are_one():
    ours = answer("ann", box())
    theirs = answer("ann", box(), vendor="label-studio")
    assert counted([ours, theirs]) == [theirs, ours]


def test_no_answers_have_no_consensus():
    with pytest.raises(ValueError, match="at least one answer"):
        consensus([], "latest")


@pytest.mark.parametrize(
    ("skipped", "labeled", "state"),
    [
        pytest.param(0, 1, "labeled", id="nobody skips"),
        pytest.param(1, 2, "labeled", id="fewer skip"),
        pytest.param(1, 1, "labeled", id="half skip"),
        pytest.param(2, 1, "skipped", id="more skip"),
        pytest.param(1, 0, "skipped", id="all skip"),
    ],
)
def test_a_majority_is_needed_to_skip(skipped, labeled, state):
    answers = [answer(f"s{n}", state="skipped") for n in range(skipped)]
    answers += [answer(f"l{n}", box()) for n in range(labeled)]
    result = consensus(answers, "majority")
    assert result.state == state
    assert result.objects == ((box(),) if state == "labeled" else ())


def test_a_majority_names_all_who_were_counted_and_the_newest_time():
    answers = [
        answer("zoe", box(), minutes=3),
        answer("ann", box(), minutes=7, vendor_task_id="t7"),
        answer("bob", state="skipped", minutes=5),
        answer("ed", state="rejected", minutes=30),
    ]
    result = consensus(answers, "majority")
    assert result.annotator == "ann, bob, zoe"
    assert result.updated_at == NOON + timedelta(minutes=7)
    assert result.vendor_task_id == "t7"


def test_who_skipped_is_not_asked_what_is_there():
    assert majority(answer("ann", box()), answer("bob", state="skipped")) == (box(),)
