import numpy as np
import pytest

from benchmarks.comparing import MODELS, coverage
from vidset.training.scoring.noise import Shares, difference_interval


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
