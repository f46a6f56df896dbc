"""An answer as a whole: its objects, its state and its size, and what is cut off at the edge."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.labeling.drawn import (
    TEMPLATE,
    car,
    check,
    road,
)
from vidset.labeling.annotation import Answer, Box
from vidset.labeling.checking import check_answer
from vidset.labeling.errors import InvalidAnswerError


def test_an_answer_without_objects_is_one_whatever_its_state():
    assert check() == check(state="skipped") == check(state="rejected") == ()


def test_an_object_id_stands_for_one_object():
    with pytest.raises(InvalidAnswerError, match=r"object c1 .car.: wanted each object id once"):
        check(car(), car(x=50.0))


@pytest.mark.parametrize("state", ["skipped", "rejected"])
def test_only_a_labeled_answer_has_objects(state):
    with pytest.raises(InvalidAnswerError, match=f"a {state} answer has no objects, got 1"):
        check(car(), state=state)


@pytest.mark.parametrize(
    ("seen", "reason"),
    [
        pytest.param({"image_width": 200, "image_height": 80}, "width 100, got 200", id="width"),
        pytest.param({"image_height": 81}, "height 80, got 81", id="height"),
    ],
)
def test_an_answer_to_an_image_of_another_size_is_refused(seen, reason):
    with pytest.raises(InvalidAnswerError, match=reason):
        check(**seen)


def test_the_vendors_size_is_taken_where_ours_is_unknown():
    seen = {"image_width": 50, "image_height": 50, "width": None, "height": None}
    with pytest.raises(InvalidAnswerError, match="inside the image of 50 x 50 px"):
        check(car(x=40.0), **seen)


def test_nothing_is_outside_of_an_image_of_unknown_size():
    far = car(x=-500.0)
    assert check(far, width=None, height=None) == (far,)


@pytest.mark.parametrize(
    ("drawn", "stored"),
    [
        pytest.param(car(-1.0, -0.5, 20.0, 20.0), car(0.0, 0.0, 19.0, 19.5), id="top left"),
        pytest.param(car(80.0, 60.0, 20.75, 21.0), car(80.0, 60.0, 20.0, 20.0), id="bottom right"),
        pytest.param(
            road((-0.5, 0.0), (100.5, 0.0), (50.0, 81.0)),
            road((0.0, 0.0), (100.0, 0.0), (50.0, 80.0)),
            id="polygon",
        ),
    ],
)
def test_up_to_a_pixel_outside_is_cut_off(drawn, stored):
    assert check(drawn) == (stored,)


boxes = st.builds(
    Box, *(st.floats(-3, 103) for _ in range(2)), *(st.floats(-1, 110) for _ in range(2))
)


@given(boxes)
def test_what_passes_lies_inside_the_image_and_is_large_enough(box):
    try:
        (stored,) = check(car(box=box))
    except InvalidAnswerError:
        return
    assert stored.box is not None
    assert stored.box.x >= 0
    assert stored.box.y >= 0
    assert stored.box.x + stored.box.width <= 100 + 1e-9
    assert stored.box.y + stored.box.height <= 80 + 1e-9
    assert min(stored.box.width, stored.box.height) >= 7.5
    assert abs(stored.box.x - box.x) <= 1 + 1e-6


@given(boxes)
def test_what_passes_once_passes_again_unchanged(box):
    try:
        once = check(car(box=box))
    except InvalidAnswerError:
        return
    assert check(*once) == once


def test_an_answer_of_more_objects_than_the_template_allows_is_refused():
    few = TEMPLATE.model_copy(update={"max_objects": 2})
    drawn = tuple(car(id=str(number)) for number in range(3))
    said = Answer(
        *("0" * 32, "scale", "t1", "a1", "ann", "labeled", drawn, datetime(2026, 1, 1, tzinfo=UTC)),
        image_width=640,
        image_height=480,
    )
    check_answer(replace(said, objects=drawn[:2]), few, 640, 480)
    with pytest.raises(InvalidAnswerError, match=r"at most 2 objects, .*max_objects .*got 3"):
        check_answer(said, few, 640, 480)
