"""The measures of image-similarity-measures 0.3.6, computed by scikit-image, phasepack and NumPy.

Each takes two (h, w, 3) uint8 RGB pictures of one size and gives the score that the package gives
for them with the range of 8-bit pictures, 255, so that thresholds that were set with it stay what
they were (tests/filtering/test_reference_measures.py compares the two). The package was written for
12-bit satellite pictures. Where its arithmetic departs from the paper on 8-bit ones, the docstring
says so: `fsim`, `issm` and `sam` are kept as they are, not as they should be.
"""

import math
import warnings

import cv2
import numpy as np

_MAX = 255
_WINDOW = 8


def ssim(a: np.ndarray, b: np.ndarray) -> float:
    """Structural similarity in windows of 7x7, averaged over the channels: 1 for equal pictures.

    Z. Wang et al., "Image quality assessment: from error visibility to structural similarity",
    IEEE Trans. Image Processing 13(4), 2004.
    """
    from skimage.metrics import structural_similarity

    score = structural_similarity(a, b, data_range=_MAX, channel_axis=2)
    return float(score)  # pyright: ignore[reportArgumentType]  It is one number without `full`.


def rmse(a: np.ndarray, b: np.ndarray) -> float:
    """Root of the mean squared difference of each channel, averaged; 0 is equal, 1 the largest."""
    return float(np.sqrt(_squared_errors(a, b)).mean() / _MAX)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal to noise ratio in dB, 10 log10(255^2 / mean squared error).

    It is infinite for equal pictures.
    """
    error = float(_squared_errors(a, b).mean())
    return 10 * math.log10(_MAX**2 / error) if error else math.inf


def sre(a: np.ndarray, b: np.ndarray) -> float:
    """Signal to reconstruction error ratio in dB.

    In each channel it is the squared mean of `a` over the norm of the difference per pixel, as in
    C. Lanaras et al., "Super-resolution of Sentinel-2 images", ISPRS Journal 146, 2018. It is
    infinite where a channel is equal in both.
    """
    signals = np.square(a.mean(axis=(0, 1)))
    errors = np.sqrt(_squared_errors(a, b) / (a.shape[0] * a.shape[1]))
    if not errors.all():
        return math.inf
    ratio = float((signals / errors).mean())
    return 10 * math.log10(ratio) if ratio else -math.inf


def sam(a: np.ndarray, b: np.ndarray) -> float:
    """Mean angle between the colours of the two pictures at each pixel, in degrees.

    F. A. Kruse et al., "The spectral image processing system (SIPS)", Remote Sensing of Environment
    44, 1993. The package multiplies the channels in 8 bits, so that each product is modulo 256: the
    score tells pictures apart, but is no angle. It is 0 if a pixel is black in either picture.
    """
    products = np.multiply(a, b).sum(axis=-1)
    lengths = np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1)
    if not lengths.all():
        return 0.0
    return float(np.rad2deg(np.arccos(np.clip(products / lengths, -1, 1))).mean())


def uiq(a: np.ndarray, b: np.ndarray) -> float:
    """Universal quality index in all windows of 8x8, averaged: 1 for equal pictures.

    A window that is flat in both counts as 0. Z. Wang and A. C. Bovik, "A universal image quality
    index", IEEE Signal Processing Letters 9(3), 2002.

    Raises:
        ValueError: the pictures are smaller than a window.
    """
    if min(a.shape[:2]) < _WINDOW:
        raise ValueError(
            f"--metric uiq compares pictures of at least {_WINDOW}x{_WINDOW} pixels, "
            f"got {a.shape[1]}x{a.shape[0]}"
        )
    return float(np.mean([_quality(a[..., c], b[..., c]) for c in range(a.shape[2])]))


def fsim(a: np.ndarray, b: np.ndarray) -> float:
    """Feature similarity by phase congruency and gradient, averaged over the channels.

    L. Zhang et al., "FSIM: a feature similarity index for image quality assessment", IEEE Trans.
    Image Processing 20(8), 2011, with its constants 0.85 and 160. The package takes Scharr's
    gradients in 16 bits without sign: falling edges are none, and squares are modulo 65536.
    """
    scores = []
    for channel in range(a.shape[2]):
        one, other = a[..., channel], b[..., channel]
        phases = _phase_congruency(one), _phase_congruency(other)
        alike = _alike(*phases, 0.85) * _alike(_gradient(one), _gradient(other), 160)
        weights = np.maximum(*phases)
        # Pictures without any feature are compared at each pixel alike; the package gives NaN.
        scores.append(np.average(alike, weights=weights if weights.any() else None))
    return float(np.mean(scores))


def issm(a: np.ndarray, b: np.ndarray) -> float:
    """Statistical similarity by a joint histogram, edges and SSIM.

    M. A. Aljanabi et al., "A new measure of image similarity based on information theory and
    structure", IEEE Access 6, 2018. The package looks for edges in a sixteenth of the brightness
    and takes SSIM with the range 4095, as its pictures of 12 bits want: pictures of 8 bits rarely
    have an edge then, and the score is 0 where either has none.
    """
    from skimage.metrics import structural_similarity

    edges = _edge_correlation(a, b)
    if edges is None:
        return 0.0
    counts = np.histogram2d(a.ravel(), b.ravel())[0]
    counts = counts[counts > 0]
    entropy = -float(np.sum(counts * np.log2(counts)))
    score = structural_similarity(a, b, data_range=4095, channel_axis=2)
    structure = float(score)  # pyright: ignore[reportArgumentType]  As above.
    above = edges * entropy * (0.3 + 0.5) + math.e
    return above / (0.3 * edges * entropy + 0.5 * entropy + 0.7 * structure + math.e)


def _squared_errors(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The mean squared difference of each channel."""
    return np.square(a.astype(np.float64) - b).mean(axis=(0, 1))


def _quality(a: np.ndarray, b: np.ndarray) -> float:
    """The universal quality index of one channel, from sums of integers, which are exact."""
    a, b = a.astype(np.int64), b.astype(np.int64)
    sum_a, sum_b = _window_sums(a), _window_sums(b)
    pixels = _WINDOW**2
    covariance = pixels * _window_sums(a * b) - sum_a * sum_b
    variances = pixels * _window_sums(a * a + b * b) - sum_a * sum_a - sum_b * sum_b
    below = variances.astype(np.float64) * (sum_a * sum_a + sum_b * sum_b)
    above = 4.0 * covariance * (sum_a * sum_b)
    return float(np.divide(above, below, out=np.zeros_like(above), where=below != 0).mean())


def _window_sums(values: np.ndarray) -> np.ndarray:
    """The sum of each window of 8x8 that lies within the picture."""
    sums = np.pad(values.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    size = _WINDOW
    return sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]


def _phase_congruency(channel: np.ndarray) -> np.ndarray:
    """The phase congruency of one channel, summed over six orientations."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # An accelerator, pyfftw, is absent.
        from phasepack.phasecong import phasecong

    with np.errstate(invalid="ignore"):  # It divides by zero where a picture is flat.
        found = phasecong(channel, nscale=4, minWaveLength=6, mult=2, sigmaOnf=0.5978)
    return np.nan_to_num(np.sum(found[4], axis=0))


def _gradient(channel: np.ndarray) -> np.ndarray:
    """The length of Scharr's gradient, in the package's arithmetic (see `fsim`)."""
    across, down = (cv2.Scharr(channel, cv2.CV_16U, *axis) for axis in ((1, 0), (0, 1)))
    return np.sqrt(across**2 + down**2)


def _alike(a: np.ndarray, b: np.ndarray, constant: float) -> np.ndarray:
    return (2 * a * b + constant) / (np.square(a) + np.square(b) + constant)


def _edge_correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """The correlation of Canny's edges, or None if a picture has none (see `issm`)."""
    one, other = (cv2.Canny((each * 0.0625).astype(np.uint8), 100, 200) for each in (a, b))
    one, other = one - one.mean(), other - other.mean()
    below = math.sqrt(float(np.square(one).sum() * np.square(other).sum()))
    return float((one * other).sum()) / below if below else None
