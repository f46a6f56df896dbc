"""`unet-r18-320x180` at work: a label for each pixel."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import cv2
import numpy as np
import torch
from torch import Tensor, nn

from vidset.datasets.versions.entry import Entry
from vidset.training.models.boxes import fit
from vidset.training.models.label_planes import (
    UNKNOWN,
    LabelPlanes,
    inside,
    masks_in,
    true_masks,
    unusable,
)
from vidset.training.models.learner import Learner, Prediction
from vidset.training.models.optimizers import Adam
from vidset.training.models.unet import UNet, initialize, load_encoder
from vidset.training.scoring.pixels import count_masks, masks_to_json
from vidset.training.scoring.segmentation import headline_scores

_ONE = 1e-6  # Keeps Dice of a label without pixels from being 0 / 0.


def open_learner(recipe: Mapping[str, Any]) -> Learner:
    """Opens the learner of a recipe."""
    return _Segmenter(recipe)


class _Segmenter:
    def __init__(self, recipe: Mapping[str, Any]):
        self._recipe = recipe
        self._planes = LabelPlanes(recipe["input"])
        self.batch_size: int = recipe["batch_size"]

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        return fit(picture, self._recipe["input"])

    def classes(self, entries: Sequence[Entry]) -> list[str]:
        return sorted({label for entry in entries for label in self._planes.names(entry)})

    def unusable(self, entry: Entry) -> str | None:
        return unusable(entry)

    def unknown_labels(self, entry: Entry, classes: Sequence[str]) -> set[str]:
        return set(self._planes.names(entry)) - set(classes)

    def network(self, classes: Sequence[str], generator: torch.Generator) -> nn.Module:
        network = UNet(len(classes), self._recipe["architecture"])
        initialize(network, generator)
        # The faster layout on a CPU. PyTorch's types leave out what `to` takes here.
        return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    def load_weights(self, network: nn.Module, state: Mapping[str, Any], name: str) -> None:
        """Take the encoder's weights from torchvision's ResNet-18.

        Raises:
            DatasetError: the state dict is of another network; with `name`.
        """
        load_encoder(cast(UNet, network), state, name)

    def optimizer(self, network: nn.Module) -> torch.optim.Optimizer:
        rule = self._recipe["optimizer"]
        return Adam(
            network.parameters(),
            lr=rule["learning_rate"],
            betas=(rule["beta_1"], rule["beta_2"]),
            eps=rule["epsilon"],
            fused=True,
        )

    def input(self, prepared: np.ndarray) -> Tensor:
        rule = self._recipe["input"]
        mean, deviation = (torch.tensor(rule[name]) * 255 for name in ("mean", "deviation"))
        scaled = (torch.from_numpy(prepared).float() - mean) / deviation
        return scaled.permute(0, 3, 1, 2)

    def loss(self, output: Tensor, entries: Sequence[Entry], classes: Sequence[str]) -> Tensor:
        targets = np.stack([self._planes.targets(entry, classes) for entry in entries])
        return segmentation_loss(
            output, torch.from_numpy(targets).to(output.device), self._recipe["loss"]
        )

    def predictions(
        self, output: Tensor, entries: Sequence[Entry], classes: Sequence[str]
    ) -> list[Prediction]:
        output = output.detach().cpu()
        return [
            Prediction(
                truth=masks_to_json(true_masks(entry)),
                predicted=masks_to_json(
                    masks_in(self._answer(output[place].numpy(), entry), classes)
                ),
                probabilities=None,
                loss=self._loss_of(output[place : place + 1], entry, classes),
            )
            for place, entry in enumerate(entries)
        ]

    def scores(
        self, predictions: Sequence[Prediction], entries: Sequence[Entry], classes: Sequence[str]
    ) -> Mapping[str, float]:
        counts = count_masks(
            [(each.truth, each.predicted) for each in predictions],
            [entry.image_uri for entry in entries],
            classes,
        )
        return {name: value or 0.0 for name, value in headline_scores(counts).items()}

    def _loss_of(self, output: Tensor, entry: Entry, classes: Sequence[str]) -> float | None:
        if self.unknown_labels(entry, classes) or not self._planes.names(entry):
            return None
        return self.loss(output, [entry], classes).item()

    def _answer(self, logits: np.ndarray, entry: Entry) -> np.ndarray:
        """(height, width) places of the labels, in the image's own size.

        Labels are resized one by one, so that memory does not grow with their number.
        """
        width, height = inside(entry.width, entry.height, self._recipe["input"])
        found = np.zeros((entry.height, entry.width), np.uint16)
        best = np.full((entry.height, entry.width), -np.inf, np.float32)
        for place, plane in enumerate(logits[:, :height, :width]):
            whole = cv2.resize(plane, (entry.width, entry.height), interpolation=cv2.INTER_LINEAR)
            is_better = whole > best
            found[is_better] = place
            np.maximum(best, whole, out=best)
        return found


def segmentation_loss(output: Tensor, targets: Tensor, rule: Mapping[str, Any]) -> Tensor:
    """Cross entropy and soft Dice over the pixels whose label is known.

    Dice of a label is 2 * sum(p * t) / (sum(p) + sum(t)) over all known pixels of the batch, p the
    probability and t whether it is the label (arXiv 1606.04797, without squares); the mean is over
    the labels that the batch has.

    Args:
        output: (n, labels, h, w) logits.
        targets: (n, h, w) int64, -1 where nothing is known.
    """
    labels = output.shape[1]
    known = targets != UNKNOWN
    # Pixels in rows: PyTorch has no deterministic loss of pictures on a GPU.
    logits = output.permute(0, 2, 3, 1)[known]
    wanted = targets[known]
    if not len(wanted):
        return output.sum() * 0
    logs = nn.functional.log_softmax(logits, dim=1)
    entropy = nn.functional.nll_loss(logs, wanted)
    given = logs.exp()
    truth = nn.functional.one_hot(wanted, labels).to(given.dtype)
    both = (given * truth).sum(dim=0)
    there = truth.sum(dim=0)
    dice = 2 * both / (given.sum(dim=0) + there + _ONE)
    is_there = (there > 0).to(dice.dtype)
    return entropy + rule["dice_weight"] * (1 - (dice * is_there).sum() / is_there.sum())
