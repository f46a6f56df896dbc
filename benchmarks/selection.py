"""Labels that selection saves: those that a score takes, chosen by each strategy and by chance.

The sets are the roman numerals (../shared/roman, real) and drawn shapes (boxes). A round chooses
images up to the next budget, trains the fixed model on all that is chosen, and scores it on images
that nobody chooses from. `python -m benchmarks --only selection`; VIDSET_SELECTION_SETS and
VIDSET_SELECTION_STRATEGIES name some of them.
"""

import math
import os
import resource
import tarfile
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.datasets.numerals import write_shapes
from vidset.datasets.curation.recipe import transform
from vidset.datasets.images.measures import decode
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.embeddings.registry import open_embedder
from vidset.labeling.template import Label, Template
from vidset.place_images import KeptImage
from vidset.prediction.document import RunLook, make_document
from vidset.selection.choosing import choose
from vidset.selection.cover import Cover, exactly
from vidset.selection.gathering import predicted_of
from vidset.selection.pool import Pool
from vidset.selection.strategies.registry import quotas_of
from vidset.training.scoring.answer_scores import AnswerScores

_ROMAN = Path(__file__).parents[2] / "shared" / "roman" / "v0.tar"
_SEEDS = (1, 2, 3)
_STRATEGIES = ("random", "diverse", "uncertain", "rare", "mixed")
# Student's t for three seeds, two-sided 95 %.
_T = 4.303
_CROP = [
    {"step": "crop_to_content", "difference": 60, "speck": 0.05},
    {"step": "pad", "to": "square", "margin": 0.08},
]


@dataclass(frozen=True, slots=True)
class _Set:
    """Images to choose from and to score on.

    Attributes:
        steps: of training, at every budget.
        least: the answer score from which a box counts when doubts are computed.
    """

    name: str
    model: str
    budgets: tuple[int, ...]
    steps: int
    entries: Sequence[Entry]
    pictures: np.ndarray
    vectors: np.ndarray
    near: float
    held_out: Sequence[Entry]
    held_out_pictures: np.ndarray
    least: float = 0.3


def run(_: list[Path]) -> None:
    from vidset.training.running.threads import set_threads

    set_threads(1)
    cv2.setNumThreads(1)
    _run_scale()
    wanted = os.environ.get("VIDSET_SELECTION_SETS", "roman,shapes").split(",")
    strategies = os.environ.get("VIDSET_SELECTION_STRATEGIES", ",".join(_STRATEGIES)).split(",")
    with tempfile.TemporaryDirectory() as scratch:
        if "roman" in wanted and _ROMAN.is_file():
            _run_set(_roman(), strategies)
        elif "roman" in wanted:
            print(f"\n{_ROMAN} is not there: the roman numerals are left out")
        if "shapes" in wanted:
            _run_set(_shapes(Path(scratch)), strategies)


def _run_set(data: _Set, strategies: Sequence[str]) -> None:
    print(
        f"\n{data.name}: {len(data.entries):,} images to choose from, {len(data.held_out):,} to "
        f"score on, `{data.model}`, {data.steps} steps; mean of {len(_SEEDS)} seeds and 95 % "
        "interval\n"
    )
    print("| strategy | " + " | ".join(f"{each} labels" for each in data.budgets) + " |")
    print("|---|" + "---|" * len(data.budgets), flush=True)
    curves: dict[str, list[float]] = {}
    for strategy in strategies:
        scores = np.array([_curve(data, strategy, seed) for seed in _SEEDS])
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


def _curve(data: _Set, strategy: str, seed: int) -> list[float]:
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
    data: _Set,
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
    data: _Set, learner: Any, network: Any, classes: Sequence[str], rest: Sequence[int]
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
            make_document(_image(entry, place), answer, look, template, moment).document
        )
        for place, (entry, answer) in enumerate(zip(entries, found, strict=True))
    }


def _pool(
    data: _Set, chosen: Sequence[int], rest: Sequence[int], predicted: Mapping[int, Any], seed: int
) -> Pool:
    counts: dict[str, int] = {}
    for at in chosen:
        for label in data.entries[at].labels:
            counts[label] = counts.get(label, 0) + 1
    return Pool(
        images=[_image(data.entries[at], at) for at in rest],
        is_evaluated=np.zeros(len(rest), np.bool_),
        vectors=data.vectors[list(rest)],
        taken_vectors=data.vectors[list(chosen)],
        predicted=predicted,
        label_counts=counts,
        seed=seed,
    )


def _image(entry: Entry, at: int) -> KeptImage:
    # A video of its own each, named by its hash: names must not tell the labels.
    return KeptImage(
        f"{at:032x}",
        entry.image_uri,
        entry.width,
        entry.height,
        entry.image_sha256,
        None,
        entry.image_sha256,
        None,
        0.0,
        None,
    )


def _roman() -> _Set:
    """The roman numerals as first handed out, cropped to their ink; each different file once."""
    from vidset.training.models.registry import fixed_model

    learner = fixed_model("resnet50-c2-32").learner()
    sides: dict[str, dict[str, tuple[Entry, np.ndarray]]] = {"train": {}, "val": {}}
    with tarfile.open(_ROMAN) as tar:
        for member in tar:
            parts = member.name.split("/")
            if len(parts) == 3 and parts[0] in sides and member.isfile():
                file = tar.extractfile(member)
                data = file.read() if file else b""
                picture = transform(decode(data, member.name), _CROP)
                entry = _entry(member.name, parts[1], data, picture.shape)
                sides[parts[0]].setdefault(entry.image_sha256, (entry, picture))
    for twin in sides["val"]:
        sides["train"].pop(twin, None)
    embedder = open_embedder("classic")
    train, held_out = (sorted(sides[name].values(), key=_name) for name in ("train", "val"))
    return _Set(
        name="Roman numerals",
        model="resnet50-c2-32",
        budgets=(50, 100, 200, 400, 800),
        steps=400,
        entries=[entry for entry, _ in train],
        pictures=np.stack([learner.prepare(picture) for _, picture in train]),
        vectors=embedder.embed([picture for _, picture in train]).astype(np.float16),
        near=embedder.near,
        held_out=[entry for entry, _ in held_out],
        held_out_pictures=np.stack([learner.prepare(picture) for _, picture in held_out]),
    )


def _name(pair: tuple[Entry, np.ndarray]) -> str:
    return pair[0].image_sha256


def _entry(name: str, label: str, data: bytes, shape: tuple[int, ...]) -> Entry:
    import hashlib

    digest = hashlib.sha256(data).hexdigest()
    return Entry(
        image_sha256=digest,
        image_uri=name,
        image_format="png",
        width=shape[1],
        height=shape[0],
        label=label,
        objects=None,
        group=digest,
        split="train",
        origin=digest,
        source="folder",
    )


def _shapes(scratch: Path) -> _Set:
    from vidset.training.models.registry import fixed_model

    learner = fixed_model("centernet-r18-256").learner()
    repository = Repository(scratch / "datasets")
    manifest = repository.manifest(write_shapes(repository, {"train": 400, "validation": 100}))
    embedder = open_embedder("classic")

    def side(split: str) -> tuple[list[Entry], list[np.ndarray]]:
        entries = list(manifest.split(split))
        return entries, [decode(repository.read_image(each), each.image_uri) for each in entries]

    (entries, pictures), (held_out, held_out_pictures) = side("train"), side("validation")
    return _Set(
        name="Drawn shapes",
        model="centernet-r18-256",
        budgets=(10, 20, 40, 80, 160),
        steps=60,
        entries=entries,
        pictures=np.stack([learner.prepare(each) for each in pictures]),
        vectors=embedder.embed(pictures).astype(np.float16),
        near=embedder.near,
        held_out=held_out,
        held_out_pictures=np.stack([learner.prepare(each) for each in held_out_pictures]),
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
