"""Measures each image once, for audit, statistics and slices."""

import hashlib
from dataclasses import dataclass

import cv2
import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.images.upright import read_upright, turn
from vidset.picture_headers import check_picture

THUMBNAIL_SIDE = 24
_ROWS = 64
SCHEMA = pa.schema(
    [
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("image_format", pa.string(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("size_bytes", pa.int64(), nullable=False),
        pa.field("brightness", pa.float32(), nullable=False),
        pa.field("contrast", pa.float32(), nullable=False),
        pa.field("sharpness", pa.float32(), nullable=False),
        pa.field("phash", pa.uint64(), nullable=False),
        pa.field("thumbnail", pa.binary(THUMBNAIL_SIDE**2), nullable=False),
        pa.field("pixels_sha256", pa.string(), nullable=False),
    ]
)
_RGB = cv2.IMREAD_COLOR_RGB | cv2.IMREAD_IGNORE_ORIENTATION
_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"BM": "bmp"}


@dataclass(frozen=True, slots=True)
class Measures:
    """The measures of one image.

    Attributes:
        width, height: as it is shown: upright.
        brightness, contrast: mean and standard deviation of its luma, 0 to 255. A contrast of 0
            says that all its pixels are equal.
        sharpness: the variance of the Laplacian of its luma.
        phash: perceptual hash, 64 bits.
        thumbnail: its luma at 24x24, areas averaged, row by row: to tell whether pictures with
            similar hashes are alike.
        pixels_sha256: of its decoded pixels with width and height: equal for the same picture in
            another file format.
    """

    image_sha256: str
    image_format: str
    width: int
    height: int
    size_bytes: int
    brightness: float
    contrast: float
    sharpness: float
    phash: int
    thumbnail: bytes
    pixels_sha256: str


def measure(data: bytes, name: str) -> Measures:
    """All of an image's measures.

    Raises:
        DatasetError: it is no PNG, JPEG, WebP or BMP image that can be read; `name` tells which.
    """
    image_format = format_of(data, name)
    picture = decode(data, name)
    height, width = picture.shape[:2]
    luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    thumbnail = cv2.resize(luma, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    pixels = hashlib.sha256(f"{width}x{height} ".encode())
    pixels.update(np.ascontiguousarray(picture).data)
    return Measures(
        image_sha256=hashlib.sha256(data).hexdigest(),
        image_format=image_format,
        width=width,
        height=height,
        size_bytes=len(data),
        brightness=cv2.mean(luma)[0],
        contrast=_contrast(picture, luma),
        sharpness=_sharpness(luma),
        phash=phash(luma),
        thumbnail=thumbnail.tobytes(),
        pixels_sha256=pixels.hexdigest(),
    )


def format_of(data: bytes, name: str) -> str:
    """png, jpeg, webp or bmp, by the file's first bytes.

    Raises:
        DatasetError: none of them.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    for signature, image_format in _SIGNATURES.items():
        if data.startswith(signature):
            return image_format
    raise DatasetError(
        f"{name}: wanted a PNG, JPEG, WebP or BMP image, got {len(data)} bytes that begin with "
        f"{data[:8]!r}"
    )


def decode(data: bytes, name: str) -> np.ndarray:
    """Return the picture as it is shown, (height, width, 3) uint8 RGB.

    It is turned as its EXIF orientation says, which is how labelers see it; transparency goes onto
    white; the upper 8 of 16 bits are taken.

    Raises:
        DatasetError: it is no image that OpenCV reads, or it is too large (`check_picture`); `name`
            tells which.
    """
    try:
        check_picture(data, name)
    except ValueError as error:
        raise DatasetError(str(error)) from None
    is_rgb = _is_rgb_png(data)
    flags = _RGB if is_rgb else cv2.IMREAD_UNCHANGED
    try:
        picture, orientation = read_upright(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise DatasetError(f"{name}: OpenCV cannot read the image: {error.err}") from None
    if picture is None:
        raise DatasetError(f"{name}: wanted an image, got {len(data)} bytes that are none")
    if is_rgb:
        return turn(picture, orientation)
    if picture.ndim == 2:
        return turn(cv2.cvtColor(_eight_bits(picture), cv2.COLOR_GRAY2RGB), orientation)
    if picture.shape[2] == 4:
        picture = _on_white(picture)
    picture = _eight_bits(picture)
    return turn(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture), orientation)


def _is_rgb_png(data: bytes) -> bool:
    """Return whether a file is a PNG of three channels with 8 bits, and none of transparency.

    libpng gives these in the wanted order at no cost. Those of a JPEG are turned afterwards, which
    is cheaper than to ask its decoder for it.
    """
    is_png = _SIGNATURES.get(data[:8]) == "png"
    return is_png and data[24:26] == b"\x08\x02" and b"tRNS" not in data[: data.find(b"IDAT")]


def _eight_bits(picture: np.ndarray) -> np.ndarray:
    if picture.dtype != np.uint16:
        return picture
    return np.right_shift(picture, 8, out=picture).astype(np.uint8)


def _on_white(picture: np.ndarray) -> np.ndarray:
    """Three channels from four, some rows at a time: all at once would take six times as much."""
    found = np.empty((*picture.shape[:2], 3), np.uint8)
    for start in range(0, len(picture), _ROWS):
        rows = _eight_bits(picture[start : start + _ROWS]).astype(np.uint16)
        alpha = rows[:, :, 3:]
        over = rows[:, :, :3] * alpha + 255 * (255 - alpha)
        found[start : start + _ROWS] = (over + 127) // 255
    return found


def phash(luma: np.ndarray) -> int:
    """The perceptual hash: similar pictures differ in few bits, and always in an even number.

    Signs of the lowest 8x8 coefficients of the cosine transform of the picture at 32x32, against
    their median, so that half of the 64 bits are set (C. Zauner, "Implementation and benchmarking
    of perceptual image hash functions", 2010; bits in the order of `imagehash.phash`).

    Args:
        luma: (h, w) of any type and size.
    """
    small = cv2.resize(luma, (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(small.astype(np.float32))[:8, :8]
    ordered = np.sort(low, axis=None)
    bits = np.packbits(low > (ordered[31] + ordered[32]) / 2)
    return int.from_bytes(bits.tobytes(), "big")


def _contrast(picture: np.ndarray, luma: np.ndarray) -> float:
    """Returns the contrast that `Measures` describes.

    It is exactly 0 for equal pixels, where a sum of floats may miss it by a bit, and above 0 for
    all others, even for colours that are equally bright.
    """
    least, most, *_ = cv2.minMaxLoc(luma)
    if least < most:
        return float(cv2.meanStdDev(luma)[1].item())
    if (picture == picture[0, 0]).all():
        return 0.0
    return float(cv2.meanStdDev(picture)[1].max())


def _sharpness(luma: np.ndarray) -> float:
    """Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", ICPR 2000."""
    return float(cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))[1].item()) ** 2
