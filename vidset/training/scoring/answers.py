"""The answers of a classifier for each image, as arrays."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError

# A probability of zero would be an infinite loss; float32 holds no more anyway.
_SMALLEST = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """The answers to n images, in the order of the predictions.

    Attributes:
        labels: the model's classes, then labels of the images that it does not know, sorted.
        truth, predicted: (n,) int64, places in `labels`.
        probabilities: (n, number of labels) float64; 0 for labels that the model does not know.
    """

    labels: tuple[str, ...]
    truth: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray

    @property
    def is_right(self) -> np.ndarray:
        """(n,) bool."""
        return self.truth == self.predicted

    @property
    def losses(self) -> np.ndarray:
        """(n,) cross entropy in nats: -ln of the true label's probability."""
        given = self.probabilities[np.arange(len(self.truth)), self.truth]
        return -np.log(np.maximum(given, _SMALLEST))


def read_answers(predictions: pa.Table, classes: Sequence[str]) -> Answers:
    """Reads the answers of a table of predictions.

    Raises:
        DatasetError: an image has no label, a prediction is none of the classes, or there is not
            one probability a class.
    """
    truths, predicted = predictions["truth"].to_pylist(), predictions["predicted"].to_pylist()
    uris = predictions["image_uri"].to_pylist()
    for uri, truth, answer in zip(uris, truths, predicted, strict=True):
        if truth is None:
            raise DatasetError(f"{uri}: has no label to compare the prediction with")
        if answer not in classes:
            raise DatasetError(f"{uri}: {answer!r} was predicted, the classes are {list(classes)}")
    labels = (*classes, *sorted(set(truths) - set(classes)))
    place = {label: index for index, label in enumerate(labels)}
    rows = predictions["probabilities"].to_pylist()
    for uri, row in zip(uris, rows, strict=True):
        if row is None or len(row) != len(classes):
            got = "none" if row is None else len(row)
            raise DatasetError(f"{uri}: wanted {len(classes)} probabilities, got {got}")
    probabilities = np.zeros((len(rows), len(labels)))
    probabilities[:, : len(classes)] = np.array(rows, np.float64)
    return Answers(
        labels=labels,
        truth=np.array([place[truth] for truth in truths], np.int64),
        predicted=np.array([place[answer] for answer in predicted], np.int64),
        probabilities=probabilities,
    )
