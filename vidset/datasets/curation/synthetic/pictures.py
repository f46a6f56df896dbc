"""The files of a folder that synthetic images are made of."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from vidset.datasets.errors import DatasetError
from vidset.picture_headers import check_picture
from vidset.regular_files import read_regular

_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_MOST_FILES = 10_000
_MOST_BYTES = 64 << 20


def image_files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names below a folder and the bytes of its images, in the order of the names.

    Raises:
        DatasetError: there are none, too many, or one cannot be read.
    """
    found = sorted(
        file.relative_to(folder).as_posix()
        for file in folder.rglob("*")
        if file.suffix.lower() in _ENDINGS and not file.name.startswith(".")
    )
    if not 0 < len(found) <= _MOST_FILES:
        raise DatasetError(f"{folder}: wanted 1 to {_MOST_FILES:,} images, got {len(found):,}")
    for name in found:
        try:
            yield name, read_regular(folder / name, _MOST_BYTES)
        except OSError as error:
            raise DatasetError(f"{folder / name}: wanted an image: {error.strerror}") from None


def with_alpha(data: bytes, name: str) -> np.ndarray:
    """Return a picture, (height, width, 4) uint8 RGBA. Without an alpha channel all is opaque.

    Raises:
        DatasetError: it is no picture, or nothing of it can be seen.
    """
    try:
        check_picture(data, name)
    except ValueError as error:
        raise DatasetError(str(error)) from None
    found = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if found is None or found.dtype != np.uint8:
        raise DatasetError(f"{name}: wanted an image of 8 bits, got another or a damaged one")
    if found.ndim == 2:
        found = cv2.cvtColor(found, cv2.COLOR_GRAY2BGR)
    if found.shape[2] == 3:
        found = cv2.cvtColor(found, cv2.COLOR_BGR2BGRA)
    if not found[:, :, 3].any():
        raise DatasetError(f"{name}: wanted an object to paste, got nothing but transparency")
    return cv2.cvtColor(found, cv2.COLOR_BGRA2RGBA)
