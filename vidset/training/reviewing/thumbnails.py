"""Small pictures for a person's eyes."""

import cv2
import numpy as np

_ENLARGE_AT_MOST = 8


def fit(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """The picture, (h, w, 3) uint8, as large as fits into width x height, its shape kept.

    A tiny one is enlarged by whole pixels, so that it looks as it is.
    """
    tall, wide = picture.shape[:2]
    scale = min(width / wide, height / tall, _ENLARGE_AT_MOST)
    if scale >= 2:
        scale = int(scale)
    size = max(1, round(wide * scale)), max(1, round(tall * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    return cv2.resize(picture, size, interpolation=how)


def to_png(picture: np.ndarray) -> bytes:
    """(h, w, 3) uint8 RGB as PNG."""
    _, data = cv2.imencode(".png", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return data.tobytes()
