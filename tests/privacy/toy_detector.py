"""A detector of red squares, installed as a package of its own."""

import numpy as np

from vidset.privacy.detector import Region


class RedSquares:
    """Finds the box of all pixels that are red; refuses pictures that are all black."""

    id = "red-squares-1"

    def find(self, picture: np.ndarray) -> list[Region]:
        if picture.max() < 20:
            raise ValueError("it is too dark to be checked")
        levels = picture.astype(int)
        is_red = (levels[..., 0] > 180) & (levels[..., 1] < 90) & (levels[..., 2] < 90)
        rows, columns = np.nonzero(is_red)
        if not len(rows):
            return []
        x, y = int(columns.min()), int(rows.min())
        return [Region(x, y, int(columns.max()) - x + 1, int(rows.max()) - y + 1, 0.9)]


def open_detector(told: str) -> RedSquares:
    if told:
        raise ValueError(f"red: wanted nothing behind it, got {told!r}")
    return RedSquares()
