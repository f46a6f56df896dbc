"""Labels that selection saves: those that a score takes, chosen by each strategy and by chance.

The sets are real roman numerals, drawn numerals that are filmed for a while, and drawn shapes
(boxes). A round chooses images up to the next budget, trains a model on all that is chosen, and
scores it on images that nobody chooses from. The model is the fixed one, and where images have one
label, first a classifier that learns in no time, with more seeds. `python -m benchmarks --only
selection`; VIDSET_SELECTION_SETS, VIDSET_SELECTION_STRATEGIES and VIDSET_SELECTION_MODELS (ridge,
fixed) name some of them.
"""

import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from benchmarks.selection_fixed import Fixed, image_of
from benchmarks.selection_ridge import Kernel, Ridge
from benchmarks.selection_sets import ROMAN, Set, films, roman, shapes
from vidset.place_images import KeptImage
from vidset.selection.choosing import choose
from vidset.selection.cover import Cover, exactly
from vidset.selection.pool import Pool, Predicted
from vidset.selection.strategies.registry import quotas_of

_SEEDS, _RIDGE_SEEDS = (1, 2, 3), tuple(range(1, 9))
_STRATEGIES = ("random", "time", "diverse", "uncertain", "rare", "mixed")
# The ridge learns the same of the same images: each seed leaves out other images to choose from.
_LEFT_OUT = 0.15
# Student's t by the number of seeds, two-sided 95 %.
_T = {3: 4.303, 8: 2.365}


def run(_: list[Path]) -> None:
    from vidset.training.running.threads import set_threads

    set_threads(1)
    cv2.setNumThreads(1)
    _run_scale()
    wanted = _named("SETS", ("roman", "films", "shapes"))
    models, strategies = _named("MODELS", ("ridge", "fixed")), _named("STRATEGIES", _STRATEGIES)
    with tempfile.TemporaryDirectory() as scratch:
        makers = {"roman": roman, "films": films, "shapes": lambda: shapes(Path(scratch))}
        for name in wanted:
            if name == "roman" and not ROMAN.is_file():
                print(f"\n{ROMAN} is not there: the roman numerals are left out")
            else:
                _run_set(makers[name](), models, strategies)


def _run_set(data: Set, models: Sequence[str], strategies: Sequence[str]) -> None:
    if "ridge" in models and data.held_out[0].label is not None:
        kernel = Kernel(data)
        curve = partial(_curve, data, lambda _: Ridge(kernel), _LEFT_OUT)
        _print_curves(data, "kernel ridge regression", strategies, _RIDGE_SEEDS, curve)
    if "fixed" in models:
        curve = partial(_curve, data, partial(Fixed, data), 0.0)
        _print_curves(data, f"`{data.model}`, {data.steps} steps", strategies, _SEEDS, curve)


def _named(what: str, all_: Sequence[str]) -> list[str]:
    return os.environ.get(f"VIDSET_SELECTION_{what}", ",".join(all_)).split(",")


def _print_curves(
    data: Set,
    model: str,
    strategies: Sequence[str],
    seeds: Sequence[int],
    curve: Callable[[str, int], list[float]],
) -> None:
    print(
        f"\n{data.name}: {len(data.entries):,} images to choose from, {len(data.held_out):,} to "
        f"score on, {model}; mean of {len(seeds)} seeds and 95 % interval\n"
    )
    print("| strategy | " + " | ".join(f"{each} labels" for each in data.budgets) + " |")
    print("|---|" + "---|" * len(data.budgets), flush=True)
    curves: dict[str, list[float]] = {}
    for strategy in strategies:
        found = []
        for seed in seeds:
            found.append(curve(strategy, seed))
            # A whole run takes hours: one that is broken off has said something, too.
            said = ", ".join(f"{score:.3f}" for score in found[-1])
            print(f"{strategy}, seed {seed}: {said}", file=sys.stderr, flush=True)
        scores = np.array(found)
        means, widths = (
            scores.mean(axis=0),
            _T[len(seeds)] * scores.std(axis=0, ddof=1) / math.sqrt(len(seeds)),
        )
        curves[strategy] = means.tolist()
        cells = (f"{mean:.3f} ± {width:.3f}" for mean, width in zip(means, widths, strict=True))
        print(f"| {strategy} | " + " | ".join(cells) + " |", flush=True)
    if "random" not in curves:
        return
    goal, most = curves["random"][-1], data.budgets[-1]
    print(f"\n| to reach {goal:.3f}, as random with {most} | labels | of random's |\n|---|---|---|")
    for strategy, scores in curves.items():
        if (needed := _needed(data.budgets, scores, goal)) is None:
            print(f"| {strategy} | more than {most} | more than 1 |")
        else:
            print(f"| {strategy} | {needed:.0f} | {needed / most:.2f} |", flush=True)


def _needed(budgets: Sequence[int], curve: Sequence[float], goal: float) -> float | None:
    """Return the labels at which the line through a curve's points reaches a score."""
    if curve[0] >= goal:
        return float(budgets[0])
    for at in range(1, len(curve)):
        if curve[at] >= goal:
            share = (goal - curve[at - 1]) / (curve[at] - curve[at - 1])
            return budgets[at - 1] + share * (budgets[at] - budgets[at - 1])
    return None


def _curve(
    data: Set, made: Callable[[int], Ridge | Fixed], left_out: float, strategy: str, seed: int
) -> list[float]:
    model = made(seed)
    quotas = quotas_of(strategy)
    is_there = np.random.default_rng(seed).random(len(data.entries)) >= left_out
    everything = np.flatnonzero(is_there).tolist()
    chosen: list[int] = []
    scores: list[float] = []
    for budget in data.budgets:
        gone = set(chosen)
        rest = [at for at in everything if at not in gone]
        # Nobody asks a model by chance.
        is_asked = bool(scores) and strategy not in ("random", "time", "diverse")
        pool = _pool(data, chosen, rest, model.predict(rest) if is_asked else {}, seed)
        # Nobody has a model before the first round: chance stands in for those that need one.
        usable = {"random": 1.0} if not scores and strategy in ("uncertain", "rare") else quotas
        cover = Cover(pool, data.near, exactly(pool.taken_vectors))
        if strategy == "random":  # As one labels who has no selection at all.
            cover = Cover(pool, None, exactly(pool.taken_vectors))
        picks = choose(pool, usable, budget - len(chosen), cover).picks
        chosen += [rest[pick.place] for _, pick in picks]
        scores.append(model.learn(chosen))
    return scores


def _pool(
    data: Set,
    chosen: Sequence[int],
    rest: Sequence[int],
    predicted: Mapping[int, Predicted],
    seed: int,
) -> Pool:
    counts: dict[str, int] = {}
    for at in chosen:
        for label in data.entries[at].labels:
            counts[label] = counts.get(label, 0) + 1
    return Pool(
        images=[image_of(data, at) for at in rest],
        is_evaluated=np.zeros(len(rest), np.bool_),
        vectors=data.vectors[list(rest)],
        taken_vectors=data.vectors[list(chosen)],
        predicted=predicted,
        label_counts=counts,
        seed=seed,
    )


def _run_scale() -> None:
    """Choose 1,000 of 200,000 embedded images, 10,000 of them labeled, by every strategy."""
    number, labeled, wanted = 200_000, 10_000, 1_000
    random = np.random.default_rng(1)
    vectors = random.standard_normal((number, 256), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors.astype(np.float16)
    images = [
        KeptImage(
            f"{at:032x}", f"/i/{at}.jpg", 1280, 720, f"{at:064x}", None, f"/v/{at // 600}.mp4",
            f"c{at % 20}", float(at % 600), None,
        )
        for at in range(number)
    ]  # fmt: skip
    doubts = random.random(number)
    began, cpu = time.perf_counter(), time.process_time()
    pool = Pool(
        images=images[labeled:],
        is_evaluated=np.zeros(number - labeled, np.bool_),
        vectors=vectors[labeled:],
        taken=images[:labeled],
        taken_vectors=vectors[:labeled],
        predicted={
            at: Predicted(float(doubts[at]), {f"l{at % 7}": 0.5}, "")
            for at in range(number - labeled)
        },
        label_counts={"l0": 9},
        wrong_vectors=vectors[:200],
        seed=1,
    )
    found = choose(pool, quotas_of("mixed"), wanted, Cover(pool, 0.95, exactly(pool.taken_vectors)))
    wall, used = time.perf_counter() - began, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"\nmixed, {len(found.picks):,} of {number:,} images, {labeled:,} labeled, 256 numbers "
        f"each: {wall:.1f} s, {used:.1f} CPU s, peak {peak:.2f} GB",
        flush=True,
    )
    assert len({pick.place for _, pick in found.picks}) == wanted
