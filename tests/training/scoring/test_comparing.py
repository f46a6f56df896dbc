import numpy as np
import pytest
from scipy.stats import binomtest, norm

from vidset.datasets.errors import DatasetError
from vidset.training.scoring.average_precision import Precisions, rank
from vidset.training.scoring.comparing import compare_sides, mcnemar, permutation_test
from vidset.training.scoring.matching import Thing
from vidset.training.scoring.noise import Shares


def runs(seeds, images, share, *, seed, spread=0.0):
    """(seeds, images) bool: each image right with about this chance, each seed a little off."""
    random = np.random.default_rng(seed)
    off = random.normal(0, spread, (seeds, 1)) if spread else np.zeros((seeds, 1))
    return random.random((seeds, images)) < share + off


def test_a_large_gain_is_larger_than_the_noise():
    found = compare_sides(Shares(runs(3, 600, 0.65, seed=1)), Shares(runs(3, 600, 0.9, seed=2)))
    assert found.is_larger_than_noise is True
    assert found.difference == pytest.approx(0.25, abs=0.03)
    assert found.interval is not None
    assert 0.15 < found.interval[0] < found.difference < found.interval[1] < 0.35
    assert found.p is not None
    assert found.p < 0.001


def test_the_same_model_twice_is_no_difference():
    found = compare_sides(Shares(runs(3, 600, 0.7, seed=1)), Shares(runs(3, 600, 0.7, seed=2)))
    assert found.is_larger_than_noise is False
    assert found.interval is not None
    assert found.interval[0] < 0 < found.interval[1]


def test_seeds_that_are_far_apart_are_noise():
    """Three runs of 0.60, 0.70 and 0.80 say little, however many images they were asked about."""
    images = 5000
    one = np.array([np.arange(images) < share * images for share in (0.60, 0.70, 0.80)])
    other = np.array([np.arange(images) < share * images for share in (0.65, 0.75, 0.85)])
    found = compare_sides(Shares(one), Shares(other))
    assert found.p is not None
    assert found.p < 0.001  # The images alone would call it certain.
    assert found.interval is not None
    assert found.interval[0] < 0
    assert found.is_larger_than_noise is False


def test_runs_of_one_side_are_not_counted_as_more_images():
    """Three times the same run on each side is as sure as once, and no surer."""
    one = np.array([[True] * 20 + [False] * 32 + [True] * 348])
    other = np.array([[False] * 20 + [True] * 32 + [True] * 348])
    found = compare_sides(Shares(np.repeat(one, 3, axis=0)), Shares(np.repeat(other, 3, axis=0)))
    alone = mcnemar(one[0], other[0])
    assert found.votes == alone
    assert found.seeds == (alone, alone, alone)
    assert binomtest(3 * 32, 3 * (20 + 32)).pvalue < 0.01  # As if they were.
    assert alone.p > 0.1
    assert found.p == pytest.approx(alone.p, abs=0.02)
    assert found.is_larger_than_noise is False


def test_mcnemars_test_is_exact():
    one = np.array([True] * 5 + [False] * 15 + [True] * 30)
    other = np.array([False] * 5 + [True] * 15 + [True] * 30)
    found = mcnemar(one, other)
    assert (found.only_baseline, found.only_candidate) == (5, 15)
    assert found.p == pytest.approx(2 * sum([1, 20, 190, 1140, 4845, 15504]) / 2**20)
    assert mcnemar(one, one).p == 1.0


def test_the_permutation_test_of_single_runs_is_mcnemars():
    one, other = runs(1, 300, 0.6, seed=3)[0], runs(1, 300, 0.68, seed=4)[0]
    p = permutation_test(other.astype(float) - one, np.random.default_rng(0))
    assert p == pytest.approx(mcnemar(one, other).p, abs=0.02)


def test_an_interval_without_seed_noise_is_that_of_paired_images():
    """What two runs differ by on each image, as the textbook has it."""
    one, other = runs(1, 2000, 0.7, seed=7), runs(1, 2000, 0.75, seed=8)
    found = compare_sides(Shares(np.repeat(one, 3, axis=0)), Shares(np.repeat(other, 3, axis=0)))
    differences = other[0].astype(float) - one[0]
    half = norm.ppf(0.975) * differences.std(ddof=1) / np.sqrt(2000)
    wanted = (differences.mean() - half, differences.mean() + half)
    assert found.interval == pytest.approx(wanted, abs=0.002)


def test_votes_that_tie_count_for_neither_side():
    one = np.array([[True, True, False], [False, True, False]])
    other = np.array([[True, False, True], [True, False, True]])
    votes = compare_sides(Shares(one), Shares(other)).votes
    assert votes is not None
    assert (votes.only_baseline, votes.only_candidate) == (1, 1)


@pytest.mark.parametrize("seeds", [1, 2])
def test_few_seeds_give_no_conclusion(seeds):
    found = compare_sides(
        Shares(runs(seeds, 600, 0.5, seed=1)), Shares(runs(seeds, 600, 0.9, seed=2))
    )
    assert found.is_larger_than_noise is None
    assert (found.interval is None) == (seeds == 1)


def test_the_same_runs_give_the_same_result():
    one, other = runs(3, 200, 0.6, seed=1), runs(3, 200, 0.65, seed=2)
    assert compare_sides(Shares(one), Shares(other)) == compare_sides(Shares(one), Shares(other))


def test_sides_of_other_images_are_refused():
    with pytest.raises(DatasetError, match="got 5, 6"):
        compare_sides(Shares(np.ones((3, 5))), Shares(np.ones((3, 6))))


def detections(seeds, share, *, seed, images=60):
    """Runs of a detector that finds this share of one car an image, each at a score of its own."""
    random = np.random.default_rng(seed)
    truths = [[Thing("car", 10.0, 10.0, 20.0, 20.0)] for _ in range(images)]
    found = []
    for _ in range(seeds):
        each = [
            [Thing("car", 10.0, 10.0 + 200 * (random.random() > share), 20.0, 20.0, score)]
            for score in random.random(images)
        ]
        found.append([rank(truths, each, ["car"])])
    return Precisions(found, images)


def test_detectors_are_compared_by_average_precision():
    """A good and a poor detector may both have no image with all objects right."""
    found = compare_sides(detections(3, 0.2, seed=1), detections(3, 0.8, seed=2))
    assert found.is_larger_than_noise is True
    assert found.interval is not None
    assert found.baseline < 0.2
    assert found.candidate > 0.6
    assert 0.3 < found.interval[0] < found.difference < found.interval[1] < 1
    assert (found.p, found.votes, found.seeds) == (None, None, ())


def test_detectors_that_are_alike_are_no_difference():
    found = compare_sides(detections(3, 0.6, seed=3), detections(3, 0.6, seed=4))
    assert found.is_larger_than_noise is False


def test_detectors_on_images_without_objects_cannot_be_compared():
    empty = Precisions([[rank([[]], [[]], ["car"])]], 1)
    with pytest.raises(DatasetError, match="wanted images with objects"):
        compare_sides(empty, empty)
