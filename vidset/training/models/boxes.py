"""Objects of a manifest as boxes, and how an image of any size fits the network's input."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.entry import Entry
from vidset.formats.painting import IGNORED


@dataclass(frozen=True, slots=True)
class LabeledBox:
    """A box in pixels of the image, from its top left."""

    label: str
    x: float
    y: float
    width: float
    height: float
    score: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Returns the box as vidset.training.scoring.predictions has it."""
        box = {"x": self.x, "y": self.y, "width": self.width, "height": self.height}
        scored = {} if self.score is None else {"score": self.score}
        return {"label": self.label, "box": box, **scored}


def boxes_of(entry: Entry) -> list[LabeledBox]:
    """An image's objects, of each the upright box that holds it. Words on the image have none.

    Areas to be ignored are no objects.
    """
    bounds = ((thing.label, thing.bounds) for thing in entry.things if thing.label != IGNORED)
    return [LabeledBox(label, *edges) for label, edges in bounds if edges is not None]


def boxes_to_json(boxes: list[LabeledBox]) -> str:
    """A JSON list."""
    return to_json([box.to_dict() for box in boxes])


def input_scale(width: int, height: int, rule: Mapping[str, Any]) -> float:
    """Returns by what an image's pixels are multiplied so that its longer side fills the input."""
    return min(rule["width"] / width, rule["height"] / height)


def fit(picture: np.ndarray, rule: Mapping[str, Any]) -> np.ndarray:
    """(height, width, 3) uint8 RGB of any size as (input height, input width, 3) uint8.

    It stands top left; the rest is grey.
    """
    height, width = picture.shape[:2]
    scale = input_scale(width, height, rule)
    inside = max(round(width * scale), 1), max(round(height * scale), 1)
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    fitted = np.full((rule["height"], rule["width"], 3), rule["pad_level"], np.uint8)
    fitted[: inside[1], : inside[0]] = cv2.resize(picture, inside, interpolation=how)
    return fitted
