"""Measures how alike two samples are: SSIM for the whole picture, and a local measure beside it.

Both are taken on the working luma (`DecodedFrame.luma`): full-size luma halved until it is at most
480 wide. Averaging areas takes most of the sensor's noise away, which full-size SSIM counts as
change, and makes the comparison cost less than the frame's JPEG.
"""

from dataclasses import dataclass

import cv2
import numpy as np

# Wang, Bovik, Sheikh, Simoncelli, "Image quality assessment: from error visibility to structural
# similarity", IEEE Trans. Image Processing 13(4), 2004: K1 = 0.01, K2 = 0.03, data range L = 255.
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_BLOCK = 4  # The windows: blocks of 4x4, side by side.
_UNBIASED = _BLOCK**2 / (_BLOCK**2 - 1)
# What two pictures differ by in their quieter part (40 % of the windows) is taken for noise, up to
# the variance that uniform noise of +-8 levels in both gives: 2 * ((2 * 8 + 1)^2 - 1) / 12.
_NOISE_QUANTILE, _MAX_NOISE_VARIANCE = 0.4, 48.0
# From the measure on the working luma to full-size SSIM (colour, 7x7 windows, data range 255):
# the pairs of thresholds at which both decide alike, `python -m benchmarks --only similarity`.
_WORKING = (0.0, 0.818, 0.904, 0.970, 1.0)
_FULL_SIZE = (0.0, 0.8, 0.9, 0.95, 1.0)
# Of pictures that are not exactly equal.
ALMOST_ONE = 1 - 1e-6
# The side of the window of the local measure: 0.06^2 = 0.36 % of the picture's area.
_LOCAL_SIDE = 0.06


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A luma picture with what is needed to compare it with many others.

    Attributes:
        luma: (h, w) uint8.
        mean, variance: (h // 4, w // 4) float32, of its 4x4 blocks.
        chroma: (h // 4, w // 4, 2) float32, the colour differences of the blocks.
    """

    luma: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    chroma: np.ndarray


@dataclass(frozen=True, slots=True)
class Likeness:
    """The likeness of two pictures.

    Attributes:
        ssim: on the scale of full-size SSIM; 1.0 only for equal luma.
        local_change: levels, 0 to 255; how much the most changed small window has changed, in luma
            or in colour.
    """

    ssim: float
    local_change: float


def picture(luma: np.ndarray, chroma: np.ndarray) -> Picture:
    """Prepare (h, w) uint8 luma and uint8 chroma of any size, two channels, for comparing."""
    height, width = (max(size - size % _BLOCK, 1) for size in luma.shape)
    values = luma[:height, :width].astype(np.float32)
    mean = _block_means(values)
    variance = (_block_means(cv2.multiply(values, values)) - mean * mean) * _UNBIASED
    colours = cv2.resize(chroma, mean.shape[::-1], interpolation=cv2.INTER_AREA)
    return Picture(luma, mean, variance, colours.reshape(*mean.shape, 2).astype(np.float32))


def compare(a: Picture, b: Picture) -> Likeness:
    """Compare two pictures of the same shape.

    SSIM = l * cs, with l = (2 ma mb + C1) / (ma^2 + mb^2 + C1) and, since var(a - b) =
    var(a) + var(b) - 2 cov(a, b), cs = 1 - var(a - b) / (var(a) + var(b) + C2): in this form the
    noise can be taken out of var(a - b).
    """
    if np.array_equal(a.luma, b.luma):
        return Likeness(1.0, local_change_between(a.mean - b.mean, a.chroma - b.chroma))
    height, width = (max(size - size % _BLOCK, 1) for size in a.luma.shape)
    difference = cv2.absdiff(a.luma[:height, :width], b.luma[:height, :width])
    squares = _block_means(cv2.multiply(difference, difference, dtype=cv2.CV_32F))
    mean_difference = a.mean - b.mean
    variance = (squares - mean_difference * mean_difference) * _UNBIASED
    noise = min(_quantile(variance, _NOISE_QUANTILE), _MAX_NOISE_VARIANCE)
    structure = 1 - np.maximum(variance - noise, 0) / (a.variance + b.variance + _C2)
    squared_means = a.mean * a.mean + b.mean * b.mean
    brightness = (squared_means - mean_difference * mean_difference + _C1) / (squared_means + _C1)
    ssim = float(np.interp(cv2.mean(brightness * structure)[0], _WORKING, _FULL_SIZE))
    return Likeness(
        min(ssim, ALMOST_ONE), local_change_between(mean_difference, a.chroma - b.chroma)
    )


def _block_means(values: np.ndarray) -> np.ndarray:
    height, width = values.shape
    size = (max(width // _BLOCK, 1), max(height // _BLOCK, 1))
    return cv2.resize(values, size, interpolation=cv2.INTER_AREA)


def _quantile(values: np.ndarray, share: float) -> float:
    """Return a quantile from every other row and column: good enough, and ten times faster."""
    some = values[::2, ::2]
    place = int(share * (some.size - 1))
    return float(np.partition(some, place, axis=None)[place])


def local_change_between(luma: np.ndarray, chroma: np.ndarray) -> float:
    """The largest mean change of a small window, beyond what the whole picture has changed.

    In colour too: a red car on a road of the same brightness is not to be seen in luma.
    """
    side = max(1, round(_LOCAL_SIDE * float(np.sqrt(luma.size))))
    changes = cv2.merge([luma - _quantile(luma, 0.5), *cv2.split(chroma)])
    return float(cv2.blur(np.abs(changes), (side, side)).max())
