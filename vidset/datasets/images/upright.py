"""Pictures turned as their EXIF data say: as viewers and labeling tools show them."""

import struct
from collections.abc import Callable

import cv2
import numpy as np

from vidset.picture_headers import check_picture

# Before EXIF data, in JPEG, PNG and WebP files.
_MARKS = (b"Exif\0\0", b"eXIf", b"EXIF")
_BEST = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, 95],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, 101],
}
_ORIENTATION, _SHORT = 0x0112, 3
_TURNS: dict[int, Callable[[np.ndarray], np.ndarray]] = {
    2: lambda picture: picture[:, ::-1],
    3: lambda picture: picture[::-1, ::-1],
    4: lambda picture: picture[::-1],
    5: lambda picture: picture.transpose(1, 0, 2),
    6: lambda picture: np.rot90(picture, -1),
    7: lambda picture: np.rot90(picture, 2).transpose(1, 0, 2),
    8: np.rot90,
}


def read_upright(
    raw: np.ndarray, flags: int = cv2.IMREAD_UNCHANGED
) -> tuple[np.ndarray | None, int]:
    """Return the stored picture with all its channels, or None, and its EXIF orientation.

    Whoever calls this has called `check_picture`.

    Args:
        flags: of OpenCV's reader: other channels or another order of them. None may turn it.
    """
    picture, kinds, metadata = cv2.imdecodeWithMetadata(raw, flags=flags)
    exif = b""
    for kind, content in zip(kinds, metadata, strict=True):
        if kind == cv2.IMAGE_METADATA_EXIF:
            exif = np.asarray(content).tobytes()
    return picture, orientation(exif)


def upright_bytes(data: bytes, ending: str, name: str) -> bytes | None:
    """Return an image file's picture in a file of its own without EXIF data; None if it is stored
    upright.

    Args:
        ending: of the format to write, such as `.jpg`.
        name: of the image, for messages.

    Raises:
        ValueError: the picture is too large, or none.
    """
    if not any(mark in data for mark in _MARKS):
        return None
    check_picture(data, name)
    picture, turned = read_upright(np.frombuffer(data, np.uint8))
    if picture is None or turned not in _TURNS:
        return None
    done, encoded = cv2.imencode(ending, turn(picture, turned), _BEST.get(ending, []))
    if not done:
        raise ValueError(f"{name}: it cannot be written upright as {ending}")
    return encoded.tobytes()


def lying_to_upright(orientation_: int, width: int, height: int) -> np.ndarray | None:
    """Returns, as 3x3, where points of a picture stored on its side are once it is upright.

    None where the orientation does not change the sides of a picture.

    Args:
        width, height: as it is stored.
    """
    moved = {
        5: [[0, 1, 0], [1, 0, 0]],
        6: [[0, -1, height], [1, 0, 0]],
        7: [[0, -1, height], [-1, 0, width]],
        8: [[0, 1, 0], [-1, 0, width]],
    }.get(orientation_)
    return None if moved is None else np.array([*moved, [0, 0, 1]], float)


def turn(picture: np.ndarray, orientation_: int) -> np.ndarray:
    """(height, width, channels) in rows of its own. 1, and what EXIF does not know: as it is."""
    if orientation_ not in _TURNS:
        return picture
    return np.ascontiguousarray(_TURNS[orientation_](picture))


def orientation(exif: bytes) -> int:
    """The orientation tag of EXIF data (a TIFF header and its first directory); 1 without one."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return 1
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (entries,) = struct.unpack_from(f"{order}H", exif, start)
        for number in range(entries):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", exif, start + 2 + 12 * number)
            if tag == _ORIENTATION and kind == _SHORT:
                return value
    except struct.error:  # Cut off: viewers show such a picture as it is stored.
        return 1
    return 1
