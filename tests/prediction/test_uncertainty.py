from math import log

import pytest

from vidset.prediction.uncertainty import Uncertainty, of_boxes, of_label, sureness


def test_a_label_has_the_margin_of_its_two_most_probable_and_the_entropy_of_all():
    found = of_label([0.5, 0.25, 0.25])
    assert (found.score, found.margin, found.uncertainty) == (0.5, 0.25, 0.75)
    assert found.entropy == pytest.approx(1.5 * log(2) / log(3))
    assert (found.least_score, found.unsure) == (None, None)


@pytest.mark.parametrize(
    ("probabilities", "uncertainty", "entropy"),
    [
        pytest.param([1.0, 0.0], 0.0, 0.0, id="sure"),
        pytest.param([0.5, 0.5], 1.0, 1.0, id="no idea"),
        pytest.param([1.0], 0.0, 0.0, id="one label alone"),
    ],
)
def test_the_ends_of_the_scale(probabilities, uncertainty, entropy):
    found = of_label(probabilities)
    assert (found.uncertainty, found.entropy) == (pytest.approx(uncertainty), entropy)


def test_sureness_is_0_at_the_answer_score_and_1_at_both_ends():
    assert [sureness(score, 0.25) for score in (0, 0.125, 0.25, 0.625, 1)] == [1, 0.5, 0, 0.5, 1]
    assert sureness(0.3, 0.0) == pytest.approx(0.3)
    assert sureness(1.0, 1.0) == 1.0


def test_boxes_have_the_least_sure_of_them_and_the_number_of_those_that_are_unsure():
    found = of_boxes([(0.9, 0.5), (0.6, 0.5), (0.4, 0.5), (0.1, 0.5)])
    # Sureness 0.8, 0.2, 0.2, 0.8: doubt is 0.8 + 0.8.
    assert found.uncertainty == pytest.approx(1.6 / 2.6)
    assert (found.score, found.least_score, found.unsure) == (0.6, 0.4, 2)


def test_an_image_in_which_nothing_was_found_is_sure():
    assert of_boxes([]) == Uncertainty(0.0, unsure=0)


def test_more_unsure_boxes_are_more_doubt():
    one, two = of_boxes([(0.5, 0.5)]), of_boxes([(0.5, 0.5)] * 2)
    assert one.uncertainty == 0.5
    assert two.uncertainty == pytest.approx(2 / 3)
