"""`vidset train` beside a bare PyTorch loop: what an epoch of the fixed model costs."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2

from tests.datasets.numerals import numerals, write_version
from vidset.datasets.versions.repository import Repository
from vidset.demo.numerals import NUMERALS
from vidset.training.running.checking import Material, check_images
from vidset.training.running.folder import RunFolder
from vidset.training.running.loop import Training, run_epoch
from vidset.training.running.pictures import prepare_pictures
from vidset.training.running.settings import Settings
from vidset.training.running.threads import set_threads

_COUNTS = {"train": 200, "validation": 65}  # Of each of ten labels: as many as the roman numerals.
_ROUNDS = 5
_MODEL = "resnet50-c2-32"


@dataclass(frozen=True, slots=True)
class _Cost:
    """CPU seconds of an epoch: the bare loop; ours, learning; evaluating and keeping it."""

    bare: float
    learning: float
    around: float


def run(_: list[Path]) -> None:
    set_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as scratch:
        training, folder = _open(Path(scratch))
        bare = _bare(training)
        costs = [_measure(training, folder, bare) for _ in range(_ROUNDS)]
    best = _Cost(
        min(cost.bare for cost in costs),
        min(cost.learning for cost in costs),
        min(cost.around for cost in costs),
    )
    images = len(training.material.train)
    evaluated = sum(map(len, training.material.evaluation.values()))
    print(
        f"\n`{_MODEL}`, {images:,} drawn numerals, one thread; the least of {_ROUNDS} epochs each\n"
    )
    print("| an epoch | CPU s | of the bare loop |\n|---|---|---|")
    print(f"| a bare PyTorch loop, pictures in memory | {best.bare:.2f} | 1 |")
    print(f"| `vidset train`, learning | {best.learning:.2f} | {best.learning / best.bare:.3f} |")
    print(
        f"| evaluation of {evaluated} images, predictions, checkpoints "
        f"| {best.around:.2f} | {best.around / best.bare:.3f} |",
        flush=True,
    )


def _open(scratch: Path) -> tuple[Training, RunFolder]:
    from vidset.training.models.registry import fixed_model

    repository, model = Repository(scratch / "datasets"), fixed_model(_MODEL)
    entries = list(numerals(repository, _COUNTS, NUMERALS, seed=0))
    version = write_version(repository, entries)
    learner = model.learner()
    material: Material = check_images(
        repository.manifest(version), fixed_model(_MODEL), ["validation"]
    )
    settings = Settings(_MODEL, model.recipe_hash, version, 1, _ROUNDS, ("validation",))

    def prepare(images: Any) -> Any:
        return prepare_pictures(images, repository, learner.prepare, scratch)

    held_out = {name: prepare(images) for name, images in material.evaluation.items()}
    training = Training(learner, settings, material, prepare(material.train), held_out)
    return training, RunFolder(scratch / "run")


def _measure(training: Training, folder: RunFolder, bare: Callable[[], None]) -> _Cost:
    """Measures in turns, because machines change speed."""
    began = time.process_time()
    bare()
    middle = time.process_time()
    line = run_epoch(training, folder, {})
    whole = time.process_time() - middle
    return _Cost(middle - began, line["cpu_seconds"], whole - line["cpu_seconds"])


def _bare(training: Training) -> Callable[[], None]:
    """An epoch as one would write it: the same layers and batches, PyTorch's own Adam."""
    import torch
    from torch import nn

    learner, material = training.learner, training.material
    places = {label: place for place, label in enumerate(material.classes)}
    truths = torch.tensor([places[entry.label or ""] for entry in material.train])
    pictures = learner.input(training.pictures)
    network = learner.network(material.classes, torch.Generator().manual_seed(1))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-4, fused=True)
    measure = nn.CrossEntropyLoss()

    def epoch() -> None:
        network.train()
        for batch in torch.randperm(len(truths)).split(learner.batch_size):
            optimizer.zero_grad()
            loss = measure(network(pictures[batch]), truths[batch])
            loss.backward()
            optimizer.step()

    return epoch
