"""An interval for the difference of two sides that holds with few seeds and few images.

Two things are chance: which images the split happened to get, and each run's seed. The images
are drawn again by a bootstrap, for both sides alike. The seeds are too few to be drawn again: of
three seeds only a handful of samples exist, and intervals from them come out too narrow. So the
seeds' part is taken from how far the runs of a side are apart, and widened by Student's t as so few
seeds demand, with Welch's degrees of freedom (Biometrika 34, 1947). Runs are also apart by chance
on single images, which the bootstrap has counted already, so that much is subtracted, in the manner
of Howe's confidence limits for sums of variances (JASA 69, 1974).

`python -m benchmarks --only comparing` simulates how often the interval holds the truth. Why seeds
count at all: Bouthillier et al., Accounting for Variance in Machine Learning Benchmarks, 2021.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

DRAWS = 2_000
LEVEL = 0.95
_AT_ONCE = 4_000_000  # Numbers in memory.


class Scored(Protocol):
    """The runs of one side. Their scores can be asked for on any draw of the images."""

    @property
    def images(self) -> int:
        """The number of images."""
        ...

    def scores(self, counts: np.ndarray) -> np.ndarray:
        """Return (draws, runs) scores; NaN where a draw defines none.

        Args:
            counts: (draws, images): how often each image is in a draw.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """Runs that are right or wrong on each image: the score is their accuracy.

    Attributes:
        right: (runs, images): whether, or in what share of epochs, a run has an image right.
    """

    right: np.ndarray

    @property
    def images(self) -> int:
        return self.right.shape[1]

    def scores(self, counts: np.ndarray) -> np.ndarray:
        return counts @ self.right.T.astype(np.float64) / counts.sum(axis=1, keepdims=True)


def scores_of(side: Scored) -> np.ndarray:
    """Return each run's score on the images as they are."""
    return side.scores(np.ones((1, side.images)))[0]


def difference_interval(
    baseline: Scored, candidate: Scored, random: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the 95 % interval of the candidate's mean score minus the baseline's.

    A side of one run is taken to vary with its seed as much as the other side does. With one run on
    both sides the interval knows nothing of seeds.
    """
    from scipy.stats import t

    one, other = scores_of(baseline), scores_of(candidate)
    sides = _draw(baseline, candidate, random, draws)
    drawn = sides[1].mean(axis=1) - sides[0].mean(axis=1)
    by_images = float(np.nanvar(drawn, ddof=1))
    wide = float(t.ppf((1 + LEVEL) / 2, max(baseline.images - 1, 1))) ** 2
    between, chance, freedom = _of_seeds([one, other], sides)
    wider = float(t.ppf((1 + LEVEL) / 2, freedom)) ** 2 if freedom else 0.0
    half = np.sqrt(wide * by_images + max(0.0, wider * between - wide * chance))
    middle = float(other.mean() - one.mean())
    return middle - float(half), middle + float(half)


def mean_interval(
    side: Scored, random: np.random.Generator, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the 95 % interval of one side's mean score, made as `difference_interval` is.

    It stays within 0 and 1, as scores do. With one run it knows nothing of seeds. NaN where the
    score is not defined.
    """
    from scipy.stats import t

    scores = scores_of(side)
    drawn = np.concatenate([side.scores(each) for each in draw_counts(side.images, random, draws)])
    wide = float(t.ppf((1 + LEVEL) / 2, max(side.images - 1, 1))) ** 2
    spread, runs = wide * float(np.nanvar(drawn.mean(axis=1), ddof=1)), len(scores)
    if runs > 1:
        apart = drawn - drawn.mean(axis=1, keepdims=True)
        chance = float(np.nanvar(apart, axis=0, ddof=1).sum()) / (runs - 1)
        wider = float(t.ppf((1 + LEVEL) / 2, runs - 1)) ** 2
        spread += max(0.0, wider * float(scores.var(ddof=1)) - wide * chance) / runs
    half, middle = float(np.sqrt(spread)), float(scores.mean())
    low, high = np.clip([middle - half, middle + half], 0.0, 1.0)
    return float(low), float(high)


def draw_counts(images: int, random: np.random.Generator, draws: int) -> Iterator[np.ndarray]:
    """Yield (draws, images) counts of images drawn with replacement, until all draws are made."""
    at_once = max(1, _AT_ONCE // images)
    for start in range(0, draws, at_once):
        number = min(at_once, draws - start)
        places = random.integers(0, images, (number, images))
        places += images * np.arange(number)[:, None]
        counts = np.bincount(places.ravel(), minlength=number * images)
        yield counts.reshape(number, images).astype(np.float64)


def _draw(
    baseline: Scored, candidate: Scored, random: np.random.Generator, draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return (draws, runs) scores of both sides on the same draws."""
    one, other = [], []
    for counts in draw_counts(baseline.images, random, draws):
        one.append(baseline.scores(counts))
        other.append(candidate.scores(counts))
    return np.concatenate(one), np.concatenate(other)


def _of_seeds(
    scores: list[np.ndarray], drawn: tuple[np.ndarray, np.ndarray]
) -> tuple[float, float, float]:
    """Return the variance of the difference by seeds, how much of it single images explain, and
    its degrees of freedom; zeros where both sides have one run.
    """
    runs = [len(side) for side in scores]
    known = [place for place in (0, 1) if runs[place] > 1]
    if not known:
        return 0.0, 0.0, 0.0
    of_side = {}
    for place in known:
        side = drawn[place]
        apart = side - side.mean(axis=1, keepdims=True)
        chance = float(np.nanvar(apart, axis=0, ddof=1).sum()) / (runs[place] - 1)
        of_side[place] = float(scores[place].var(ddof=1)), chance
    both = [of_side.get(place, of_side[known[0]]) for place in (0, 1)]
    parts = [variance / number for (variance, _), number in zip(both, runs, strict=True)]
    chance = sum(part / number for (_, part), number in zip(both, runs, strict=True))
    freedom = float(runs[known[0]] - 1)
    if len(known) == 2 and sum(parts):
        bottom = sum(part**2 / (number - 1) for part, number in zip(parts, runs, strict=True))
        freedom = sum(parts) ** 2 / bottom
    return sum(parts), chance, freedom
