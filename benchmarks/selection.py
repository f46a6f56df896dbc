"""Labels that selection saves: those that a score takes, chosen by each strategy and by chance.

The sets are real roman numerals, drawn numerals that are filmed for a while, and drawn shapes
(boxes). A round chooses images up to the next budget, trains the fixed model on all that is chosen,
and scores it on images that nobody chooses from. `python -m benchmarks --only selection`;
VIDSET_SELECTION_SETS and VIDSET_SELECTION_STRATEGIES name some of them.
"""

import math
import os
import resource
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.selection_sets import ROMAN, Set, films, roman, shapes
from vidset.datasets.versions.entry import Entry
from vidset.labeling.template import Label, Template
from vidset.place_images import KeptImage
from vidset.prediction.document import RunLook, make_document
from vidset.selection.choosing import choose
from vidset.selection.cover import Cover, exactly
from vidset.selection.gathering import predicted_of
from vidset.selection.pool import Pool
from vidset.selection.strategies.registry import quotas_of
from vidset.training.scoring.answer_scores import AnswerScores

_SEEDS = (1, 2, 3)
_STRATEGIES = ("random", "time", "diverse", "uncertain", "rare", "mixed")
# Student's t for three seeds, two-sided 95 %.
_T = 4.303


def run(_: list[Path]) -> None:
    from vidset.training.running.threads import set_threads

    set_threads(1)
    cv2.setNumThreads(1)
    _run_scale()
    wanted = os.environ.get("VIDSET_SELECTION_SETS", "roman,films,shapes").split(",")
    strategies = os.environ.get("VIDSET_SELECTION_STRATEGIES", ",".join(_STRATEGIES)).split(",")
    with tempfile.TemporaryDirectory() as scratch:
        if "roman" in wanted and ROMAN.is_file():
            _run_set(roman(), strategies)
        elif "roman" in wanted:
            print(f"\n{ROMAN} is not there: the roman numerals are left out")
        if "films" in wanted:
            _run_set(films(), strategies)
        if "shapes" in wanted:
            _run_set(shapes(Path(scratch)), strategies)


def _run_set(data: Set, strategies: Sequence[str]) -> None:
    print(
        f"\n{data.name}: {len(data.entries):,} images to choose from, {len(data.held_out):,} to "
        f"score on, `{data.model}`, {data.steps} steps; mean of {len(_SEEDS)} seeds and 95 % "
        "interval\n"
    )
    print("| strategy | " + " | ".join(f"{each} labels" for each in data.budgets) + " |")
    print("|---|" + "---|" * len(data.budgets), flush=True)
    curves: dict[str, list[float]] = {}
    for strategy in strategies:
        found = []
        for seed in _SEEDS:
            found.append(_curve(data, strategy, seed))
            # A whole run takes an hour or more: one that is broken off has said something, too.
            said = ", ".join(f"{score:.3f}" for score in found[-1])
            print(f"{strategy}, seed {seed}: {said}", file=sys.stderr, flush=True)
        scores = np.array(found)
        means, widths = (
            scores.mean(axis=0),
            _T * scores.std(axis=0, ddof=1) / math.sqrt(len(scores)),
        )
        curves[strategy] = means.tolist()
        cells = (f"{mean:.3f} ± {width:.3f}" for mean, width in zip(means, widths, strict=True))
        print(f"| {strategy} | " + " | ".join(cells) + " |", flush=True)
    if "random" not in curves:
        return
    goal, most = curves["random"][-1], data.budgets[-1]
    print(f"\n| to reach {goal:.3f}, as random with {most} | labels | of random's |\n|---|---|---|")
    for strategy, curve in curves.items():
        if (needed := _needed(data.budgets, curve, goal)) is None:
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


def _curve(data: Set, strategy: str, seed: int) -> list[float]:
    from vidset.training.models.registry import fixed_model

    learner = fixed_model(data.model).learner()
    quotas = quotas_of(strategy)
    chosen: list[int] = []
    network, classes, scores = None, [], []
    for budget in data.budgets:
        rest = [at for at in range(len(data.entries)) if at not in set(chosen)]
        predicted = {} if network is None else _predict(data, learner, network, classes, rest)
        pool = _pool(data, chosen, rest, predicted, seed)
        # Nobody has a model before the first round: chance stands in for those that need one.
        usable = (
            {"random": 1.0} if network is None and strategy in ("uncertain", "rare") else quotas
        )
        cover = Cover(pool, data.near, exactly(pool.taken_vectors))
        if strategy == "random":  # As one labels who has no selection at all.
            cover = Cover(pool, None, exactly(pool.taken_vectors))
        picks = choose(pool, usable, budget - len(chosen), cover).picks
        chosen += [rest[pick.place] for _, pick in picks]
        entries = [data.entries[at] for at in chosen]
        classes = learner.classes(entries)
        network = _train(data, learner, entries, classes, chosen, seed)
        found = _ask(learner, network, data.held_out_pictures, data.held_out, classes)
        scores.append(next(iter(learner.scores(found, data.held_out, classes).values())) or 0.0)
    return scores


def _train(
    data: Set,
    learner: Any,
    entries: Sequence[Entry],
    classes: Sequence[str],
    places: Sequence[int],
    seed: int,
) -> Any:
    import torch

    network = learner.network(classes, torch.Generator().manual_seed(seed))
    optimizer = learner.optimizer(network)
    random = np.random.default_rng(seed)
    order = np.concatenate(
        [
            random.permutation(len(entries))
            for _ in range(-(-data.steps * learner.batch_size // len(entries)))
        ]
    )[: data.steps * learner.batch_size]
    network.train()
    for start in range(0, len(order), learner.batch_size):
        batch = order[start : start + learner.batch_size]
        optimizer.zero_grad()
        output = network(learner.input(data.pictures[[places[at] for at in batch]]))
        learner.loss(output, [entries[at] for at in batch], classes).backward()
        optimizer.step()
    return network


def _ask(
    learner: Any,
    network: Any,
    pictures: np.ndarray,
    entries: Sequence[Entry],
    classes: Sequence[str],
) -> list[Any]:
    import torch

    from vidset.training.running.asking import ask

    return ask(network, learner, pictures, entries, classes, torch.device("cpu"))


def _predict(
    data: Set, learner: Any, network: Any, classes: Sequence[str], rest: Sequence[int]
) -> dict[int, Any]:
    """Ask the model about the images that nobody has chosen, as `vidset predict` does."""
    from datetime import UTC, datetime

    entries = [data.entries[at] for at in rest]
    found = _ask(learner, network, data.pictures[list(rest)], entries, classes)
    kind = "classification" if found[0].probabilities is not None else "box"
    labels = tuple(Label(name=name, type=kind, min_width=0, min_height=0) for name in classes)
    template = Template(name="benchmark", labels=labels)
    look = RunLook("run", "0" * 32, data.model, "v", 1, AnswerScores({}, "given", data.least))
    moment = datetime.now(UTC)
    return {
        place: predicted_of(
            make_document(_image(data, at), answer, look, template, moment).document
        )
        for place, (at, answer) in enumerate(zip(rest, found, strict=True))
    }


def _pool(
    data: Set, chosen: Sequence[int], rest: Sequence[int], predicted: Mapping[int, Any], seed: int
) -> Pool:
    counts: dict[str, int] = {}
    for at in chosen:
        for label in data.entries[at].labels:
            counts[label] = counts.get(label, 0) + 1
    return Pool(
        images=[_image(data, at) for at in rest],
        is_evaluated=np.zeros(len(rest), np.bool_),
        vectors=data.vectors[list(rest)],
        taken_vectors=data.vectors[list(chosen)],
        predicted=predicted,
        label_counts=counts,
        seed=seed,
    )


def _image(data: Set, at: int) -> KeptImage:
    entry = data.entries[at]
    # Without videos each has one of its own, named by its hash: names must not tell the labels.
    video, seconds = (entry.image_sha256, 0.0) if data.moments is None else data.moments[at]
    return KeptImage(
        f"{at:032x}",
        entry.image_uri,
        entry.width,
        entry.height,
        entry.image_sha256,
        None,
        video,
        None,
        seconds,
        None,
    )


def _run_scale() -> None:
    """Choose 1,000 of 200,000 embedded images, 10,000 of them labeled, by every strategy."""
    from vidset.selection.pool import Predicted

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
