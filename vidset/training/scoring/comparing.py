"""Is one side's accuracy larger than another's, by more than the noise?

Two things are chance: which images the split happened to get, and each run's seed. Runs of one
side answer the same images, so their answers are no independent trials: adding up their McNemar
tables would find differences where there are none. Hence

- an interval of the difference of mean accuracies by a bootstrap over both, images and seeds
  (Owen, The Pigeonhole Bootstrap, Annals of Applied Statistics 1, 2007): images are drawn for both
  sides alike, seeds for each side. Of S seeds S - 1 are drawn, which makes the variance
  right (Rao and Wu, JASA 83, 1988); of how far runs are apart only what chance on single images
  does not explain counts, or it would count twice (`seed_effects`); and the percentiles are widened
  as few seeds demand, by Student's t (Hesterberg, The American Statistician 69, 2015; degrees of
  freedom by Satterthwaite);
- McNemar's exact test for each pair of seeds, as information, and one on majority votes: an image
  counts once, for the side more of whose runs are right (Dietterich, Neural Computation 10, 1998);
- a sign-flip permutation test of the images' mean differences, which is McNemar's test where
  there is one run a side.

The difference is called larger than the noise when the interval leaves out 0 and the permutation
test, which alone knows nothing of seeds, has p < 0.05. Why seeds count: Bouthillier et al.,
Accounting for Variance in Machine Learning Benchmarks, MLSys 2021.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from vidset.datasets.errors import DatasetError

FEWEST_SEEDS = 3
DRAWS = 10_000
LEVEL = 0.95
_AT_ONCE = 4_000_000  # Numbers in memory.


@dataclass(frozen=True, slots=True)
class McNemar:
    """Of images that exactly one side has right: p is two-sided and exact."""

    only_baseline: int
    only_candidate: int
    p: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """The candidate's mean accuracy minus the baseline's.

    Attributes:
        interval: of the difference, 95 %; None with one run a side: seeds cannot be judged.
        seeds: McNemar's test of each pair of runs, in the order of their seeds.
        votes: McNemar's test of majority votes; an image on which a side's runs tie counts for
            neither.
        p: of the permutation test.
        is_larger_than_noise: None: too few seeds to tell.
    """

    baseline: float
    candidate: float
    difference: float
    interval: tuple[float, float] | None
    seeds: tuple[McNemar, ...]
    votes: McNemar
    p: float
    is_larger_than_noise: bool | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def compare_sides(baseline: np.ndarray, candidate: np.ndarray, seed: int = 0) -> Comparison:
    """Of (runs, images) arrays: whether, or in what share of epochs, a run has an image right.

    The same arrays and seed give the same result.

    Raises:
        DatasetError: the sides are not of the same images.
    """
    if baseline.shape[1] != candidate.shape[1] or not baseline.shape[1]:
        raise DatasetError(
            f"wanted the same images on both sides, got {baseline.shape[1]}, {candidate.shape[1]}"
        )
    random = np.random.default_rng(seed)
    one, other = baseline.astype(np.float64), candidate.astype(np.float64)
    difference = float(other.mean() - one.mean())
    interval = _interval(one, other, random) if min(len(one), len(other)) > 1 else None
    p = permutation_test(other.mean(axis=0) - one.mean(axis=0), random)
    enough = min(len(one), len(other)) >= FEWEST_SEEDS and interval is not None
    return Comparison(
        baseline=float(one.mean()),
        candidate=float(other.mean()),
        difference=difference,
        interval=interval,
        seeds=tuple(mcnemar(a >= 0.5, b >= 0.5) for a, b in zip(one, other, strict=False)),
        votes=_vote(one, other),
        p=p,
        is_larger_than_noise=_excludes_zero(interval) and p < 1 - LEVEL if enough else None,
    )


def mcnemar(baseline: np.ndarray, candidate: np.ndarray) -> McNemar:
    """McNemar's exact test (Psychometrika 12, 1947) of two (images,) bool arrays."""
    return _test(int((baseline & ~candidate).sum()), int((~baseline & candidate).sum()))


def permutation_test(differences: np.ndarray, random: np.random.Generator) -> float:
    """Two-sided p that the mean of (images,) differences is 0, were their signs a coin's."""
    moved = differences[differences != 0]
    if not len(moved):
        return 1.0
    wanted = abs(moved.sum()) * (1 - 1e-9)
    extreme = 0
    for number in _chunks(len(moved)):
        heads = random.integers(0, 2, (number, len(moved)), dtype=np.int8)
        sums = 2 * (heads.astype(np.float64) @ moved) - moved.sum()
        extreme += int((np.abs(sums) >= wanted).sum())
    return (extreme + 1) / (DRAWS + 1)


def _vote(baseline: np.ndarray, candidate: np.ndarray) -> McNemar:
    one, other = baseline.mean(axis=0), candidate.mean(axis=0)
    return _test(int(((one > 0.5) & (other < 0.5)).sum()), int(((one < 0.5) & (other > 0.5)).sum()))


def _test(only_baseline: int, only_candidate: int) -> McNemar:
    from scipy.stats import binomtest

    both = only_baseline + only_candidate
    p = float(binomtest(only_candidate, both, 0.5).pvalue) if both else 1.0
    return McNemar(only_baseline, only_candidate, p)


def _interval(
    baseline: np.ndarray, candidate: np.ndarray, random: np.random.Generator
) -> tuple[float, float]:
    from scipy.stats import norm, t

    images = baseline.shape[1]
    of_image = candidate.mean(axis=0) - baseline.mean(axis=0)
    draws = np.concatenate(
        [
            of_image[random.integers(0, images, (number, images))].mean(axis=1)
            for number in _chunks(images)
        ]
    )
    parts = [(float(of_image.var(ddof=1)) / images if images > 1 else 0.0, images - 1)]
    for side, sign in (baseline, -1), (candidate, 1):
        effects = seed_effects(side)
        runs = len(effects)
        drawn = random.integers(0, runs, (DRAWS, runs - 1))
        draws += sign * effects[drawn].mean(axis=1)
        parts.append((float(effects.var(ddof=1)) / runs, runs - 1))
    freedom = _degrees_of_freedom(parts)
    tail = float(norm.cdf(t.ppf((1 - LEVEL) / 2, freedom)))
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def _chunks(size: int) -> Iterator[int]:
    """How many draws of so many numbers each to make at once, until all are made."""
    at_once = max(1, _AT_ONCE // size)
    for start in range(0, DRAWS, at_once):
        yield min(at_once, DRAWS - start)


def seed_effects(side: np.ndarray) -> np.ndarray:
    """(runs,) how far each run is off its side's mean, less what chance on single images explains.

    Runs that differ no more than such chance would make them have effects of 0: that chance is in
    the images' part of the interval already. By the mean squares of a two-way layout.
    """
    of_run, images = side.mean(axis=1), side.shape[1]
    effects = of_run - of_run.mean()
    found = effects.var(ddof=1)
    rest = side - of_run[:, None] - side.mean(axis=0) + side.mean()
    by_chance = (rest**2).sum() / ((len(side) - 1) * max(images - 1, 1)) / images
    return effects * np.sqrt(max(0.0, 1 - by_chance / found)) if found > 0 else effects


def _degrees_of_freedom(parts: list[tuple[float, int]]) -> float:
    """Satterthwaite's, of a sum of (variance, its degrees of freedom)."""
    bottom = sum(part**2 / freedom for part, freedom in parts if part)
    return sum(part for part, _ in parts) ** 2 / bottom if bottom else float(parts[0][1] or 1)


def _excludes_zero(interval: tuple[float, float] | None) -> bool:
    return interval is not None and (interval[0] > 0 or interval[1] < 0)
