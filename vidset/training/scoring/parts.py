"""Measures how far two masks agree in each of their parts: they are cut into columns, and rows.

A mask that covers a plate well but ends before its last letter has a high IoU. Its last column has
a low one, and that is what counts here.
"""

import numpy as np

from vidset.masks import Mask

PARTS = 3


def least_overlap(truth: Mask, predicted: Mask, parts: int = PARTS) -> float:
    """Return the lowest IoU of corresponding parts of two masks, 0 to 1.

    The box around each mask is cut into `parts` columns of one width and, beside that, into `parts`
    rows of one height, so that a mask has 2 * `parts` parts. The cuts are exact: they may go
    through pixels, of which each side then has its share. Each mask is cut by its own box. A part
    in which neither mask has a pixel, such as a hole, is left out. The result is never above the
    IoU of the whole masks. An empty mask has no parts: 0.
    """
    boxes = truth.bounds, predicted.bounds
    if boxes[0] is None or boxes[1] is None:
        return 0.0
    edges = np.array([box for box in boxes if box])
    left, top, right, bottom = *edges[:, :2].min(axis=0), *edges[:, 2:].max(axis=0)
    one, other = (mask.crop(left, top, right, bottom) for mask in (truth, predicted))
    columns, rows = (
        _lowest(
            *(picture.sum(axis=axis) for picture in (one, other, one & other)),
            *(_cuts(box[axis] - start, box[axis + 2] - start, parts) for box in edges),
        )
        for axis, start in ((0, left), (1, top))
    )
    return min(columns, rows)


def _cuts(start: int, end: int, parts: int) -> np.ndarray:
    """Return (parts + 1,): where parts begin and end, in units of 1 / parts of a pixel."""
    return start * parts + (end - start) * np.arange(parts + 1)


def _lowest(
    one: np.ndarray,
    other: np.ndarray,
    both: np.ndarray,
    cuts: np.ndarray,
    other_cuts: np.ndarray,
) -> float:
    """Return the lowest IoU of parts along one axis. It is counted in whole numbers.

    Args:
        one, other, both: (pixels of the axis,) how many pixels of each mask, and of both, lie
            there.
        cuts, other_cuts: (parts + 1,) where the parts of each mask begin and end.
    """
    starts, ends = cuts[:-1], cuts[1:]
    other_starts, other_ends = other_cuts[:-1], other_cuts[1:]
    common = _shares(np.maximum(starts, other_starts), np.minimum(ends, other_ends), len(both))
    shared = common @ both
    areas = _shares(starts, ends, len(one)) @ one
    other_areas = _shares(other_starts, other_ends, len(other)) @ other
    unions = areas + other_areas - shared
    is_there = unions > 0
    return float((shared[is_there] / unions[is_there]).min())


def _shares(starts: np.ndarray, ends: np.ndarray, size: int) -> np.ndarray:
    """Return (parts, size): how much of each pixel lies in each part, 0 to the number of parts."""
    parts = len(starts)
    pixels = np.arange(0, size * parts, parts)
    length = np.minimum(ends[:, None], pixels + parts) - np.maximum(starts[:, None], pixels)
    return np.clip(length, 0, parts)
