"""Make regions of a picture unrecognisable, for good: nothing of their detail is left."""

from collections.abc import Sequence

import cv2
import numpy as np

from vidset.privacy.detector import Region

# A face of 5 x 5 means says no more of a person than how light the skin is.
_CELLS = 5
_LEAST_CELL = 8
# Ears, chin and hair stand out of a detector's box, as does a box that is a little off.
_MARGIN = 0.2


def blur(picture: np.ndarray, regions: Sequence[Region], method: str) -> np.ndarray:
    """Return a copy of a picture in which regions are means of their pixels.

    Args:
        picture: (height, width, 3) uint8.
        method: "mosaic" for at most 5 x 5 means in each region, each of 8 pixels or more on a side;
            "solid" for one.
    """
    found = picture.copy()
    height, width = picture.shape[:2]
    for each in regions:
        left, top, right, bottom = blurred_box(each, width, height)
        if right <= left or bottom <= top:
            continue
        # Each region is taken from what is blurred already: two that overlap leave no detail.
        part = found[top:bottom, left:right]
        most = 1 if method == "solid" else _CELLS
        size = _cells(right - left, most), _cells(bottom - top, most)
        means = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
        found[top:bottom, left:right] = cv2.resize(
            means.reshape(size[1], size[0], 3),
            (right - left, bottom - top),
            interpolation=cv2.INTER_NEAREST,
        )
    return found


def blurred_box(region: Region, width: int, height: int) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of what `blur` replaces for a region, in pixels.

    Right and bottom are the first pixels that stay. The box is empty where the region lies outside
    of a picture of this width and height.
    """
    return (
        max(0, int(np.floor(region.x - _MARGIN * region.width))),
        max(0, int(np.floor(region.y - _MARGIN * region.height))),
        min(width, int(np.ceil(region.x + (1 + _MARGIN) * region.width))),
        min(height, int(np.ceil(region.y + (1 + _MARGIN) * region.height))),
    )


def _cells(side: int, most: int) -> int:
    return max(1, min(most, side // _LEAST_CELL))
