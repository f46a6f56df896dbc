"""What holds of any answers."""

from dataclasses import replace
from itertools import permutations
from math import cos, pi, sin

from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.consensus_answers import answer, box, majority, square, word
from vidset.labeling.annotation import Answer, LabeledObject, outline
from vidset.labeling.consensus import consensus, counted

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


@given(histories(), st.sampled_from(["latest", "majority"]))
def test_the_order_of_the_answers_does_not_matter(answers, rule):
    results = [consensus(order, rule) for order in permutations(answers)]
    assert all(result == results[0] for result in results)


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


def test_five_annotators_of_500_polygons_take_seconds():
    def round_at(x: float, y: float) -> tuple[tuple[float, float], ...]:
        return tuple((x + 40 * cos(n * pi / 10), y + 40 * sin(n * pi / 10)) for n in range(20))

    answers = [
        answer(
            f"a{by}",
            *(
                LabeledObject(
                    str(n), "road", "polygon", rings=outline(round_at(n * 37 % 1900 + by, n * 2))
                )
                for n in range(500)
            ),
        )
        for by in range(5)
    ]
    assert len(majority(*answers)) == 500
