"""Sheets of thumbnails: one WebP of many small pictures, for a page without a server."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.picture_headers import told_size
from vidset.view.thumbnails import SIDE

ACROSS = 8
ON_SHEET = ACROSS * ACROSS
_QUALITY = 70


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet, `ACROSS` cells wide.

    Attributes:
        cell: width and height of a cell in pixels.
        sizes: width and height of each thumbnail, at the upper left of its cell; 0, 0 where there
            is none.
    """

    webp: bytes
    cell: tuple[int, int]
    sizes: list[tuple[int, int]]


def make_sheet(thumbnails: Sequence[bytes]) -> Sheet:
    """Put up to `ON_SHEET` thumbnails on a sheet; an empty one stands for what cannot be read."""
    pictures = [_decoded(each) for each in thumbnails]
    sizes = [(0, 0) if each is None else (each.shape[1], each.shape[0]) for each in pictures]
    wide, high = (max(1, *(size[axis] for size in sizes), 1) for axis in (0, 1))
    rows = -(-len(pictures) // ACROSS)
    sheet = np.zeros((rows * high, ACROSS * wide, 3), np.uint8)
    for at, picture in enumerate(pictures):
        if picture is not None:
            y, x = at // ACROSS * high, at % ACROSS * wide
            sheet[y : y + picture.shape[0], x : x + picture.shape[1]] = picture
    _, webp = cv2.imencode(".webp", sheet, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return Sheet(webp.tobytes(), (wide, high), sizes)


def _decoded(webp: bytes) -> np.ndarray | None:
    size = told_size(webp)
    if size is None or max(size) > SIDE:  # There is none, or it is nothing that vidset made.
        return None
    return cv2.imdecode(np.frombuffer(webp, np.uint8), cv2.IMREAD_COLOR)
