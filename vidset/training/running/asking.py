"""Asks a network about prepared pictures."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from vidset.datasets.versions.entry import Entry
from vidset.training.models.learner import Learner, Prediction
from vidset.training.scoring.predictions import SCHEMA

_BATCH = 64  # Fixed: another one may change the last digits.


def ask(
    network: nn.Module,
    learner: Learner,
    pictures: np.ndarray,
    entries: Sequence[Entry],
    classes: Sequence[str],
    device: torch.device,
) -> list[Prediction]:
    """A prediction for each image, in order. The network is left in evaluation mode."""
    network.eval()
    found: list[Prediction] = []
    with torch.inference_mode():
        for start in range(0, len(entries), _BATCH):
            batch = slice(start, start + _BATCH)
            output = network(learner.input(np.asarray(pictures[batch])).to(device))
            found.extend(learner.predictions(output, entries[batch], classes))
    return found


def to_table(predictions: Sequence[Prediction], entries: Sequence[Entry]) -> pa.Table:
    """Makes the table in which predictions are kept: vidset.training.scoring.predictions."""
    rows = [
        {
            "image_sha256": entry.image_sha256,
            "image_uri": entry.image_uri,
            "origin": entry.origin,
            "truth": each.truth,
            "predicted": each.predicted,
            "probabilities": each.probabilities,
        }
        for each, entry in zip(predictions, entries, strict=True)
    ]
    return pa.Table.from_pylist(rows, SCHEMA)


def score(
    learner: Learner,
    predictions: Sequence[Prediction],
    entries: Sequence[Entry],
    classes: Sequence[str],
) -> Mapping[str, float | None]:
    """The task's scores, and the mean loss over images whose labels the model knows."""
    losses = [each.loss for each in predictions if each.loss is not None]
    loss = sum(losses) / len(losses) if losses else None
    return {**learner.scores(predictions, entries, classes), "loss": loss}
