"""Makes CenterNet's targets of boxes, computes its loss, and makes boxes of its output."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from vidset.training.models.centernet import Output


@dataclass(frozen=True, slots=True)
class Box:
    """A box in cells of the grid. `label` is the class's place."""

    label: int
    x: float
    y: float
    width: float
    height: float
    score: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """The answers that the network should give for a batch.

    Attributes:
        heat: (n, labels, h, w), 1 at an object's centre.
        places: (objects, 3) int64: image, row and column of each centre.
        sizes, offsets: (objects, 2), x before y.
    """

    heat: Tensor
    places: Tensor
    sizes: Tensor
    offsets: Tensor

    def to(self, device: torch.device) -> "Targets":
        """The same on a device."""
        return Targets(
            self.heat.to(device),
            self.places.to(device),
            self.sizes.to(device),
            self.offsets.to(device),
        )


def make_targets(
    images: Sequence[Sequence[Box]], labels: int, grid: tuple[int, int], least_overlap: float
) -> Targets:
    """`grid` is (height, width) in cells. A centre outside it counts for the nearest cell."""
    height, width = grid
    heat = np.zeros((len(images), labels, height, width), np.float32)
    places, sizes, offsets = [], [], []
    for number, boxes in enumerate(images):
        for box in boxes:
            x, y = box.x + box.width / 2, box.y + box.height / 2
            column, row = min(max(int(x), 0), width - 1), min(max(int(y), 0), height - 1)
            _draw(heat[number, box.label], row, column, radius(box, least_overlap))
            places.append((number, row, column))
            sizes.append((box.width, box.height))
            offsets.append((x - column, y - row))
    return Targets(
        torch.from_numpy(heat),
        torch.tensor(places, dtype=torch.int64).reshape(-1, 3),
        torch.tensor(sizes, dtype=torch.float32).reshape(-1, 2),
        torch.tensor(offsets, dtype=torch.float32).reshape(-1, 2),
    )


def radius(box: Box, least_overlap: float) -> int:
    """Returns by how many cells both corners of a box may shift, so that its IoU is this at least.

    The least of three cases (CornerNet, arXiv 1808.01244): the box is shifted by r both ways, both
    corners move inwards, both outwards. In each, IoU = least_overlap is quadratic in r.
    """
    sides, area, o = box.width + box.height, box.width * box.height, least_overlap
    shifted = (sides - math.sqrt(sides**2 - 4 * area * (1 - o) / (1 + o))) / 2
    inwards = (sides - math.sqrt(sides**2 - 4 * area * (1 - o))) / 4
    outwards = (math.sqrt(sides**2 + 4 * area * (1 - o) / o) - sides) / 4
    return int(min(shifted, inwards, outwards))


def _draw(heat: np.ndarray, row: int, column: int, radius_: int) -> None:
    """A Gaussian; where two overlap, the higher one stays."""
    sigma = (2 * radius_ + 1) / 6
    top, left = max(row - radius_, 0), max(column - radius_, 0)
    patch = heat[top : row + radius_ + 1, left : column + radius_ + 1]
    rows = np.arange(top, top + patch.shape[0])[:, None] - row
    columns = np.arange(left, left + patch.shape[1])[None] - column
    np.maximum(patch, np.exp(-(rows**2 + columns**2) / (2 * sigma**2)), out=patch)


def loss(output: Output, targets: Targets, rule: Mapping[str, Any]) -> Tensor:
    """The paper's equations 1, 3 and 4: over the number of objects, of one at least."""
    number = max(len(targets.places), 1)
    return (
        _focal(output.heat, targets.heat, rule) / number
        + rule["size_weight"] * _absolute(output.size, targets, targets.sizes) / number
        + rule["offset_weight"] * _absolute(output.offset, targets, targets.offsets) / number
    )


def _focal(logits: Tensor, wanted: Tensor, rule: Mapping[str, Any]) -> Tensor:
    log_yes, log_no = nn.functional.logsigmoid(logits), nn.functional.logsigmoid(-logits)
    yes, no = log_yes.exp(), log_no.exp()
    is_centre = wanted == 1
    hit = no ** rule["focal_alpha"] * log_yes
    miss = (1 - wanted) ** rule["focal_beta"] * yes ** rule["focal_alpha"] * log_no
    return -torch.where(is_centre, hit, miss).sum()


def _absolute(map_: Tensor, targets: Targets, wanted: Tensor) -> Tensor:
    image, row, column = targets.places.unbind(1)
    return (map_[image, :, row, column] - wanted).abs().sum()


def find_boxes(output: Output, most: int, least_score: float) -> list[list[Box]]:
    """Return the peaks of each image's heat maps as boxes, highest score first."""
    heat = output.heat.sigmoid()
    peaks = heat * (nn.functional.max_pool2d(heat, 3, stride=1, padding=1) == heat)
    count, _, _, width = peaks.shape
    cells = peaks.shape[2] * width
    scores, places = peaks.reshape(count, -1).topk(min(most, cells))
    found: list[list[Box]] = []
    for image in range(count):
        boxes = []
        for score, place in zip(scores[image].tolist(), places[image].tolist(), strict=True):
            if score < least_score:
                break
            label, cell = divmod(place, cells)
            row, column = divmod(cell, width)
            w, h = output.size[image, :, row, column].clamp(min=0).tolist()
            dx, dy = output.offset[image, :, row, column].tolist()
            x, y = column + dx - w / 2, row + dy - h / 2
            boxes.append(Box(label, x, y, w, h, score))
        found.append(boxes)
    return found
