"""Brings pictures to a size, and draws lines and surfaces on them.

Pictures are (height, width, 3) uint8 RGB.
"""

import cv2
import numpy as np

from vidset.masks import Mask
from vidset.training.running.drawn.lettering import BLACK, WHITE, Colour
from vidset.training.scoring.matching import Thing

SHORTEST, LONGEST = 480, 1600
"""A picture's longer side, in pixels, is brought between these, if nothing else is asked for."""
_DASH = 9


def to_size(picture: np.ndarray, longest: int) -> tuple[np.ndarray, float]:
    """Return a picture of a size at which words can be read, and by what it was multiplied."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    if longer > longest:
        scale, how = longest / longer, cv2.INTER_AREA
    elif longer < SHORTEST:
        scale, how = float(-(-SHORTEST // longer)), cv2.INTER_NEAREST  # Whole pixels stay so.
    else:
        return picture.copy(), 1.0
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return cv2.resize(picture, size, interpolation=how), scale


def letter_size(picture: np.ndarray) -> int:
    """Return how high letters are on a picture, in pixels."""
    return max(14, round(max(picture.shape[:2]) / 70))


def line_width(picture: np.ndarray) -> int:
    """Return how wide lines are on a picture, in pixels."""
    return max(2, round(max(picture.shape[:2]) / 600))


def pixels_at(mask: Mask, picture: np.ndarray) -> np.ndarray:
    """Return a mask at the size of the picture that is drawn on, (height, width) uint8."""
    height, width = picture.shape[:2]
    pixels = mask.pixels().astype(np.uint8)
    return cv2.resize(pixels, (width, height), interpolation=cv2.INTER_NEAREST)


def fill(picture: np.ndarray, pixels: np.ndarray, colour: Colour, share: float) -> None:
    """Lay a colour over some pixels of a picture, as dense as `share` says, from 0 to 1."""
    left, top, width, height = cv2.boundingRect(pixels)
    part = picture[top : top + height, left : left + width]
    places = pixels[top : top + height, left : left + width] > 0
    levels = np.arange(256, dtype=np.float32)[:, None]
    blended = ((1 - share) * levels + share * np.array(colour, np.float32)).round()
    mixed = cv2.LUT(part, blended.astype(np.uint8)[None])
    part[places] = mixed[places]


def outlines_of(
    thing: Thing, picture: np.ndarray, scale: float, *, with_box: bool = False
) -> list[np.ndarray]:
    """Return the lines around a mask, and around the box where there is no mask or both are."""
    found: list[np.ndarray] = []
    if thing.mask is not None:
        rings, _ = cv2.findContours(
            pixels_at(thing.mask, picture), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
        )
        found += [np.asarray(ring) for ring in rings]
    if thing.mask is None or with_box:
        left, top, right, bottom = (round(each) for each in corners_of(thing, scale))
        right, bottom = right - 1, bottom - 1
        corners = [[left, top], [right, top], [right, bottom], [left, bottom]]
        found.append(np.array(corners, np.int32)[:, None])
    return found


def draw_dashed(picture: np.ndarray, outline: np.ndarray, thick: int) -> None:
    """Draw a closed line in dashes of white, with black in between: it shows on any ground."""
    cv2.polylines(picture, [outline], isClosed=True, color=BLACK, thickness=thick + 1)
    corners = outline[:, 0].astype(np.float64)
    around = np.vstack([corners, corners[:1]])
    lengths = np.hypot(*np.diff(around, axis=0).T)
    ends = np.cumsum(lengths)
    if not len(ends) or ends[-1] < 1:
        return
    marks = np.arange(0, ends[-1], _DASH)
    places = np.append(marks, ends[-1])
    along = np.concatenate([[0.0], ends])
    for start, end in zip(places[:-1:2], places[1::2], strict=False):
        inside = around[(along > start) & (along < end)]
        tips = [[np.interp(at, along, around[:, axis]) for axis in (0, 1)] for at in (start, end)]
        dash = np.vstack([tips[:1], inside, tips[1:]]).round().astype(np.int32)
        cv2.polylines(picture, [dash[:, None]], isClosed=False, color=WHITE, thickness=thick)


def corners_of(thing: Thing, scale: float) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of an object's box on a picture of another size."""
    right, bottom = thing.x + thing.width, thing.y + thing.height
    return thing.x * scale, thing.y * scale, right * scale, bottom * scale
