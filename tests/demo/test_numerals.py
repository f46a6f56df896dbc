import numpy as np
import pytest

from vidset.demo.numerals import NUMERALS, draw_numeral


def test_numerals_are_i_to_x():
    assert NUMERALS == ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")


@pytest.mark.parametrize("label", NUMERALS)
def test_draw_numeral_draws_dark_strokes_on_light_paper(label):
    random = np.random.default_rng(0)
    for _ in range(20):
        picture = draw_numeral(label, random)
        assert picture.dtype == np.uint8
        assert picture.shape[2] == 3
        assert all(48 <= side < 110 for side in picture.shape[:2])
        ink = (picture[:, :, 0] < 150).mean()
        assert 0.005 < ink < 0.4
        assert np.median(picture) > 190


def test_draw_numeral_draws_the_same_from_the_same_state():
    one, other = (draw_numeral("viii", np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    assert draw_numeral("viii", np.random.default_rng(6)).shape != one.shape
