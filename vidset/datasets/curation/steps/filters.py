"""Steps that change pixels where they are."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from vidset.datasets.curation.steps.step import UNMOVED, Stepped, one_of, within


@dataclass(frozen=True, slots=True)
class Opening:
    """Erosion, then dilation: specks smaller than the kernel go, what is larger keeps its size.

    Attributes:
        size: of the square kernel, in pixels.
        ink: which side the content is: dark on a bright ground, or bright on a dark one.
    """

    name: ClassVar[str] = "opening"
    size: int = 3
    ink: str = "dark"

    def __post_init__(self) -> None:
        within(self.name, "size", self.size, 1, 99)
        one_of(self.name, "ink", self.ink, ("dark", "bright"))

    def apply(self, picture: np.ndarray) -> Stepped:
        # What opens dark ink on a bright ground is, in terms of brightness, a closing.
        operation = cv2.MORPH_CLOSE if self.ink == "dark" else cv2.MORPH_OPEN
        kernel = np.ones((int(self.size), int(self.size)), np.uint8)
        return Stepped(cv2.morphologyEx(picture, operation, kernel), UNMOVED)


@dataclass(frozen=True, slots=True)
class AdaptiveThreshold:
    """Black where a pixel is darker than its neighbourhood's Gaussian mean by `offset`, else white.

    Attributes:
        block: the neighbourhood's side in pixels, odd.
        offset: levels, 0 to 255.
    """

    name: ClassVar[str] = "adaptive_threshold"
    block: int = 31
    offset: float = 10.0

    def __post_init__(self) -> None:
        within(self.name, "block", self.block, 3, 999)
        within(self.name, "offset", self.offset, -255, 255)

    def apply(self, picture: np.ndarray) -> Stepped:
        luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        block = int(self.block) | 1
        two = cv2.adaptiveThreshold(
            luma, 255, cv2.ADAPTIVE_THRESH_GAUSSIAN_C, cv2.THRESH_BINARY, block, self.offset
        )
        return Stepped(cv2.cvtColor(two, cv2.COLOR_GRAY2RGB), UNMOVED)


@dataclass(frozen=True, slots=True)
class Threshold:
    """White where a pixel's luma is at least `level`, else black: one level for all pictures.

    Attributes:
        level: 1 to 255.
    """

    name: ClassVar[str] = "threshold"
    level: float = 128

    def __post_init__(self) -> None:
        within(self.name, "level", self.level, 1, 255)

    def apply(self, picture: np.ndarray) -> Stepped:
        luma = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        two = np.where(luma >= self.level, np.uint8(255), np.uint8(0))
        return Stepped(cv2.cvtColor(two, cv2.COLOR_GRAY2RGB), UNMOVED)


@dataclass(frozen=True, slots=True)
class Quantise:
    """Each channel keeps `levels` values, evenly spread from 0 to 255; a value goes to the nearest.

    Attributes:
        levels: 2 to 256.
    """

    name: ClassVar[str] = "quantise"
    levels: int = 4

    def __post_init__(self) -> None:
        within(self.name, "levels", self.levels, 2, 256)

    def apply(self, picture: np.ndarray) -> Stepped:
        step = 255 / (int(self.levels) - 1)
        table = np.round(np.round(np.arange(256) / step) * step).astype(np.uint8)
        return Stepped(cv2.LUT(picture, table), UNMOVED)


@dataclass(frozen=True, slots=True)
class MedianFilter:
    """Each pixel becomes the median of the `size` x `size` around it (odd, 3 to 31)."""

    name: ClassVar[str] = "median_filter"
    size: int = 3

    def __post_init__(self) -> None:
        within(self.name, "size", self.size, 3, 31)

    def apply(self, picture: np.ndarray) -> Stepped:
        return Stepped(cv2.medianBlur(picture, int(self.size) | 1), UNMOVED)


@dataclass(frozen=True, slots=True)
class Brightness:
    """All levels times `factor`, plus `shift`, kept within 0 to 255."""

    name: ClassVar[str] = "brightness"
    factor: float = 1.0
    shift: float = 0.0

    def __post_init__(self) -> None:
        within(self.name, "factor", self.factor, 0.05, 20)
        within(self.name, "shift", self.shift, -255, 255)

    def apply(self, picture: np.ndarray) -> Stepped:
        return Stepped(
            cv2.convertScaleAbs(
                np.clip(picture * np.float32(self.factor) + np.float32(self.shift), 0, 255)
            ),
            UNMOVED,
        )


@dataclass(frozen=True, slots=True)
class Colour:
    """Other light on the same things: hue, saturation and contrast, in this order.

    Attributes:
        hue: degrees by which hues turn, -180 to 180; greys stay as they are.
        saturation: factor, 0 to 10; 0 makes the picture grey.
        contrast: factor, 0.05 to 10, of how far levels are from the picture's mean luma.
    """

    name: ClassVar[str] = "colour"
    hue: float = 0.0
    saturation: float = 1.0
    contrast: float = 1.0

    def __post_init__(self) -> None:
        within(self.name, "hue", self.hue, -180, 180)
        within(self.name, "saturation", self.saturation, 0, 10)
        within(self.name, "contrast", self.contrast, 0.05, 10)

    def apply(self, picture: np.ndarray) -> Stepped:
        if self.hue or self.saturation != 1:
            # Of floats from 0 to 1, OpenCV's hue is in degrees.
            hsv = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2HSV)
            hsv[:, :, 0] = (hsv[:, :, 0] + np.float32(self.hue)) % 360
            hsv[:, :, 1] = np.clip(hsv[:, :, 1] * np.float32(self.saturation), 0, 1)
            picture = _levels(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB) * 255)
        if self.contrast != 1:
            mean = np.float32(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).mean())
            picture = _levels((picture - mean) * np.float32(self.contrast) + mean)
        return Stepped(picture, UNMOVED)


@dataclass(frozen=True, slots=True)
class Thickness:
    """Dark strokes grow by a share of the shorter side on each side, or shrink if negative."""

    name: ClassVar[str] = "thickness"
    share: float = 0.02

    def __post_init__(self) -> None:
        within(self.name, "share", self.share, -0.2, 0.2)

    def apply(self, picture: np.ndarray) -> Stepped:
        radius = round(abs(self.share) * min(picture.shape[:2]))
        if radius == 0:
            return Stepped(picture, UNMOVED)
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        operation = cv2.MORPH_ERODE if self.share > 0 else cv2.MORPH_DILATE
        return Stepped(cv2.morphologyEx(picture, operation, kernel), UNMOVED)


def _levels(picture: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)
