"""Which objects are one thing, and what is said of it."""

from dataclasses import replace

import numpy as np
import pytest

from tests.labeling.consensus_answers import answer, box, majority, square, word
from vidset.labeling.annotation import Box, LabeledObject, Ring, outline
from vidset.labeling.consensus import _drawn, _near
from vidset.masks import Mask


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
    lower = LabeledObject(
        "l", "road", "polygon", rings=outline(((0.0, 0.0), (9.0, 9.0), (0.0, 9.0)))
    )
    upper = replace(lower, rings=outline(((0.0, 0.0), (9.0, 0.0), (9.0, 9.0))))
    assert majority(answer("ann", lower), answer("bob", upper)) == ()


def test_a_rotation_stays_with_its_polygon():
    turned = [
        square(x, 0.0, 10.0, label="car", attributes={"rotation": rotation})
        for x, rotation in ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0))
    ]
    answers = [answer(f"a{n}", item, minutes=n) for n, item in enumerate(turned)]
    assert majority(*answers) == (turned[1],)


def blot(columns: slice, **changes) -> LabeledObject:
    pixels = np.zeros((20, 30), bool)
    pixels[2:12, columns] = True
    return replace(LabeledObject("1", "sky", "mask", mask=Mask.of(pixels)), **changes)


def test_masks_are_matched_by_their_pixels_and_with_polygons_of_their_label():
    middle = blot(slice(1, 11), id="m")
    drawn = square(2.0, 2.0, 10.0, label="sky", id="e")
    answers = [
        answer("ann", blot(slice(0, 10), id="a")),
        answer("bob", middle),
        answer("eve", drawn),
    ]
    assert majority(*answers) == (replace(middle, id="a"),)
    assert majority(answer("ann", blot(slice(0, 5))), answer("bob", blot(slice(5, 10)))) == ()


def test_turned_boxes_are_matched_by_their_areas_and_one_of_them_is_taken():
    cross = [box(0.0, 0.0, 20.0, 4.0, type="rotated_box", id=f"{n}") for n in range(2)]
    turned = [
        replace(item, box=replace(item.box, angle=angle))
        for item, angle in zip(cross, (45.0, -45.0), strict=True)
    ]
    assert majority(answer("ann", turned[0]), answer("bob", turned[1])) == ()
    near = replace(turned[0], box=replace(turned[0].box, angle=44.0))
    assert majority(answer("ann", turned[0]), answer("bob", near)) == (turned[0],)


def test_a_hole_counts_when_polygons_are_compared():
    outside = square(0.0, 0.0, 10.0).rings[0]
    hole = Ring(square(1.0, 1.0, 8.0).rings[0].points, hole=True)
    frame = square(0.0, 0.0, 10.0, rings=(outside, hole))
    assert majority(answer("ann", frame), answer("bob", square(0.0, 0.0, 10.0))) == ()
    assert majority(answer("ann", frame), answer("bob", frame)) == (frame,)


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


def test_thousands_of_objects_side_by_side_are_compared_with_their_neighbours_alone():
    drawn = [
        LabeledObject(
            str(number), "car", "box", Box(20.0 * (number % 50), number // 50 * 20.0, 9, 9)
        )
        for number in range(3000)
    ]
    compared = [_drawn(item, by, by) for by in (0, 1) for item in drawn]
    pairs = sorted(_near(compared, [*range(6000)]))
    assert pairs == [(number, 3000 + number) for number in range(3000)]
