"""Thumbnails of the samples of a video that were dropped, on one sheet.

They are made from the small pictures that samples are compared by, which are there whoever has
decoded the video, so that a sheet is the same for any number of processes.
"""

import cv2
import numpy as np

SIDE = 96
"""The longer side of a thumbnail in pixels."""

ACROSS = 16
"""So many thumbnails stand beside each other."""

MOST = 2048
"""If more samples were dropped, each second one is shown, or each fourth, and so on."""

_QUALITY = 40


class DroppedSheet:
    """The sheet of one video; at most 2,048 thumbnails, some 16 MB, are held.

    Attributes:
        count: how many samples were dropped.
    """

    def __init__(self) -> None:
        self.count = 0
        self._stride = 1
        self._size: tuple[int, int] | None = None
        self._cells: list[tuple[np.ndarray, np.ndarray]] = []

    def add(self, luma: np.ndarray, chroma: np.ndarray) -> None:
        """Take the next sample that was dropped.

        Args:
            luma: (h, w) uint8.
            chroma: (h, w, 2) uint8, the two colour differences, in any size.
        """
        place, self.count = self.count, self.count + 1
        if place % self._stride:
            return
        if len(self._cells) == MOST:
            del self._cells[1::2]
            self._stride *= 2
            if place % self._stride:
                return
        if self._size is None:  # Where a video changes its size, all go by the first one.
            height, width = luma.shape
            scale = SIDE / max(height, width)
            self._size = max(2, round(width * scale)), max(2, round(height * scale))
        wide, high = self._size
        small = cv2.resize(luma, (wide, high), interpolation=cv2.INTER_AREA)
        half = (-(-wide // 2), -(-high // 2))
        self._cells.append((small, cv2.resize(chroma, half, interpolation=cv2.INTER_AREA)))

    def webp(self) -> bytes | None:
        """Return the sheet, row by row in the order of time; None where nothing was dropped."""
        if self._size is None:
            return None
        wide, high = self._size
        sheet = np.zeros((-(-len(self._cells) // ACROSS) * high, ACROSS * wide, 3), np.uint8)
        for at, (luma, chroma) in enumerate(self._cells):
            y, x = at // ACROSS * high, at % ACROSS * wide
            colour = cv2.resize(chroma, (wide, high), interpolation=cv2.INTER_LINEAR)
            planes = cv2.merge([luma, colour[..., 1], colour[..., 0]])
            sheet[y : y + high, x : x + wide] = cv2.cvtColor(planes, cv2.COLOR_YCrCb2BGR)
        _, webp = cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
        return webp.tobytes()
