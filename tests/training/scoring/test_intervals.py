import pytest
from scipy.stats import binomtest

from vidset.training.scoring.intervals import wilson


@pytest.mark.parametrize(
    ("right", "images"), [(0, 1), (1, 1), (3, 10), (28, 52), (437, 656), (656, 656), (0, 9)]
)
def test_the_interval_of_a_share_is_wilsons(right, images):
    wanted = binomtest(right, images).proportion_ci(0.95, method="wilson")
    assert wilson(right, images) == pytest.approx((wanted.low, wanted.high), abs=1e-12)


def test_a_share_of_no_images_has_no_interval():
    with pytest.raises(ValueError, match="got 0 of 0"):
        wilson(0, 0)
