"""`resnet50-c2-32` at work: one label of an image."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vidset.datasets.versions.entry import Entry
from vidset.training.models.keras_rules import KerasAdam, initialize
from vidset.training.models.learner import Learner, Prediction
from vidset.training.models.resnet50_c2 import ResNet50C2, prepare
from vidset.training.models.truths import ClassTruths


def open_learner(recipe: Mapping[str, Any]) -> Learner:
    """Opens the learner of a recipe."""
    return _Classifier(recipe)


class _Classifier(ClassTruths):
    def __init__(self, recipe: Mapping[str, Any]):
        self._recipe = recipe
        self.batch_size: int = recipe["batch_size"]

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        return prepare(picture, self._recipe["input"])

    def network(self, classes: Sequence[str], generator: torch.Generator) -> nn.Module:
        network = ResNet50C2(len(classes), self._recipe["architecture"]["batch_norm"])
        initialize(network, generator)
        # The faster layout on a CPU. PyTorch's types leave out what `to` takes here.
        return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        return KerasAdam(network.parameters(), self._recipe["optimizer"])

    def input(self, prepared: np.ndarray) -> Tensor:
        return torch.from_numpy(prepared).permute(0, 3, 1, 2)

    def loss(self, output: Tensor, entries: Sequence[Entry], classes: Sequence[str]) -> Tensor:
        places = {label: place for place, label in enumerate(classes)}
        truths = torch.tensor([places[entry.label or ""] for entry in entries])
        return nn.functional.cross_entropy(output, truths.to(output.device))

    def predictions(
        self, output: Tensor, entries: Sequence[Entry], classes: Sequence[str]
    ) -> list[Prediction]:
        logs = nn.functional.log_softmax(output.detach().cpu(), dim=1).numpy()
        places = {label: place for place, label in enumerate(classes)}
        return [
            Prediction(
                truth=entry.label,
                predicted=classes[int(row.argmax())],
                probabilities=np.exp(row).tolist(),
                loss=-float(row[places[entry.label]]) if entry.label in places else None,
            )
            for row, entry in zip(logs, entries, strict=True)
        ]

    def scores(
        self, predictions: Sequence[Prediction], entries: Sequence[Entry], classes: Sequence[str]
    ) -> Mapping[str, float]:
        return {
            "accuracy": sum(each.predicted == each.truth for each in predictions) / len(entries)
        }
