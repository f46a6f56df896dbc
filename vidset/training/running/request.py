"""A request for a training run, and how it tells what it does. No PyTorch is imported for them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vidset.datasets.versions.repository import Repository
from vidset.training.models.registry import FLOAT32
from vidset.training.running.checking import CAP
from vidset.training.running.trackers.registry import NONE


@dataclass(frozen=True, slots=True)
class Request:
    """The request: what to train, and on what.

    Attributes:
        reference: the dataset version: its name, id or the beginning of its id.
        output: the run's folder. A run with the same settings that is there goes on.
        model: as `vidset.training.models.registry.find_model` takes it.
        cap: the most images that training and validation may have together; 0 for any number.
        track: the name of a tracker that is told of each epoch.
        weights: a file of weights to begin with, for a model that takes them.
        precision: float32 or bfloat16, in which the network learns.
        select_by: the score that chooses the best epoch; None: the model's first.
        blind: a program gets no labels but those of the split train, and cannot choose by others.
    """

    repository: Repository
    reference: str
    output: Path
    seed: int
    epochs: int
    splits: tuple[str, ...]
    model: str = "resnet50-c2-32"
    threads: int = 1
    device: str = "cpu"
    cap: int = CAP
    allow_leaks: bool = False
    track: str = NONE
    weights: Path | None = None
    precision: str = FLOAT32
    select_by: str | None = None
    blind: bool = False


class Progress(Protocol):
    """Is told what a run is doing."""

    def note(self, text: str) -> None:
        """Take what a person should know, a line."""
        ...

    def preparing(self, images: int) -> Callable[[], None]:
        """Hear that images are about to be decoded. Returns what is called after each one."""
        ...

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        """Hear that an epoch begins. Returns what is called after each batch."""
        ...

    def ended(self, line: Mapping[str, Any]) -> None:
        """Take the line that an epoch adds to history.jsonl."""
        ...

    def folds(self, done: int, folds: int) -> None:
        """Hear how many folds are done."""
        ...

    def of_run(self, name: str) -> "Progress":
        """Return what is told of one of several runs, perhaps beside the others."""
        ...
