"""A detector finds what must not be recognised in a picture: faces, plates.

To add one, write a class with this attribute and `find`, and name a function that opens it in the
entry point group `vidset.detectors`: see `vidset.privacy.registry`.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class Region:
    """Something that was found: a box in pixels, origin at the top left, and a score of 0 to 1."""

    x: float
    y: float
    width: float
    height: float
    score: float


class Detector(Protocol):
    """Finds regions to blur.

    Attributes:
        id: names model, version and settings by content, as in `faces-centerface-09189deaaf86-2`.
    """

    id: str

    def find(self, picture: np.ndarray) -> list[Region]:
        """Return what must not be recognised.

        Args:
            picture: (height, width, 3) uint8 RGB.

        Raises:
            ValueError: the picture cannot be checked. It is not sent then.
        """
        ...
