import json

import numpy as np
import pyarrow as pa
import pytest

from vidset.datasets.errors import DatasetError
from vidset.masks import Mask
from vidset.training.scoring.answer_scores import AnswerScores
from vidset.training.scoring.detection import average_precision, score_objects
from vidset.training.scoring.matching import Thing, match, read_things


def car(x, score=1.0, *, y=0.0, side=10.0, label="car"):
    return Thing(label, x, y, side, side, score)


def score(truths, predicted, least=0.5):
    scores = AnswerScores({}, "given", least)
    return score_objects(truths, predicted, ["car", "person"], scores)


def test_perfect_answers_score_one():
    truths = [[car(0), car(50)], [car(20, label="person")]]
    found = score(truths, truths)
    assert (found["ap"], found["ap50"], found["exact_share"]) == (1.0, 1.0, 1.0)
    assert found["labels"]["person"]["f1"] == 1.0


def test_one_object_is_hit_once():
    """Answering the same car three times finds one car, and two that are not there."""
    found = score([[car(0), car(50)]], [[car(0, 0.9), car(0, 0.8), car(1, 0.7)]])
    one = found["labels"]["car"]
    assert (one["support"], one["predicted"]) == (2, 3)
    assert one["recall"] == 0.5
    assert one["precision"] == pytest.approx(1 / 3)
    assert one["ap50"] == pytest.approx(51 / 101)  # Precision 1 up to recall 0.5, then 0.
    assert found["exact"] == 0


def test_an_image_without_objects_does_not_zero_the_set():
    truths = [[car(0)], [], [car(30)]]
    found = score(truths, truths)
    assert (found["exact_share"], found["ap50"]) == (1.0, 1.0)
    assert found["images_without_objects"] == 1


def test_what_is_found_in_an_empty_image_is_a_mistake():
    found = score([[car(0)], []], [[car(0, 0.8)], [car(5, 0.9)]])
    assert found["exact_share"] == 0.5
    assert found["labels"]["car"]["precision"] == 0.5
    assert found["ap50"] == pytest.approx(0.5)


def test_a_score_decides_the_order_and_overwrites_nothing():
    """AP takes unsure answers too; precision and recall are those of the sure ones."""
    found = score([[car(0), car(50)]], [[car(0, 0.9), car(50, 0.3)]])
    assert found["ap50"] == 1.0
    assert found["labels"]["car"]["recall"] == 0.5
    assert found["labels"]["car"]["answer_score"] == 0.5
    assert score([[car(0), car(50)]], [[car(0, 0.9), car(50, 0.3)]], 0.3)["exact"] == 1


def test_a_set_without_any_object_has_no_average_precision():
    found = score([[], []], [[], []])
    assert (found["ap"], found["ap50"], found["exact_share"]) == (None, None, 1.0)


def test_a_label_that_no_image_has_counts_for_nothing():
    found = score([[car(0)]], [[car(0, 0.9)]])
    assert found["labels"]["person"]["ap"] is None
    assert found["ap"] == 1.0


def test_average_precision_falls_with_the_overlap():
    """Two thirds of overlap pass the thresholds 0.5, 0.55, 0.6 and 0.65 of ten."""
    found = score([[car(0)]], [[car(2, 0.9)]])
    assert found["ap50"] == 1.0
    assert found["ap"] == pytest.approx(0.4)


def test_the_surest_answer_takes_the_best_overlap():
    truths = [car(0), car(4)]
    found = match(truths, [car(1, 0.6), car(3, 0.9)])
    assert found.pairs == ((1, 1, pytest.approx(9 / 11)), (0, 0, pytest.approx(9 / 11)))
    assert found.is_exact


def test_another_label_hits_nothing():
    found = match([car(0)], [car(0, 0.9, label="person")])
    assert (found.pairs, found.extra, found.missed) == ((), (0,), (0,))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(None, "is no list of objects", id="none"),
        pytest.param(json.dumps([{"label": "car"}]), "wanted objects with a box", id="no box"),
    ],
)
def test_objects_that_cannot_be_scored_are_named(text, reason):
    with pytest.raises(DatasetError, match=f"a.png: .*{reason}"):
        read_things(pa.table({"truth": pa.array([text]), "image_uri": ["a.png"]}), "truth")


def masked(label: str, pixels: np.ndarray, score: float = 1.0) -> Thing:
    mask = Mask.of(pixels)
    left, top, right, bottom = mask.bounds or (0, 0, 0, 0)
    return Thing(label, left, top, right - left, bottom - top, score, mask)


def test_masks_are_scored_by_their_pixels_where_boxes_are_all_the_same():
    square, triangle = np.ones((20, 20), bool), np.tri(20, dtype=bool)
    truths = [[masked("car", square)], [masked("car", triangle)], []]
    found = [[masked("car", square, 0.9)], [masked("car", triangle[:, ::-1], 0.8)], []]
    assert average_precision(truths, found, ["car"])["ap50"] == pytest.approx(1)
    # The second mask lies on the other side of the diagonal: it shares a third of the pixels.
    by_masks = average_precision(truths, found, ["car"], by="masks")
    assert by_masks["ap50"] == pytest.approx(51 / 101)
    scores = score_objects(truths, found, ["car"], AnswerScores({}, "given"))
    assert scores["masks"] == by_masks
    assert scores["labels"]["car"]["ap50"] == pytest.approx(1)
    bare = [[Thing("car", 0, 0, 20, 20, 0.9)], found[1], []]
    assert "masks" not in score_objects(truths, bare, ["car"], AnswerScores({}, "given"))
    without = [[Thing("car", 0, 0, 20, 20)], [], []]
    assert "masks" not in score_objects(without, found, ["car"], AnswerScores({}, "given"))


def test_ap_is_told_by_size_too():
    """A car of 10 pixels is small, one of 50 medium; there is no large one."""
    truths = [[car(0), car(100, side=50.0)]]
    found = score(truths, [[car(100, side=50.0)]])
    assert found["sizes"] == {"small": 0.0, "medium": 1.0, "large": None}


def test_a_fine_curve_says_from_which_score_on_a_recall_is_reached():
    """Two cars: the first is found at 0.9, the second at 0.3, behind a mistake at 0.6."""
    found = score([[car(0), car(50)]], [[car(0, 0.9), car(90, 0.6), car(50, 0.3)]])
    curve = found["labels"]["car"]["fine_curve"]
    assert (len(curve["precision"]), len(curve["score"])) == (101, 101)
    assert (curve["precision"][50], curve["score"][50]) == (1.0, pytest.approx(0.9))
    assert curve["precision"][51] == pytest.approx(2 / 3)
    assert curve["score"][51] == pytest.approx(0.3)
    alone = score([[car(0), car(50)]], [[car(0, 0.9)]])["labels"]["car"]["fine_curve"]
    assert (alone["precision"][51], alone["score"][51]) == (0.0, None)
    assert score([[car(0)]], [[car(0)]])["labels"]["person"]["fine_curve"]["precision"][0] is None
