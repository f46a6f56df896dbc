"""Shows where a model is good and where not: the share of right images, slice by slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.manifest import Manifest
from vidset.training.scoring.intervals import wilson
from vidset.training.scoring.predictions import rows_of

# Below this many images an interval is wider than what slices differ by.
SMALL = 30
BINS = 4
_MEASURED = ("brightness", "sharpness", "pixels")


@dataclass(frozen=True, slots=True)
class Slice:
    """Images that have something in common.

    Attributes:
        by: label, collector, video, brightness, sharpness or pixels (width times height).
        value: what they have in common; of a measure, the bin, as "[12, 34)".
        is_small: too few to conclude anything from.
    """

    by: str
    value: str
    images: int
    right: int
    share: float
    interval: tuple[float, float]
    is_small: bool

    @classmethod
    def of(cls, by: str, value: str, is_right: np.ndarray) -> "Slice":
        images, right = len(is_right), int(is_right.sum())
        return cls(by, value, images, right, right / images, wilson(right, images), images < SMALL)

    def to_json(self) -> dict[str, Any]:
        return {
            "by": self.by,
            "value": self.value,
            "images": self.images,
            "right": self.right,
            "share": self.share,
            "interval": list(self.interval),
            "is_small": self.is_small,
        }


def slice_images(
    predictions: pa.Table,
    is_right: np.ndarray,
    labels: Sequence[Sequence[str]],
    manifest: Manifest,
    measures: pa.Table,
) -> list[Slice]:
    """Slices by each of label, collector, video and measure; the worst slice of each first.

    Args:
        is_right: (n,) bool, of each row of `predictions`.
        labels: of each row: an image with objects of two labels is in both slices.
        manifest, measures: of the version that the predictions are for.

    Raises:
        DatasetError: an image of the predictions is none of the version's.
    """
    rows = rows_of(predictions, manifest)
    found = [Slice.of("label", value, is_right[at]) for value, at in _places(labels)]
    for by, column in (("collector", "collector_id"), ("video", "video_uri")):
        values = [[] if row[column] is None else [row[column]] for row in rows]
        found += [Slice.of(by, value, is_right[at]) for value, at in _places(values)]
    of_image = {row["image_sha256"]: row for row in measures.to_pylist()}
    measured = [of_image.get(row["image_sha256"]) for row in rows]
    for by in _MEASURED:
        numbers = np.array([_measure(row, by) for row in measured])
        found += [Slice.of(by, value, is_right[at]) for value, at in cut_quantiles(numbers)]
    order = {slice_.by: place for place, slice_ in reversed(list(enumerate(found)))}
    return sorted(found, key=lambda one: (order[one.by], one.share, one.value))


def cut_quantiles(numbers: np.ndarray, bins: int = BINS) -> list[tuple[str, np.ndarray]]:
    """Bins with about as many images each: (name, places). Equal numbers share a bin, so there may
    be fewer; NaN is in none.
    """
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return []
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)))
    inner = edges[1:-1]
    of_bin = np.where(np.isnan(numbers), -1, np.searchsorted(inner, numbers, side="right"))
    found = []
    for place in np.unique(of_bin[of_bin >= 0]):
        low = edges[0] if place == 0 else inner[place - 1]
        is_last = place == len(inner)
        high = edges[-1] if is_last else inner[place]
        if low == high:
            name = f"{low:.6g}"
        else:
            name = f"{low:.6g} to {high:.6g}" if is_last else f"{low:.6g} to below {high:.6g}"
        found.append((name, np.flatnonzero(of_bin == place)))
    return found


def _places(values: Sequence[Sequence[str]]) -> list[tuple[str, np.ndarray]]:
    found: dict[str, list[int]] = {}
    for place, several in enumerate(values):
        for value in several:
            found.setdefault(value, []).append(place)
    return [(value, np.array(found[value])) for value in sorted(found)]


def _measure(row: Mapping[str, Any] | None, by: str) -> float:
    if row is None:
        return float("nan")
    return float(row["width"] * row["height"] if by == "pixels" else row[by])
