"""Makes the blurred copy of one image."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.jpeg import jpeg
from vidset.picture_headers import check_picture
from vidset.privacy.blurring import blur
from vidset.privacy.detector import Detector, Region

_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Copy:
    """The file of a blurred copy, and what its object says of it.

    Attributes:
        size: width and height as an original has them in its metadata: the broker reads them there.
    """

    data: bytes
    size: dict[str, str]


def blurred_copy(
    data: bytes, name: str, detectors: Sequence[Detector], method: str
) -> tuple[Copy, list[Region]]:
    """Return the blurred copy of an image file, and what was found in it.

    Args:
        data: the file, as it is stored; the copy has the same bytes if nothing is found.
        name: is said in errors.
        method: one of `vidset.gate.METHODS`.

    Raises:
        ValueError: it cannot be checked.
    """
    picture = _decoded(data, name)
    found = [each for one in detectors for each in one.find(picture)]
    if found:
        data = jpeg(blur(picture, found, method), _QUALITY)
    height, width = picture.shape[:2]
    return Copy(data, {"width": str(width), "height": str(height)}), found


def _decoded(data: bytes, name: str) -> np.ndarray:
    check_picture(data, name)
    # As it is stored: the copy's coordinates are the original's.
    flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if picture is None:
        raise ValueError(f"{name}: it cannot be read as a picture")
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
