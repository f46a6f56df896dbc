"""`centernet-r18-256` at work: the boxes of an image's objects."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vidset.datasets.versions.entry import Entry
from vidset.training.models import heat
from vidset.training.models.boxes import LabeledBox, boxes_of, boxes_to_json, fit, input_scale
from vidset.training.models.centernet import CenterNet, Output, initialize
from vidset.training.models.learner import Learner, Prediction
from vidset.training.models.optimizers import Adam
from vidset.training.models.truths import BoxTruths


def open_learner(recipe: Mapping[str, Any]) -> Learner:
    """Opens the learner of a recipe."""
    return _Detector(recipe)


class _Detector(BoxTruths):
    def __init__(self, recipe: Mapping[str, Any]):
        self._recipe = recipe
        self.batch_size: int = recipe["batch_size"]

    def prepare(self, picture: np.ndarray) -> np.ndarray:
        return fit(picture, self._recipe["input"])

    def network(self, classes: Sequence[str], generator: torch.Generator) -> nn.Module:
        network = CenterNet(len(classes), self._recipe["architecture"])
        initialize(network, self._recipe["initial"], generator)
        # The faster layout on a CPU. PyTorch's types leave out what `to` takes here.
        return network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

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
        return torch.from_numpy(prepared).permute(0, 3, 1, 2).float() / 127.5 - 1

    def loss(self, output: Output, entries: Sequence[Entry], classes: Sequence[str]) -> Tensor:
        targets = heat.make_targets(
            [self._wanted(entry, classes) for entry in entries],
            len(classes),
            (output.heat.shape[2], output.heat.shape[3]),
            self._recipe["targets"]["least_overlap"],
        )
        return heat.loss(output, targets.to(output.heat.device), self._recipe["loss"])

    def predictions(
        self, output: Output, entries: Sequence[Entry], classes: Sequence[str]
    ) -> list[Prediction]:
        output = Output(*(each.detach().cpu() for each in output))
        rule = self._recipe["decoding"]
        found = heat.find_boxes(output, rule["most"], rule["least_score"])
        predictions = []
        for place, (entry, boxes) in enumerate(zip(entries, found, strict=True)):
            own = Output(*(each[place : place + 1] for each in output))
            is_known = not self.unknown_labels(entry, classes)
            predictions.append(
                Prediction(
                    truth=boxes_to_json(boxes_of(entry)),
                    predicted=boxes_to_json([self._in_pixels(b, entry, classes) for b in boxes]),
                    probabilities=None,
                    loss=self.loss(own, [entry], classes).item() if is_known else None,
                )
            )
        return predictions

    def scores(
        self, predictions: Sequence[Prediction], entries: Sequence[Entry], classes: Sequence[str]
    ) -> Mapping[str, float]:
        from vidset.training.scoring.detection import average_precision
        from vidset.training.scoring.matching import things_in

        pairs = list(zip(predictions, entries, strict=True))
        truths = [things_in(each.truth, entry.image_uri) for each, entry in pairs]
        found = [things_in(each.predicted, entry.image_uri) for each, entry in pairs]
        scored = average_precision(truths, found, classes)
        return {"ap50": scored["ap50"], "ap": scored["ap"]}

    def _wanted(self, entry: Entry, classes: Sequence[str]) -> list[heat.Box]:
        """An image's boxes in cells of the network's grid."""
        places = {label: place for place, label in enumerate(classes)}
        scale = self._cells(entry)
        return [
            heat.Box(
                places[box.label],
                box.x * scale,
                box.y * scale,
                box.width * scale,
                box.height * scale,
            )
            for box in boxes_of(entry)
        ]

    def _in_pixels(self, box: heat.Box, entry: Entry, classes: Sequence[str]) -> LabeledBox:
        """Returns the box in pixels of the image, cut at its edges."""
        scale = self._cells(entry)
        left, top = max(box.x / scale, 0.0), max(box.y / scale, 0.0)
        right = min((box.x + box.width) / scale, float(entry.width))
        bottom = min((box.y + box.height) / scale, float(entry.height))
        edges = (left, top, max(right - left, 0.0), max(bottom - top, 0.0))
        return LabeledBox(
            classes[box.label], *(round(edge, 2) for edge in edges), score=round(box.score, 6)
        )

    def _cells(self, entry: Entry) -> float:
        """Cells of the grid for a pixel of the image."""
        scale = input_scale(entry.width, entry.height, self._recipe["input"])
        return scale / self._recipe["stride"]
