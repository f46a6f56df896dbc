from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from math import cos, pi, sin

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labeling.annotation import Answer, Box, LabeledObject
from labeling.consensus import Consensus, consensus, counted

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def box(x=0.0, y=0.0, width=10.0, height=10.0, **changes) -> LabeledObject:
    item = LabeledObject("1", "car", "box", box=Box(x, y, width, height))
    return replace(item, **changes)


def square(left: float, top: float, side: float, **changes) -> LabeledObject:
    right, bottom = left + side, top + side
    points = ((left, top), (right, top), (right, bottom), (left, bottom))
    return replace(LabeledObject("1", "road", "polygon", points=points), **changes)


def word(label: str, **changes) -> LabeledObject:
    return replace(LabeledObject(f"w-{label}", label, "classification"), **changes)


def answer(annotator="ann", *objects, minutes=0, **changes) -> Answer:
    said = Answer(
        image_id="i1",
        vendor="scale",
        vendor_task_id="t1",
        annotation_id=f"annotation of {annotator}",
        annotator=annotator,
        state="labeled",
        objects=objects,
        updated_at=NOON + timedelta(minutes=minutes),
    )
    return replace(said, **changes)


def majority(*answers) -> tuple[LabeledObject, ...]:
    return consensus(answers, "majority").objects


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


def test_merged_boxes_have_the_median_of_each_edge():
    assert majority(
        answer("ann", box(0.0, 0.0, 10.0, 10.0, id="a")),
        answer("bob", box(1.0, 0.5, 11.0, 9.5, id="b")),
        answer("eve", box(2.0, -1.0, 9.0, 13.0, id="e")),
    ) == (box(1.0, 0.0, 10.0, 10.0, id="a"),)


def test_of_two_annotators_both_must_show_a_thing():
    assert majority(
        answer("ann", box(id="a"), box(50.0, id="alone")), answer("bob", box(2.0, id="b"))
    ) == (box(1.0, id="a"),)


def test_of_three_annotators_two_must_show_a_thing():
    lonely, shared = box(50.0, id="lonely"), box(80.0, id="shared")
    assert majority(answer("ann", lonely), answer("bob", shared), answer("eve", shared)) == (
        shared,
    )


def test_who_skipped_is_not_asked_what_is_there():
    assert majority(answer("ann", box()), answer("bob", state="skipped")) == (box(),)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(box(label="bus"), id="other label"),
        pytest.param(box(6.0), id="overlap below a half"),
        pytest.param(square(0.0, 0.0, 10.0, label="car"), id="polygon"),
    ],
)
def test_what_is_not_one_thing_is_not_merged(other):
    assert majority(answer("ann", box()), answer("bob", other)) == ()


def test_an_overlap_of_exactly_a_half_is_enough():
    wide, half = box(width=10.0), box(width=5.0)
    assert majority(answer("ann", wide), answer("bob", half)) == (box(width=7.5),)


def test_two_things_that_overlap_are_matched_one_to_one():
    """Both of bob's boxes overlap ann's first; the better match takes it."""
    assert majority(
        answer("ann", box(0.0, id="a1"), box(4.0, id="a2")),
        answer("bob", box(2.0, id="b1"), box(0.5, id="b2")),
    ) == (box(0.25, id="a1"), box(3.0, id="a2"))


def test_a_chain_of_overlaps_is_not_one_thing():
    """ann's and eve's boxes are too far apart, though bob's overlaps both by a half."""
    result = majority(
        answer("ann", box(0.0, id="a")), answer("bob", box(3.0, id="b")), answer("eve", box(6.0))
    )
    assert result == (box(1.5, id="a"),)


def test_the_polygon_that_the_others_are_most_like_is_taken():
    middle = square(1.0, 0.0, 10.0, id="m")
    assert majority(
        answer("ann", square(0.0, 0.0, 10.0, id="a")),
        answer("bob", middle),
        answer("eve", square(2.0, 0.0, 10.0, id="e")),
    ) == (replace(middle, id="a"),)


def test_polygons_overlap_by_their_areas_not_by_their_bounds():
    """Two triangles, the halves of a square: equal bounds, nothing in common."""
    lower = LabeledObject("l", "road", "polygon", points=((0.0, 0.0), (9.0, 9.0), (0.0, 9.0)))
    upper = replace(lower, points=((0.0, 0.0), (9.0, 0.0), (9.0, 9.0)))
    assert majority(answer("ann", lower), answer("bob", upper)) == ()


def test_a_rotation_stays_with_its_polygon():
    turned = [
        square(x, 0.0, 10.0, label="car", attributes={"rotation": rotation})
        for x, rotation in ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    ]
    answers = [answer(f"a{n}", item, minutes=n) for n, item in enumerate(turned)]
    assert majority(*answers) == (turned[1],)


def test_words_are_matched_by_their_label():
    assert majority(
        answer("ann", word("night", id="a"), word("rain")),
        answer("bob", word("night"), word("fog")),
    ) == (word("night", id="a"),)


def test_attributes_are_those_that_most_give():
    said = [
        {"colour": "red", "parked": True, "damage": ["dent", "rust"], "note": "x"},
        {"colour": "blue", "parked": True, "damage": ["rust", "dent"]},
        {"colour": "blue", "parked": False, "damage": []},
    ]
    answers = [answer(f"a{n}", box(attributes=each)) for n, each in enumerate(said)]
    (merged,) = majority(*answers)
    assert {**merged.attributes, "damage": sorted(merged.attributes["damage"])} == {
        "colour": "blue",
        "parked": True,
        "damage": ["dent", "rust"],
    }


def test_ties_among_attributes_go_to_the_newest():
    answers = [
        answer("ann", box(attributes={"colour": "red", "old": "yes"}), minutes=1),
        answer("bob", box(attributes={"colour": "blue"}), minutes=2),
    ]
    (merged,) = majority(*answers)
    assert merged.attributes == {"colour": "blue"}


def test_object_ids_stay_unique_where_annotators_use_the_same():
    """ann's 1 and bob's 1 are two things."""
    result = majority(
        answer("ann", box(0.0, id="1")),
        answer("bob", box(50.0, id="1"), box(0.0, id="2")),
        answer("eve", box(50.0, id="3")),
    )
    assert result == (box(0.0, id="1"), box(50.0, id="1-2"))


# Few values, so that annotators meet.
items = st.one_of(
    st.builds(
        lambda x, label, colour: box(x, label=label, attributes={"colour": colour}),
        st.integers(0, 40).map(float),
        st.sampled_from(["car", "bus"]),
        st.sampled_from(["red", "blue"]),
    ),
    st.builds(square, st.integers(0, 9).map(float), st.just(0.0), st.integers(6, 9).map(float)),
    st.sampled_from(["night", "rain"]).map(word),
)


@st.composite
def histories(draw) -> list[Answer]:
    """Answers of three annotators, with corrections, withdrawals and equal times.

    As in the store, there is one of each key.
    """
    said = []
    for _ in range(draw(st.integers(1, 5))):
        objects = draw(st.lists(items, max_size=4))
        state = draw(st.sampled_from(["labeled", "labeled", "labeled", "skipped", "rejected"]))
        numbered = [replace(item, id=str(n)) for n, item in enumerate(objects)]
        said.append(
            answer(
                draw(st.sampled_from(["ann", "bob", "eve"])),
                *(numbered if state == "labeled" else ()),
                state=state,
                annotation_id=draw(st.sampled_from(["1", "2", "3"])),
                minutes=draw(st.integers(0, 2)),
            )
        )
    return list({one.key: one for one in said}.values())


@settings(deadline=None)
@given(histories(), st.sampled_from(["latest", "majority"]))
def test_the_order_of_the_answers_does_not_matter(answers, rule):
    results = [consensus(order, rule) for order in permutations(answers)]
    assert all(result == results[0] for result in results)


@settings(deadline=None)
@given(histories())
def test_what_a_majority_holds_was_shown_by_more_than_half(answers):
    result = consensus(answers, "majority")
    voices = [voice for voice in counted(answers) if voice.state == "labeled"]
    ids = [item.id for item in result.objects]
    assert len(set(ids)) == len(ids)
    for item in result.objects:
        shown = [
            voice
            for voice in voices
            if any(each.label == item.label and each.type == item.type for each in voice.objects)
        ]
        assert 2 * len(shown) > len(voices)


@settings(deadline=None)
@given(st.lists(items, max_size=6), st.integers(1, 5))
def test_annotators_who_agree_are_right(objects, number):
    """Things that overlap within one answer are matched with themselves, by an overlap of 1."""
    numbered = tuple(replace(item, id=str(n)) for n, item in enumerate(objects))
    answers = [answer(f"a{n}", *numbered) for n in range(number)]
    kinds = [(item.label, item.type, item.box, item.points) for item in numbered]
    result = majority(*answers)
    assert sorted(map(str, kinds)) == sorted(
        str((item.label, item.type, item.box, item.points)) for item in result
    )


@pytest.mark.timeout(30)  # It takes about one.
def test_five_annotators_of_500_polygons_take_seconds():
    def round_at(x: float, y: float) -> tuple[tuple[float, float], ...]:
        return tuple((x + 40 * cos(n * pi / 10), y + 40 * sin(n * pi / 10)) for n in range(20))

    answers = [
        answer(
            f"a{by}",
            *(
                LabeledObject(str(n), "road", "polygon", points=round_at(n * 37 % 1900 + by, n * 2))
                for n in range(500)
            ),
        )
        for by in range(5)
    ]
    assert len(majority(*answers)) == 500
