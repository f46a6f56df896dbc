"""Training runs on drawn numerals, for tests."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from vidset.datasets.versions.repository import Repository
from vidset.training.running.folder import RunFolder
from vidset.training.running.request import Request
from vidset.training.running.running import run_training
from vidset.training.running.threads import set_threads

LABELS = ("ii", "v", "x")
COUNTS = {"train": 7, "validation": 4, "label_book": 2}


class Recorded:
    """A Progress that keeps what it is told; of several runs, in `runs` by their names."""

    def __init__(self):
        self.notes: list[str] = []
        self.lines: list[Mapping[str, Any]] = []
        self.runs: dict[str, Recorded] = {}

    def note(self, text: str) -> None:
        self.notes.append(text)

    def preparing(self, images: int) -> Callable[[], None]:
        return lambda: None

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        return lambda: None

    def ended(self, line: Mapping[str, Any]) -> None:
        self.lines.append(line)

    def folds(self, done: int, folds: int) -> None:
        self.notes.append(f"{done} of {folds} folds")

    def of_run(self, name: str) -> "Recorded":
        return self.runs.setdefault(name, Recorded())


def train(
    repository: Repository,
    reference: str,
    output: Path,
    *,
    progress: Recorded | None = None,
    **options: Any,
) -> dict[str, Any]:
    """run.json in the end. Three epochs and one thread unless `options` say otherwise."""
    defaults = {"seed": 1, "epochs": 3, "splits": ("validation", "label_book"), "threads": 1}
    request = Request(repository, reference, output, **(defaults | options))
    set_threads(request.threads)
    return run_training(request, progress or Recorded())


def weights(output: Path, name: str = "last") -> dict[str, torch.Tensor]:
    """Of a run's checkpoint."""
    state = RunFolder(output).checkpoint(name)
    assert state is not None, f"{output} has no checkpoint {name}"
    return state["weights"]


def are_equal(one: Mapping[str, torch.Tensor], other: Mapping[str, torch.Tensor]) -> bool:
    """Bit for bit."""
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)
