"""Numbers counted in bins that are the same for every dataset, so that any two can be compared."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np


def _powers(base: float, first: float, last: float, step: float) -> tuple[float, ...]:
    count = round((last - first) / step)
    return tuple(float(f"{base ** (first + number * step):.6g}") for number in range(count + 1))


# What lies outside of the edges counts in the first or the last bin.
EDGES: dict[str, tuple[float, ...]] = {
    "width": _powers(2, 2, 14, 0.5),
    "height": _powers(2, 2, 14, 0.5),
    "aspect_ratio": _powers(2, -3, 3, 0.25),
    "size_bytes": _powers(2, 6, 26, 1),
    "brightness": tuple(float(level) for level in range(0, 257, 4)),
    "contrast": tuple(float(level) for level in range(0, 129, 4)),
    "sharpness": _powers(2, -2, 16, 1),
    "objects": (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 11.0, 16.0, 21.0, 31.0, 51.0, 101.0),
    "object_area": _powers(10, -5, 0, 0.5),
}


@dataclass(slots=True)
class Histogram:
    """Numbers of a feature, a few at a time: takes the same memory however many there are.

    Attributes:
        feature: whose `EDGES` are used. A bin holds what is at its lower edge or above, and below
            its upper edge.
    """

    feature: str
    count: int = 0
    least: float = math.inf
    most: float = -math.inf
    total: float = 0.0
    squares: float = 0.0
    counts: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros(len(EDGES[self.feature]) - 1, np.int64)

    def add(self, values: np.ndarray) -> None:
        """Count more numbers, finite ones."""
        if not len(values):
            return
        values = values.astype(np.float64)
        self.count += len(values)
        self.least = min(self.least, float(values.min()))
        self.most = max(self.most, float(values.max()))
        self.total += float(values.sum())
        self.squares += float(np.square(values).sum())
        bins = np.searchsorted(EDGES[self.feature], values, side="right") - 1
        bins = np.clip(bins, 0, len(self.counts) - 1)
        self.counts += np.bincount(bins, minlength=len(self.counts))

    def to_dict(self) -> dict[str, Any]:
        """Returns it for JSON. Without numbers, min, max, mean and deviation are null."""
        mean = self.total / self.count if self.count else None
        variance = None if mean is None else max(self.squares / self.count - mean**2, 0.0)
        return {
            "count": self.count,
            "min": _rounded(self.least) if self.count else None,
            "max": _rounded(self.most) if self.count else None,
            "mean": _rounded(mean),
            "deviation": None if variance is None else _rounded(math.sqrt(variance)),
            "edges": list(EDGES[self.feature]),
            "counts": self.counts.tolist(),
        }


def _rounded(number: float | None) -> float | None:
    """Rounds to seven digits, with which the measures are kept."""
    return None if number is None else float(f"{number:.7g}")
