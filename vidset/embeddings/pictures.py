"""Pictures as embedders want them: upright RGB, no larger than they need."""

import cv2
import numpy as np

from vidset.picture_headers import check_picture, told_size

_REDUCED = (
    (8, cv2.IMREAD_REDUCED_COLOR_8),
    (4, cv2.IMREAD_REDUCED_COLOR_4),
    (2, cv2.IMREAD_REDUCED_COLOR_2),
)


def decode_picture(data: bytes, name: str, least_side: int) -> np.ndarray:
    """Decode a picture: (height, width, 3) uint8 RGB, turned as its EXIF data say.

    A JPEG is decoded at the smallest of its half, quarter and eighth of which the shorter side has
    `least_side` pixels, which takes a fraction of the time.

    Raises:
        ValueError: it is no picture, or too large a one; `name` tells which.
    """
    check_picture(data, name)
    size = told_size(data) or (0, 0)
    flag = cv2.IMREAD_COLOR
    for divisor, reduced in _REDUCED:
        if min(size) >= divisor * least_side:
            flag = reduced
            break
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    if picture is None:
        raise ValueError(f"{name}: it cannot be read as a picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
