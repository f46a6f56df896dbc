"""An embedder that needs no weights: the coarse structure and colours of a picture.

It finds copies of a picture: encoded anew, scaled, a little cropped, mirrored, brighter or darker.
It knows nothing of what a picture shows: two streets of the same shape are alike to it, and the
same street from another angle is not. docs/duplicates.md has what was measured.
"""

from collections.abc import Sequence
from functools import cache

import cv2
import numpy as np

from vidset.embeddings.embedder import unit

_SIDE = 32
# Frequencies along each side, of the luma and of each of the two colour differences.
_LUMA, _COLOUR = 12, 5
# A copy of which 3 % was cut off, and the original as seen from such a copy.
_ZOOMS = (0.97, 1 / 0.97)


def _square(side: int, *, has_mean: bool) -> np.ndarray:
    return np.array([(y, x) for y in range(side) for x in range(side) if has_mean or y + x > 0])


# (row, column) of each frequency, for the channels L, a and b.
_PLACES = (
    _square(_LUMA, has_mean=False),
    _square(_COLOUR, has_mean=True),
    _square(_COLOUR, has_mean=True),
)
_WEIGHTS = [np.sqrt(places.sum(axis=1) + 1.0) for places in _PLACES]


class Classic:
    """The low frequencies of a picture in Lab: a discrete cosine transform of 32x32 levels.

    Frequencies are weighted by their square root, since pictures have less of the higher ones
    (D. Field, "Relations between the statistics of natural images and the response properties of
    cortical cells", 1987). The mean of the luma is left out and the length is 1, so that brightness
    and contrast do not count.
    """

    id = "classic-1"
    dimensions = sum(len(places) for places in _PLACES)
    least_side = 64
    near = 0.93

    def embed(self, pictures: Sequence[np.ndarray]) -> np.ndarray:
        if not pictures:
            return np.empty((0, self.dimensions), np.float32)
        return unit(np.stack([_frequencies(each) for each in pictures]))

    def mirrored(self, vectors: np.ndarray) -> np.ndarray:
        """Turn the sign of the odd frequencies along a row: their cosines are odd functions."""
        return vectors * np.concatenate([1 - 2 * (places[:, 1] % 2) for places in _PLACES])

    def zoomed(self, vectors: np.ndarray) -> list[np.ndarray]:
        """Zooming is linear in the frequencies, as long as none beyond those kept matter."""
        return [unit(vectors @ _zoom(scale).T) for scale in _ZOOMS]


def open_embedder(told: str) -> Classic:
    """Raises ValueError: there is nothing to tell it."""
    if told:
        raise ValueError(f"embedder classic: wanted nothing behind it, got {told!r}")
    return Classic()


def _frequencies(picture: np.ndarray) -> np.ndarray:
    small = cv2.resize(picture, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    lab = cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2Lab)
    found = []
    for channel, (places, weights) in enumerate(zip(_PLACES, _WEIGHTS, strict=True)):
        transformed = cv2.dct(np.ascontiguousarray(lab[:, :, channel]))
        found.append(transformed[places[:, 0], places[:, 1]] * weights)
    vector = np.concatenate(found)
    # What is left of a blank picture is rounding.
    return vector if np.abs(vector).max() > 1e-2 else np.zeros_like(vector)


@cache
def _zoom(scale: float) -> np.ndarray:
    """Return the matrix that takes a vector to that of the picture's middle, enlarged.

    Args:
        scale: the share of each side that is left; above 1 the picture goes on as in a mirror.
    """
    whole = np.zeros((Classic.dimensions, Classic.dimensions), np.float32)
    start = 0
    for places, weights in zip(_PLACES, _WEIGHTS, strict=True):
        end = start + len(places)
        for number, (row, column) in enumerate(places):
            wave = np.outer(_wave(row, scale), _wave(column, scale)) / weights[number]
            transformed = cv2.dct(wave.astype(np.float32))
            whole[start:end, start + number] = transformed[places[:, 0], places[:, 1]] * weights
        start = end
    return whole


def _wave(frequency: int, scale: float) -> np.ndarray:
    """Return a cosine of the transform, sampled where the zoomed picture has its pixels."""
    middle = _SIDE / 2
    where = (np.arange(_SIDE) + 0.5 - middle) * scale + middle
    length = np.sqrt((1 if frequency == 0 else 2) / _SIDE)
    return length * np.cos(np.pi * frequency * where / _SIDE)
