"""Objects whose parts must agree: hand-computed overlaps, and properties that always hold."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vidset.masks import Mask
from vidset.training.scoring.answer_scores import AnswerScores
from vidset.training.scoring.detection import average_precision, score_objects
from vidset.training.scoring.matching import Thing
from vidset.training.scoring.parts import least_overlap

WIDTH, HEIGHT = 48, 40


def picture(*boxes: tuple[int, int, int, int], without=()) -> np.ndarray:
    """Boxes of left, top, right and bottom."""
    pixels = np.zeros((HEIGHT, WIDTH), bool)
    for left, top, right, bottom in boxes:
        pixels[top:bottom, left:right] = True
    for left, top, right, bottom in without:
        pixels[top:bottom, left:right] = False
    return pixels


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return least_overlap(Mask.of(one), Mask.of(other))


def thing(pixels: np.ndarray, score: float = 1.0, label: str = "plate") -> Thing:
    mask = Mask.of(pixels)
    left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
    return Thing(label, left, top, right - left, bottom - top, score, mask)


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        pytest.param(picture((3, 4, 33, 34)), picture((3, 4, 33, 34)), 1.0, id="equal"),
        pytest.param(picture((0, 0, 9, 9)), picture((20, 20, 29, 29)), 0.0, id="apart"),
        # Thirds end at 10, 20, 30 and at 11, 22, 33: the last share 8 of 13 columns.
        pytest.param(picture((0, 0, 30, 9)), picture((0, 0, 33, 9)), 8 / 13, id="wider"),
        # The whole has 8 of 9 pixels right.
        pytest.param(
            picture((0, 0, 30, 30)),
            picture((0, 0, 30, 30), without=[(20, 10, 30, 20)]),
            2 / 3,
            id="a third of the last column and of the second row is missing",
        ),
        pytest.param(
            picture((0, 0, 30, 9)),
            picture((0, 0, 10, 9), (20, 0, 30, 9)),
            0.0,
            id="the second column is missing",
        ),
        pytest.param(
            picture((0, 0, 10, 9), (20, 0, 30, 9)),
            picture((0, 0, 10, 9), (20, 0, 30, 9)),
            1.0,
            id="what neither has is left out",
        ),
        pytest.param(picture((5, 5, 6, 6)), picture((5, 5, 6, 6)), 1.0, id="one pixel"),
        # Cuts go through pixels: in thirds of one, the last parts are 8 to 12 and 10 to 15.
        pytest.param(picture((0, 0, 4, 1)), picture((0, 0, 5, 1)), 2 / 7, id="four and five"),
        pytest.param(picture((0, 0, 9, 9)), picture(), 0.0, id="nothing found"),
        pytest.param(picture(), picture(), 0.0, id="nothing at all"),
    ],
)
def test_the_worst_part_says_how_far_two_masks_agree(one, other, wanted):
    assert overlap(one, other) == pytest.approx(wanted)
    assert overlap(other, one) == overlap(one, other)


blots = st.lists(
    st.tuples(*(st.integers(0, 20) for _ in range(2)), *(st.integers(1, 18) for _ in range(2))),
    min_size=1,
    max_size=4,
).map(lambda found: picture(*((x, y, x + wide, y + tall) for x, y, wide, tall in found)))


def in_whole_pixels(one: np.ndarray, other: np.ndarray) -> float:
    """The same by another way: three times as large, every cut runs between two pixels."""
    found = []
    large = [np.kron(each, np.ones((3, 3), bool)) for each in (one, other)]
    for axis in (0, 1):
        parts = []
        for each in large:
            places = np.flatnonzero(each.any(axis=1 - axis))
            edges = np.linspace(places[0], places[-1] + 1, 4).astype(int)
            cut = np.zeros((3, *each.shape), bool)
            for part, (start, end) in enumerate(pairwise(edges)):
                where = [slice(None), slice(None)]
                where[axis] = slice(start, end)
                cut[(part, *where)] = each[tuple(where)]
            parts.append(cut)
        for a, b in zip(*parts, strict=True):
            if (a | b).any():
                found.append((a & b).sum() / (a | b).sum())
    return min(found)


@given(blots, blots)
def test_parts_agree_as_pixels_three_times_as_small_do_and_no_better_than_wholes(one, other):
    found = overlap(one, other)
    assert found == pytest.approx(in_whole_pixels(one, other))
    assert found <= (one & other).sum() / (one | other).sum() + 1e-12
    for turned in (lambda each: each[::-1], lambda each: each[:, ::-1], np.transpose):
        assert overlap(turned(one), turned(other)) == found


def test_perfect_masks_score_one_and_no_answer_scores_zero():
    truths = [[thing(picture((0, 0, 20, 9))), thing(picture((25, 5, 45, 30)))], []]
    surest = [[thing(each.mask.pixels(), 0.9) for each in image] for image in truths]
    assert average_precision(truths, surest, ["plate"], by="parts")["ap"] == pytest.approx(1)
    nothing = average_precision(truths, [[], []], ["plate", "car"], by="parts")
    assert (nothing["ap"], nothing["ap50"]) == (0, 0)
    assert nothing["labels"]["car"]["ap"] is None
    assert average_precision([[], []], surest, ["plate"], by="parts")["ap"] is None


def test_a_plate_that_is_cut_short_is_found_as_a_mask_and_not_by_its_parts():
    """Of 48 columns 42 are found: IoU 0.875; of the last third, 32 to 48 and 28 to 42, 10 of 20."""
    truth, short = picture((0, 0, 48, 20)), picture((0, 0, 42, 20))
    truths, found = [[thing(truth)]], [[thing(short, 0.8)]]
    assert overlap(truth, short) == 0.5
    by_masks = average_precision(truths, found, ["plate"], by="masks")
    by_parts = average_precision(truths, found, ["plate"], by="parts")
    assert by_masks["ap"] == pytest.approx(0.8)  # IoU 0.5 to 0.85 of ten.
    assert (by_parts["ap50"], by_parts["ap"]) == (pytest.approx(1), pytest.approx(0.1))
    shorter = [[thing(picture((0, 0, 40, 20)), 0.8)]]
    assert average_precision(truths, shorter, ["plate"], by="masks")["ap50"] == pytest.approx(1)
    assert average_precision(truths, shorter, ["plate"], by="parts")["ap50"] == 0


def test_one_object_is_hit_once_and_labels_are_told_apart():
    one, other = picture((0, 0, 12, 12)), picture((20, 20, 44, 38))
    truths = [[thing(other, label="car"), thing(one), thing(other)]]
    found = [
        [
            thing(one, 0.7),  # The second time: a mistake.
            thing(one, 0.9),
            thing(other, 0.3, label="car"),
        ]
    ]
    by_parts = average_precision(truths, found, ["car", "plate"], by="parts")
    assert by_parts["labels"]["car"]["ap50"] == pytest.approx(1)
    # Precision 1 up to recall 0.5, of 101 recalls; the other plate is not found.
    assert by_parts["labels"]["plate"]["ap50"] == pytest.approx(51 / 101)


def test_scores_of_objects_with_masks_tell_of_their_parts():
    truths = [[thing(picture((0, 0, 48, 20)))]]
    found = [[thing(picture((0, 0, 40, 20)), 0.8)]]
    scores = score_objects(truths, found, ["plate"], AnswerScores({}, "given"))
    assert (scores["parts"]["columns"], scores["parts"]["rows"]) == (3, 3)
    assert (scores["masks"]["ap50"], scores["parts"]["ap50"]) == (pytest.approx(1), 0)
    boxes = [[Thing("plate", 0, 0, 48, 20)]]
    assert "parts" not in score_objects(boxes, found, ["plate"], AnswerScores({}, "given"))


def test_sizes_of_masks_are_those_of_their_pixels():
    """A ring in a box of 40 x 36 has 296 pixels: small. Of the box, 1,440 would be medium."""
    ring = picture((0, 0, 40, 36), without=[(2, 2, 38, 34)])
    truths = [[thing(ring)], []]
    found = [[thing(ring, 0.5)], [thing(ring, 0.9)]]
    by_masks = average_precision(truths, found, ["plate"], by="masks")
    # The surer one in the other image is a mistake among the small ones: precision 1/2.
    assert by_masks["sizes"] == {"small": pytest.approx(0.5), "medium": None, "large": None}
