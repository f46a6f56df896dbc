"""Is one side's score larger than another's, by more than the noise?

- `noise.difference_interval` gives an interval of the difference of mean scores, for a classifier's
  accuracy as for a detector's AP50. Images and seeds are chance there, both.
- For accuracy there are also McNemar's exact test for each pair of seeds, as information, and one
  on majority votes: an image counts once, for the side more of whose runs are right (Dietterich,
  Neural Computation 10, 1998). Runs of one side answer the same images, so their answers are no
  independent trials: adding up their tables would find differences where there are none.
- For accuracy there is a sign-flip permutation test of the images' mean differences, which is
  McNemar's test where there is one run a side.

The difference is called larger than the noise when the interval leaves out 0 and, for accuracy, the
permutation test, which alone knows nothing of seeds, has p < 0.05.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.training.scoring.noise import LEVEL, Scored, Shares, difference_interval, scores_of

FEWEST_SEEDS = 3
_FLIPS = 10_000
_AT_ONCE = 4_000_000  # Numbers in memory.


@dataclass(frozen=True, slots=True)
class McNemar:
    """The numbers of images that exactly one side has right. `p` is two-sided and exact."""

    only_baseline: int
    only_candidate: int
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidate's mean score minus the baseline's.

    Attributes:
        interval: of the difference, 95 %; None with one run a side: seeds cannot be judged.
        seeds: McNemar's test of each pair of runs, in the order of their seeds; empty unless
            images are right or wrong.
        votes: McNemar's test of majority votes; an image on which a side's runs tie counts for
            neither. None unless images are right or wrong.
        p: of the permutation test; None unless images are right or wrong.
        is_larger_than_noise: None: too few seeds to tell.
    """

    baseline: float
    candidate: float
    difference: float
    interval: tuple[float, float] | None
    seeds: tuple[McNemar, ...]
    votes: McNemar | None
    p: float | None
    is_larger_than_noise: bool | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_sides(baseline: Scored, candidate: Scored, seed: int = 0) -> Comparison:
    """Compare two sides of runs. The same sides and seed give the same result.

    Raises:
        DatasetError: the sides are not of the same images, or no image has an object.
    """
    if baseline.images != candidate.images or not baseline.images:
        raise DatasetError(
            f"wanted the same images on both sides, got {baseline.images}, {candidate.images}"
        )
    random = np.random.default_rng(seed)
    one, other = scores_of(baseline), scores_of(candidate)
    if np.isnan(one).any() or np.isnan(other).any():
        raise DatasetError("wanted images with objects: without one there is no AP to compare")
    fewest = min(len(one), len(other))
    interval = difference_interval(baseline, candidate, random) if fewest > 1 else None
    seeds, votes, p = (), None, None
    if isinstance(baseline, Shares) and isinstance(candidate, Shares):
        left, right = (side.right.astype(np.float64) for side in (baseline, candidate))
        seeds = tuple(mcnemar(a >= 0.5, b >= 0.5) for a, b in zip(left, right, strict=False))
        votes = _vote(left, right)
        p = permutation_test(right.mean(axis=0) - left.mean(axis=0), random)
    is_larger = None
    if fewest >= FEWEST_SEEDS and interval is not None:
        is_larger = not interval[0] <= 0 <= interval[1] and (p is None or p < 1 - LEVEL)
    return Comparison(
        baseline=float(one.mean()),
        candidate=float(other.mean()),
        difference=float(other.mean() - one.mean()),
        interval=interval,
        seeds=seeds,
        votes=votes,
        p=p,
        is_larger_than_noise=is_larger,
    )


def mcnemar(baseline: np.ndarray, candidate: np.ndarray) -> McNemar:
    """Test two (images,) bool arrays by McNemar's exact test (Psychometrika 12, 1947)."""
    return _test(int((baseline & ~candidate).sum()), int((~baseline & candidate).sum()))


def permutation_test(differences: np.ndarray, random: np.random.Generator) -> float:
    """Return a two-sided p: is the mean of (images,) differences 0, were their signs a coin's?"""
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    wanted = abs(moved.sum()) * (1 - 1e-9)
    extreme = 0
    for number in _chunks(len(moved)):
        heads = random.integers(0, 2, (number, len(moved)), dtype=np.int8)
        sums = 2 * (heads.astype(np.float64) @ moved) - moved.sum()
        extreme += int((np.abs(sums) >= wanted).sum())
    return (extreme + 1) / (_FLIPS + 1)


def _vote(baseline: np.ndarray, candidate: np.ndarray) -> McNemar:
    one, other = baseline.mean(axis=0), candidate.mean(axis=0)
    return _test(int(((one > 0.5) & (other < 0.5)).sum()), int(((one < 0.5) & (other > 0.5)).sum()))


def _test(only_baseline: int, only_candidate: int) -> McNemar:
    from scipy.stats import binomtest

    both = only_baseline + only_candidate
    p = float(binomtest(only_candidate, both, 0.5).pvalue) if both else 1.0
    return McNemar(only_baseline, only_candidate, p)


def _chunks(size: int) -> Iterator[int]:
    """Yield how many draws of `size` numbers each to make at once, until all are made."""
    at_once = max(1, _AT_ONCE // size)
    for start in range(0, _FLIPS, at_once):
        yield min(at_once, _FLIPS - start)
