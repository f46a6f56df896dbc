"""Steps that move pixels. Each says where the points went, so that boxes and polygons go along."""

from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np

from vidset.datasets.curation.steps.step import Stepped, background, one_of, within

_INTERPOLATIONS = {
    "area": cv2.INTER_AREA,
    "linear": cv2.INTER_LINEAR,
    "nearest": cv2.INTER_NEAREST,
    "cubic": cv2.INTER_CUBIC,
}

_MIRRORED_FROM = 0.5


@dataclass(frozen=True, slots=True)
class CropToContent:
    """Cut the ground away around what is on it; a picture with nothing on it stays as it is.

    Attributes:
        difference: levels by which content differs from the ground (the median of the edge).
        margin: left around the content, as a share of its longer side.
        speck: connected content of fewer pixels than this share of the largest piece is no content.
    """

    name: ClassVar[str] = "crop_to_content"
    difference: float = 48.0
    margin: float = 0.0
    speck: float = 0.0

    def __post_init__(self) -> None:
        within(self.name, "difference", self.difference, 1, 255)
        within(self.name, "margin", self.margin, 0, 5)
        within(self.name, "speck", self.speck, 0, 1)

    def apply(self, picture: np.ndarray) -> Stepped:
        ground = np.array(background(picture), np.int16)
        content = np.abs(picture.astype(np.int16) - ground).max(axis=2) >= self.difference
        if self.speck > 0:
            content = _without_specks(content, self.speck)
        rows, columns = np.flatnonzero(content.any(axis=1)), np.flatnonzero(content.any(axis=0))
        if not len(rows):
            return Stepped(picture, np.eye(3))
        top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
        margin = round(self.margin * max(bottom - top, right - left))
        height, width = picture.shape[:2]
        top, left = max(top - margin, 0), max(left - margin, 0)
        bottom, right = min(bottom + margin, height), min(right + margin, width)
        return Stepped(picture[top:bottom, left:right], _shifted(-left, -top))


@dataclass(frozen=True, slots=True)
class Crop:
    """Cut shares of the picture's sides away."""

    name: ClassVar[str] = "crop"
    left: float = 0.0
    top: float = 0.0
    right: float = 0.0
    bottom: float = 0.0

    def __post_init__(self) -> None:
        for side in "left", "top", "right", "bottom":
            within(self.name, side, getattr(self, side), 0, 0.45)

    def apply(self, picture: np.ndarray) -> Stepped:
        height, width = picture.shape[:2]
        left, top = round(self.left * width), round(self.top * height)
        right = max(width - round(self.right * width), left + 1)
        bottom = max(height - round(self.bottom * height), top + 1)
        return Stepped(picture[top:bottom, left:right], _shifted(-left, -top))


@dataclass(frozen=True, slots=True)
class Pad:
    """Ground around the picture.

    Attributes:
        to: square makes it as wide as high; none leaves the form.
        margin: on each side, as a share of the longer side.
    """

    name: ClassVar[str] = "pad"
    to: str = "square"
    margin: float = 0.0

    def __post_init__(self) -> None:
        one_of(self.name, "to", self.to, ("square", "none"))
        within(self.name, "margin", self.margin, 0, 5)

    def apply(self, picture: np.ndarray) -> Stepped:
        height, width = picture.shape[:2]
        longer = max(height, width)
        margin = round(self.margin * longer)
        over, beside = (longer - height, longer - width) if self.to == "square" else (0, 0)
        top, left = over // 2 + margin, beside // 2 + margin
        padded = cv2.copyMakeBorder(
            picture,
            top,
            over - over // 2 + margin,
            left,
            beside - beside // 2 + margin,
            cv2.BORDER_CONSTANT,
            value=background(picture),
        )
        return Stepped(padded, _shifted(left, top))


@dataclass(frozen=True, slots=True)
class Resize:
    """Resizes to a size in pixels, by area where it shrinks unless told otherwise."""

    name: ClassVar[str] = "resize"
    width: int = 32
    height: int = 32
    interpolation: str = "area"

    def __post_init__(self) -> None:
        within(self.name, "width", self.width, 1, 16384)
        within(self.name, "height", self.height, 1, 16384)
        one_of(self.name, "interpolation", self.interpolation, tuple(_INTERPOLATIONS))

    def apply(self, picture: np.ndarray) -> Stepped:
        height, width = picture.shape[:2]
        size = (int(self.width), int(self.height))
        resized = cv2.resize(picture, size, interpolation=_INTERPOLATIONS[self.interpolation])
        return Stepped(resized, np.diag([size[0] / width, size[1] / height, 1.0]))


@dataclass(frozen=True, slots=True)
class Rotate:
    """About the centre, counter-clockwise, on ground; the size stays."""

    name: ClassVar[str] = "rotate"
    degrees: float = 0.0

    def __post_init__(self) -> None:
        within(self.name, "degrees", self.degrees, -180, 180)

    def apply(self, picture: np.ndarray) -> Stepped:
        centre = _centre(picture)
        return _warped(
            picture, np.vstack([cv2.getRotationMatrix2D(centre, self.degrees, 1.0), [0, 0, 1]])
        )


@dataclass(frozen=True, slots=True)
class Flip:
    """Mirrored where the number is at least 0.5, so that drawing it mirrors every second copy.

    Attributes:
        horizontal: 0 to 1: left and right change places.
        vertical: 0 to 1: top and bottom change places.
    """

    name: ClassVar[str] = "flip"
    horizontal: float = 1.0
    vertical: float = 0.0

    def __post_init__(self) -> None:
        within(self.name, "horizontal", self.horizontal, 0, 1)
        within(self.name, "vertical", self.vertical, 0, 1)

    def apply(self, picture: np.ndarray) -> Stepped:
        height, width = picture.shape[:2]
        moved = np.eye(3)
        if self.horizontal >= _MIRRORED_FROM:
            picture = picture[:, ::-1]
            moved = np.array([[-1.0, 0.0, width], [0, 1, 0], [0, 0, 1]])
        if self.vertical >= _MIRRORED_FROM:
            picture = picture[::-1]
            moved = np.array([[1.0, 0.0, 0.0], [0, -1, height], [0, 0, 1]]) @ moved
        return Stepped(np.ascontiguousarray(picture), moved)


@dataclass(frozen=True, slots=True)
class Zoom:
    """About the centre, on ground; above 1 is nearer. The size stays."""

    name: ClassVar[str] = "zoom"
    factor: float = 1.0
    stretch: float = 1.0

    def __post_init__(self) -> None:
        within(self.name, "factor", self.factor, 0.1, 10)
        within(self.name, "stretch", self.stretch, 0.1, 10)

    def apply(self, picture: np.ndarray) -> Stepped:
        x, y = _centre(picture)
        scaled = np.diag([self.factor * self.stretch, self.factor, 1.0])
        return _warped(picture, _shifted(x, y) @ scaled @ _shifted(-x, -y))


@dataclass(frozen=True, slots=True)
class Shear:
    """Slanted by an angle about the centre, as handwriting is; the size stays."""

    name: ClassVar[str] = "shear"
    degrees: float = 0.0

    def __post_init__(self) -> None:
        within(self.name, "degrees", self.degrees, -60, 60)

    def apply(self, picture: np.ndarray) -> Stepped:
        x, y = _centre(picture)
        slanted = np.array([[1.0, -np.tan(np.radians(self.degrees)), 0.0], [0, 1, 0], [0, 0, 1]])
        return _warped(picture, _shifted(x, y) @ slanted @ _shifted(-x, -y))


def _without_specks(content: np.ndarray, share: float) -> np.ndarray:
    count, pieces, facts, _ = cv2.connectedComponentsWithStats(content.astype(np.uint8))
    if count <= 1:
        return content
    areas = facts[1:, cv2.CC_STAT_AREA]
    large = np.flatnonzero(areas >= share * areas.max()) + 1
    return np.isin(pieces, large)


def _warped(picture: np.ndarray, moved: np.ndarray) -> Stepped:
    height, width = picture.shape[:2]
    warped = cv2.warpAffine(
        picture,
        moved[:2],
        (width, height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=background(picture),
    )
    # OpenCV counts from the middle of the first pixel, boxes from its corner.
    return Stepped(warped, _shifted(0.5, 0.5) @ moved @ _shifted(-0.5, -0.5))


def _centre(picture: np.ndarray) -> tuple[float, float]:
    return (picture.shape[1] - 1) / 2, (picture.shape[0] - 1) / 2


def _shifted(x: float, y: float) -> np.ndarray:
    return np.array([[1.0, 0.0, x], [0.0, 1.0, y], [0.0, 0.0, 1.0]])
