"""Reads and writes what Label Studio's brush paints: pictures of masks as numbers, and back.

Its run lengths go along the rows, over four channels of each pixel.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from vidset.masks import MOST_PIXELS

_CHANNELS = 4  # Label Studio's brush paints red, green, blue and alpha.
_BRUSH_SIZES = (3, 4, 8, 16)


def from_brush(numbers: Sequence[int], width: int, height: int) -> np.ndarray:
    """The picture that Label Studio's brush painted: where its alpha is not zero.

    Raises:
        ValueError: the numbers are no such list, or of another size.
    """
    try:
        bits = _Bits(bytes(numbers))
    except (TypeError, ValueError):
        raise ValueError(
            f"wanted a brush's rle as numbers from 0 to 255, got {str(numbers)[:80]!r}"
        ) from None
    number = bits.read(32)
    wanted = width * height * _CHANNELS
    if number != wanted or wanted > MOST_PIXELS * _CHANNELS:
        raise ValueError(
            f"wanted a brush's rle of {width} x {height} px, {wanted} values, got {number}"
        )
    word = bits.read(5) + 1
    sizes = [bits.read(4) + 1 for _ in range(4)]
    values = np.zeros(number, np.uint8)
    at = 0
    while at < number:
        is_run = bits.read(1)
        end = at + 1 + bits.read(sizes[bits.read(2)])
        if end > number:
            raise ValueError(f"wanted a brush's rle of {number} values, got more")
        if is_run:
            values[at:end] = bits.read(word) & 255
        else:
            values[at:end] = [bits.read(word) & 255 for _ in range(end - at)]
        at = end
    return values.reshape(height, width, _CHANNELS)[:, :, 3] > 0


def to_brush(pixels: np.ndarray) -> list[int]:
    """Label Studio's rle of a picture, white where it is set."""
    flat = pixels.ravel().astype(bool)
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    starts = np.concatenate([[0], changes, [flat.size]]) * _CHANNELS
    bits = [f"{flat.size * _CHANNELS:032b}", f"{7:05b}"]
    bits += [f"{size - 1:04b}" for size in _BRUSH_SIZES]
    for start, end in pairwise(starts.tolist()):
        value = 255 if flat[start // _CHANNELS] else 0
        left = end - start
        while left:
            length = min(left, 1 << _BRUSH_SIZES[-1])
            which = next(n for n, size in enumerate(_BRUSH_SIZES) if length <= 1 << size)
            bits.append(f"1{which:02b}{length - 1:0{_BRUSH_SIZES[which]}b}{value:08b}")
            left -= length
    text = "".join(bits)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


class _Bits:
    def __init__(self, data: bytes):
        self._data, self._at = data, 0

    def read(self, number: int) -> int:
        """The next bits as a number. Raises ValueError: there are no more."""
        first, end = self._at >> 3, self._at + number
        if end > len(self._data) * 8:
            raise ValueError("wanted a whole brush's rle, got one that is cut off")
        last = (end + 7) >> 3
        value = int.from_bytes(self._data[first:last], "big") >> (last * 8 - end)
        self._at = end
        return value & ((1 << number) - 1)
