"""What is measured of each image once: audit, statistics and slices use it."""

from dataclasses import dataclass

import cv2
import numpy as np
import pyarrow as pa

from training.errors import DatasetError

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
        pa.field("pixels_sha256", pa.string(), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Measures:
    """Of one image.

    Attributes:
        brightness, contrast: mean and standard deviation of its luma, 0 to 255.
        sharpness: the variance of the Laplacian of its luma.
        phash: perceptual hash, 64 bits.
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
    pixels_sha256: str


def decode(data: bytes, name: str) -> np.ndarray:
    """The picture, (height, width, 3) uint8 RGB; transparency goes onto white.

    Raises:
        DatasetError: it is no image that OpenCV reads; `name` tells which.
    """
    raw = np.frombuffer(data, np.uint8)
    picture = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED) if len(raw) else None
    if picture is None:
        raise DatasetError(f"{name}: wanted an image, got {len(data)} bytes that are none")
    if picture.dtype == np.uint16:
        picture = np.right_shift(picture, 8).astype(np.uint8)
    if picture.ndim == 2:
        return cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    if picture.shape[2] == 4:
        alpha = picture[:, :, 3:].astype(np.uint16)
        over = picture[:, :, :3].astype(np.uint16) * alpha + 255 * (255 - alpha)
        picture = ((over + 127) // 255).astype(np.uint8)
    return cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
