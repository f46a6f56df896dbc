"""Predicted objects and true ones, one to one: a true object is hit once at most."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.masks import Mask

IOU = 0.5


@dataclass(frozen=True, slots=True)
class Thing:
    """An object: a box in pixels, origin top left; truths have the score 1.

    Attributes:
        mask: its pixels, where they are told; objects are matched by their boxes all the same.
    """

    label: str
    x: float
    y: float
    width: float
    height: float
    score: float = 1.0
    mask: Mask | None = None

    @classmethod
    def from_json(cls, value: dict[str, Any], uri: str) -> "Thing":
        """Reads what predictions and annotations have: {label, box: {x, y, width, height}, score}.

        A mask may stand beside the box.

        Raises:
            DatasetError: it has no label or box, a number is none, or its mask is damaged.
        """
        box = value.get("box")
        if not isinstance(box, dict):
            raise DatasetError(f"{uri}: wanted objects with a box, got {str(value)[:100]}")
        try:
            edges = [float(box[name]) for name in ("x", "y", "width", "height")]
            label, score = value["label"], float(value.get("score", 1.0))
        except (KeyError, TypeError, ValueError):
            raise DatasetError(
                f"{uri}: wanted an object with a label, and numbers x, y, width and height in its "
                f"box, got {str(value)[:100]}"
            ) from None
        try:
            mask = Mask.from_document(value["mask"]) if value.get("mask") else None
        except ValueError as error:
            raise DatasetError(f"{uri}: {error}") from None
        return cls(label, *edges, score=score, mask=mask)


@dataclass(frozen=True, slots=True)
class Matched:
    """The match of the predictions for one image with its truth.

    Attributes:
        pairs: (place of the prediction, place of the truth, their IoU), each place once.
        extra: places of predictions that hit nothing.
        missed: places of truths that nothing hit.
    """

    pairs: tuple[tuple[int, int, float], ...]
    extra: tuple[int, ...]
    missed: tuple[int, ...]

    @property
    def is_exact(self) -> bool:
        """All that is there was found, and nothing else. Nothing found where nothing is, too."""
        return not self.extra and not self.missed


def match(truths: Sequence[Thing], predicted: Sequence[Thing], iou: float = IOU) -> Matched:
    """Matches as COCO does: each prediction, the surest first, takes the truth of its label with
    the highest IoU, `iou` at least, that none before it took.
    """
    overlaps = overlap(truths, predicted)
    pairs: list[tuple[int, int, float]] = []
    taken: set[int] = set()
    for place in sorted(range(len(predicted)), key=lambda i: (-predicted[i].score, i)):
        free = [
            (overlaps[place, at], -at)
            for at, truth in enumerate(truths)
            if at not in taken and truth.label == predicted[place].label
        ]
        best, at = max(free, default=(0.0, 0))
        if free and best >= iou:
            taken.add(-at)
            pairs.append((place, -at, float(best)))
    hits = {place for place, _, _ in pairs}
    return Matched(
        pairs=tuple(pairs),
        extra=tuple(place for place in range(len(predicted)) if place not in hits),
        missed=tuple(at for at in range(len(truths)) if at not in taken),
    )


def overlap(truths: Sequence[Thing], predicted: Sequence[Thing]) -> np.ndarray:
    """(predicted, truths) intersection over union."""
    found = np.zeros((len(predicted), len(truths)))
    for i, one in enumerate(predicted):
        for j, other in enumerate(truths):
            wide = min(one.x + one.width, other.x + other.width) - max(one.x, other.x)
            tall = min(one.y + one.height, other.y + other.height) - max(one.y, other.y)
            if wide > 0 and tall > 0:
                both = wide * tall
                found[i, j] = both / (one.width * one.height + other.width * other.height - both)
    return found


def read_things(predictions: pa.Table, column: str) -> list[list[Thing]]:
    """The objects of each row, of the column `truth` or `predicted`."""
    texts, uris = predictions[column].to_pylist(), predictions["image_uri"].to_pylist()
    found = []
    for text, uri in zip(texts, uris, strict=True):
        if text is None:
            raise DatasetError(f"{uri}: {column} is no list of objects; [] says that there is none")
        found.append(things_in(text, uri))
    return found


def things_in(text: str | None, uri: str) -> list[Thing]:
    """Returns the objects in the text of a prediction's column; none where it is null."""
    return [Thing.from_json(value, uri) for value in json.loads(text or "[]")]
