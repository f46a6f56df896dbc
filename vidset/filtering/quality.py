"""Measures of one picture, on its working luma (see `similarity`)."""

import cv2
import numpy as np


def sharpness(luma: np.ndarray) -> float:
    """Variance of the Laplacian: low for blurred pictures, and for empty ones.

    Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000.
    """
    edges = cv2.Laplacian(luma.astype(np.float32), cv2.CV_32F)  # In floats it is the fastest.
    return cv2.norm(edges, cv2.NORM_L2SQR) / edges.size - cv2.mean(edges)[0] ** 2


def brightness(luma: np.ndarray) -> float:
    """Mean level, 0 to 255."""
    return cv2.mean(luma)[0]


def phash(picture: np.ndarray) -> str:
    """The perceptual hash: 16 hex digits; similar pictures differ in few bits.

    Signs of the lowest 8x8 coefficients of the cosine transform of the picture at 32x32, against
    their median; the same bits in the same order as `imagehash.phash`, which scales otherwise.

    Args:
        picture: (h, w) luma of any type and size.
    """
    small = cv2.resize(picture, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8]
    ordered = np.sort(low, axis=None)
    return np.packbits(low > (ordered[31] + ordered[32]) / 2).tobytes().hex()
