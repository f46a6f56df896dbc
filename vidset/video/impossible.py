"""Colours that no camera and no program gives: a decoder has made them up.

Where a picture is missing, decoders go on with memory that is green (all zeros), and with what
they add to it. Most of such values stand for no colour at all: in RGB they lie far below 0 or above
the maximum. Compression moves colours by a few levels; public videos reach 22.
"""

import cv2
import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange

_BLOCK = 16  # Luma samples on a side: single samples may be far off, all of a block are not.
_FAR = 80  # Levels of 255.
# Bits of a sample, of the formats that are looked at: two chroma samples for four of luma.
_BITS = {"yuv420p": 8, "yuvj420p": 8, "yuv420p10le": 10}
# ITU-T H.273: shares of red and blue in luma, by the matrix.
_SHARES = {1: (0.2126, 0.0722), 7: (0.212, 0.087), 9: (0.2627, 0.0593)}
_SHARES |= dict.fromkeys((2, 5, 6), (0.299, 0.114))


def is_impossible(frame: VideoFrame) -> bool:
    """Returns whether a block of the picture has a mean colour far outside of what RGB has."""
    bits, shares = _BITS.get(frame.format.name), _SHARES.get(int(frame.colorspace))
    size = frame.width // _BLOCK, frame.height // _BLOCK
    if bits is None or shares is None or 0 in size:
        return False
    scale = 1 << (bits - 8)
    luma, blue, red = (
        cv2.resize(_plane(plane, bits), size, interpolation=cv2.INTER_AREA).astype(np.float32)
        / scale
        for plane in frame.planes
    )
    blue, red = blue - 128, red - 128
    is_full = frame.format.name.startswith("yuvj") or frame.color_range == ColorRange.JPEG
    if not is_full:
        luma, blue, red = (luma - 16) * 255 / 219, blue * 255 / 224, red * 255 / 224
    of_red, of_blue = shares
    r, b = luma + 2 * (1 - of_red) * red, luma + 2 * (1 - of_blue) * blue
    g = (luma - of_red * r - of_blue * b) / (1 - of_red - of_blue)
    lowest, highest = min(each.min() for each in (r, g, b)), max(each.max() for each in (r, g, b))
    return bool(lowest < -_FAR or highest > 255 + _FAR)


def _plane(plane: VideoPlane, bits: int) -> np.ndarray:
    sample = np.uint8 if bits == 8 else np.uint16
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size).view(sample)
    return lines[: plane.height, : plane.width]
