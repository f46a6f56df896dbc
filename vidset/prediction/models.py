"""The model of a run, asked about images of a place: a network, or a program of its own."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.prediction.document import Answered
from vidset.training.models.commands import CommandModel
from vidset.training.running.command.training import ask_program
from vidset.training.running.of_run import model_of, read_details
from vidset.training.running.threads import set_threads

if TYPE_CHECKING:  # PyTorch comes with it.
    from vidset.training.running.trained import TrainedModel


class Asked(Protocol):
    """A model that is asked about several images at once."""

    def prepare(self, picture: np.ndarray, data: bytes) -> Any:
        """Return what is kept of an image until it is asked about.

        Args:
            picture: (height, width, 3) uint8 RGB.
            data: the image's file.
        """
        ...

    def ask(self, prepared: Sequence[Any], entries: Sequence[Entry]) -> Sequence[Answered]:
        """Return an answer for each image, in order."""
        ...


def open_model(run: Path, name: str | None, threads: int) -> Asked:
    """Open the model of a run, with its best epoch.

    Args:
        name: the run's model, where it has to be named: see `model_of`.
        threads: PyTorch's; it is not to be imported before.

    Raises:
        DatasetError: the run cannot be used.
    """
    details = read_details(run)
    model = model_of(run, details, name)
    if isinstance(model, CommandModel):
        return _Program(run, details, model)
    set_threads(threads)
    from vidset.training.running.trained import open_trained

    return _Network(open_trained(run, None, name))


@dataclass(frozen=True, slots=True)
class _Network:
    trained: "TrainedModel"

    def prepare(self, picture: np.ndarray, data: bytes) -> np.ndarray:
        return self.trained.prepare(picture)

    def ask(self, prepared: Sequence[np.ndarray], entries: Sequence[Entry]) -> Sequence[Answered]:
        return self.trained.ask(np.stack(prepared), entries)


@dataclass(frozen=True, slots=True)
class _Said:
    predicted: str
    probabilities: Sequence[float] | None


@dataclass(frozen=True, slots=True)
class _Program:
    """It is started once for all images of a chunk, and gets copies of their files."""

    run: Path
    details: Mapping[str, Any]
    model: CommandModel

    def prepare(self, picture: np.ndarray, data: bytes) -> bytes:
        return data

    def ask(self, prepared: Sequence[bytes], entries: Sequence[Entry]) -> Sequence[Answered]:
        with tempfile.TemporaryDirectory() as folder:
            images = Repository(folder)
            for data, entry in zip(prepared, entries, strict=True):
                images.put_image(data, entry.image_format)
            steps = self.details["transforms"]
            table = ask_program(self.run, self.details, self.model, images, entries, steps)
        rows = table.select(["predicted", "probabilities"]).to_pylist()
        return [_Said(row["predicted"], row["probabilities"]) for row in rows]
