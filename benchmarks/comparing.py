"""Measures how often the interval of `vidset compare` holds the truth: simulated runs."""

from pathlib import Path

import numpy as np

from vidset.training.scoring.noise import Shares, difference_interval

MODELS = ("alike", "apart", "one apart", "rarely far apart")
_SEEDS = (3, 4, 5, 8)
_IMAGES = (49, 656)
_SPREAD = 0.05
_COMPARISONS = 1_000
_DRAWS = 300  # Fewer than the command takes, which changes the interval by a few percent.
# By how much accuracy moves with a logit, about, at the accuracies below.
_SLOPE = 0.12


def run(_: list[Path]) -> None:
    print("how often the 95 % interval of two alike sides holds the difference of 0")
    print(f"{'runs':>5} {'images':>6} " + " ".join(f"{model:>17}" for model in MODELS))
    for seeds in _SEEDS:
        for images in _IMAGES:
            found = [coverage(seeds, images, model, _COMPARISONS) for model in MODELS]
            print(f"{seeds:5} {images:6} " + " ".join(f"{share:17.3f}" for share in found))


def coverage(seeds: int, images: int, model: str, comparisons: int) -> float:
    """Return the share of simulated comparisons whose interval holds the true difference, 0.

    Images differ in difficulty, for both sides alike and for each side, and runs of a side differ
    by their seeds: not at all ("alike"), by 5 points ("apart"), only on one side, or by 5 points
    with heavy tails.
    """
    random = np.random.default_rng([seeds, images, MODELS.index(model)])
    held = 0
    for _ in range(comparisons):
        difficulty = random.normal(1.6, 1.5, images)
        sides = [
            _runs(seeds, difficulty, _off(seeds, model, side, random), random) for side in (0, 1)
        ]
        low, high = difference_interval(sides[0], sides[1], random, draws=_DRAWS)
        held += low <= 0 <= high
    return held / comparisons


def _off(seeds: int, model: str, side: int, random: np.random.Generator) -> np.ndarray:
    """Return (seeds, 1) logits by which the runs of a side are off."""
    spread = _SPREAD / _SLOPE
    if model == "alike" or (model == "one apart" and side):
        return np.zeros((seeds, 1))
    if model == "rarely far apart":
        return spread * random.standard_t(3, (seeds, 1)) / np.sqrt(3)
    return random.normal(0, spread, (seeds, 1))


def _runs(
    seeds: int, difficulty: np.ndarray, off: np.ndarray, random: np.random.Generator
) -> Shares:
    own = difficulty + random.normal(0, 0.7, len(difficulty))
    return Shares(random.random((seeds, len(own))) < 1 / (1 + np.exp(-(own + off))))
