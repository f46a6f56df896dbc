"""The calls that the training loop makes to a fixed model, whatever its task."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from vidset.datasets.versions.entry import Entry
from vidset.training.models.truths import Truths


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer for one image: columns of vidset.training.scoring.predictions.

    Attributes:
        truth, predicted: a label, or objects as JSON.
        probabilities: of each class, in order; None where the task has none.
        loss: None where the truth is none of the model's classes.
    """

    truth: str | None
    predicted: str
    probabilities: Sequence[float] | None
    loss: float | None


class Learner(Truths, Protocol):
    """A fixed model at work: pictures in, a network that learns, predictions and scores out."""

    batch_size: int

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        """A picture, (height, width, 3) uint8 RGB, as it is kept: (h, w, 3), always one size."""
        ...

    def network(self, classes: Sequence[str], generator: torch.Generator) -> nn.Module:
        """An untrained network. It takes batches of prepared pictures, (n, 3, h, w)."""
        ...

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        """Returns the network's optimizer."""
        ...

    def input(self, prepared: np.ndarray) -> Tensor:
        """A batch of prepared pictures, (n, h, w, 3), as the network takes it: (n, 3, h, w)."""
        ...

    def loss(self, output: Any, entries: Sequence[Entry], classes: Sequence[str]) -> Tensor:
        """Return the loss of a batch: a scalar to be minimised."""
        ...

    def predictions(
        self, output: Any, entries: Sequence[Entry], classes: Sequence[str]
    ) -> list[Prediction]:
        """Returns what the network's output for a batch says, image by image."""
        ...

    def scores(
        self, predictions: Sequence[Prediction], entries: Sequence[Entry], classes: Sequence[str]
    ) -> Mapping[str, float]:
        """Return the scores of a split. The first selects the best epoch: more is better."""
        ...
