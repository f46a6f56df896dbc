"""A trained model, opened from its run: pictures in, predictions of its best epoch out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.training.models.commands import CommandModel
from vidset.training.models.learner import Learner, Prediction
from vidset.training.models.registry import FixedModel
from vidset.training.running.asking import ask
from vidset.training.running.folder import RunFolder
from vidset.training.running.of_run import model_of, read_details

Steps = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedModel:
    """The best epoch of a run.

    Attributes:
        details: what run.json says.
        classes: what it tells apart, in the order of its outputs.
        steps: the transforms that pictures go through first.
    """

    details: Mapping[str, Any]
    model: FixedModel
    learner: Learner
    network: nn.Module
    classes: Sequence[str]
    steps: Steps

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        """A picture, (height, width, 3) uint8 RGB, as the network is asked about it."""
        if self.steps:
            from vidset.datasets.curation.recipe import transform

            picture = transform(picture, self.steps)
        return self.learner.prepare(picture)

    def ask(self, pictures: np.ndarray, entries: Sequence[Entry]) -> list[Prediction]:
        """Return a prediction for each of the prepared pictures, (n, h, w, 3)."""
        device = torch.device("cpu")
        return ask(self.network, self.learner, pictures, entries, self.classes, device)


def open_trained(
    run: Path, steps: Steps | None = None, model_name: str | None = None
) -> TrainedModel:
    """Open the best epoch of a run.

    Args:
        steps: the transforms that the pictures still lack; None: all of the run's, as for images
            that nobody has prepared.
        model_name: the run's model, where it has to be named: see `model_of`.

    Raises:
        DatasetError: the run is not done, of another recipe, of a program, or has no best epoch.
    """
    details = read_details(run)
    model = model_of(run, details, model_name)
    if isinstance(model, CommandModel):
        raise DatasetError(f"{run}: {model.name} is a program, which vidset evaluate --on asks")
    learner, classes = model.learner(), details["classes"]
    checkpoint = RunFolder(run).checkpoint("best")
    if checkpoint is None:
        raise DatasetError(f"{run}: has no checkpoints/best.pt")
    network = learner.network(classes, torch.Generator())
    network.load_state_dict(checkpoint["weights"])
    wanted = details["transforms"] if steps is None else steps
    return TrainedModel(details, model, learner, network, classes, wanted)
