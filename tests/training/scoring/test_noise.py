import numpy as np
import pytest

from benchmarks.comparing import MODELS, coverage
from vidset.training.scoring.noise import Shares, difference_interval, mean_interval


def test_a_lone_run_varies_with_its_seed_as_those_of_the_other_side_do():
    """One new run against three: how far those three are apart widens its interval."""
    images = np.arange(2000)
    steady = Shares(np.array([images < 1400] * 3))
    apart = Shares(np.array([images < 1200, images < 1400, images < 1600]))
    lone = Shares(np.array([images < 1400]))
    random = np.random.default_rng(0)
    low, high = difference_interval(steady, lone, random)
    assert (low, high) == pytest.approx((0, 0), abs=1e-12)
    low, high = difference_interval(apart, lone, random)
    assert low < -0.2 < 0.2 < high


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 8])
@pytest.mark.parametrize("model", MODELS)
def test_the_interval_holds_the_true_difference_as_often_as_it_says(seeds, model):
    """In 300 simulated comparisons 0.95 has a standard error of 0.013."""
    assert coverage(seeds, 49, model, comparisons=300) >= 0.95 - 3 * 0.013


def test_the_interval_of_one_run_is_that_of_its_images():
    right = np.array([[True] * 60 + [False] * 40])
    low, high = mean_interval(Shares(right), np.random.default_rng(0))
    # A share of 0.6 of 100 images has a standard error of 0.049; Student's t of 99 degrees is 1.98.
    assert (low, high) == (pytest.approx(0.503, abs=0.01), pytest.approx(0.697, abs=0.01))


def test_seeds_that_disagree_widen_the_interval_of_a_mean():
    random = np.random.default_rng(1)
    alike = np.tile(random.random(200) < 0.7, (3, 1))
    apart = np.stack([random.random(200) < share for share in (0.5, 0.7, 0.9)])
    widths = [
        high - low for low, high in (mean_interval(Shares(each), random) for each in (alike, apart))
    ]
    assert widths[1] > 2 * widths[0]
