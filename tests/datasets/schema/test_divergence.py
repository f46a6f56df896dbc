import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from vidset.datasets.schema.divergence import jensen_shannon, l_infinity

COUNTS = st.lists(st.integers(0, 1000), min_size=4, max_size=4)


@pytest.mark.parametrize(
    ("a", "b", "distance", "label"),
    [
        pytest.param({"i": 1, "v": 1}, {"i": 7, "v": 7}, 0, "i", id="equal shares"),
        pytest.param({"i": 3, "v": 1}, {"i": 1, "v": 1}, 0.25, "i", id="two labels"),
        pytest.param({"i": 1}, {"v": 1}, 1, "i", id="nothing in common"),
        pytest.param({"i": 2, "v": 2}, {"i": 2, "v": 1, "x": 1}, 0.25, "v", id="a new label"),
        pytest.param({"i": 1}, {"i": 1, "x": 3}, 0.75, "i", id="mostly a new label"),
    ],
)
def test_l_infinity_is_the_largest_difference_of_shares(a, b, distance, label):
    assert l_infinity(a, b) == (distance, label)


def test_jensen_shannon_of_equal_shares_is_nothing():
    assert jensen_shannon([1, 2, 3], [10, 20, 30]) == pytest.approx(0, abs=1e-15)


def test_jensen_shannon_of_nothing_in_common_is_one():
    assert jensen_shannon([5, 0], [0, 9]) == 1


def test_jensen_shannon_of_a_sure_and_an_even_coin():
    # M = (3/4, 1/4): (log2(4/3) + (log2(2/3) + log2(2)) / 2) / 2
    wanted = (math.log2(4 / 3) + (math.log2(2 / 3) + 1) / 2) / 2
    assert jensen_shannon([9, 0], [4, 4]) == pytest.approx(wanted)


@given(COUNTS, COUNTS)
def test_jensen_shannon_is_the_square_of_scipys_distance(a, b):
    assume(sum(a) and sum(b))
    assert jensen_shannon(a, b) == pytest.approx(jensenshannon(a, b, base=2) ** 2, abs=1e-9)
    assert jensen_shannon(a, b) == pytest.approx(jensen_shannon(b, a), abs=1e-12)


@pytest.mark.parametrize(
    ("a", "b"), [([0, 0], [1, 1]), ([1, 1], [0, 0]), ([1, 1], [1, 1, 1])], ids=str
)
def test_histograms_that_cannot_be_compared_are_refused(a, b):
    with pytest.raises(ValueError, match="wanted counts in the same bins"):
        jensen_shannon(a, b)


def test_labels_that_were_not_counted_are_refused():
    with pytest.raises(ValueError, match="wanted counts in both, got 0 and 1"):
        l_infinity({}, {"i": 1})


def test_chance_alone_stays_below_the_default_thresholds():
    """What Thresholds says of two draws of 300 images."""
    random = np.random.default_rng(0)
    labels, levels = [], []
    for _ in range(200):
        a, b = (random.integers(0, 10, 300) for _ in range(2))
        counts = [dict(zip(*np.unique(each, return_counts=True), strict=True)) for each in (a, b)]
        labels.append(l_infinity(*({str(k): int(v) for k, v in c.items()} for c in counts))[0])
        drawn = (np.histogram(random.normal(128, 20, 300), range(0, 257, 4))[0] for _ in range(2))
        levels.append(jensen_shannon(*(each.tolist() for each in drawn)))
    assert np.quantile(labels, 0.99) < 0.1
    assert np.quantile(levels, 0.99) < 0.1
