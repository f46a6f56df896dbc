"""Writes words on pictures so that they can be read on any ground.

Pictures are (height, width, 3) uint8 RGB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import cv2
import numpy as np

Colour = tuple[int, int, int]

BLACK, WHITE = (0, 0, 0), (255, 255, 255)
_WEIGHT = 500
_MIDDLE = 0.179  # The luminance to which black and white have the same contrast.
_HERSHEY = cv2.FONT_HERSHEY_SIMPLEX
_HERSHEY_PIXELS = 30  # The height of its letters at scale 1, with what hangs below the line.


@dataclass(frozen=True, slots=True)
class Tag:
    """A word on a ground of its own colour.

    Attributes:
        around: left, top, right and bottom of what it is about, in pixels of the picture.
        is_below: whether it stands below it, where there is room.
    """

    text: str
    ground: Colour
    around: tuple[float, float, float, float]
    is_below: bool = False


def write(picture: np.ndarray, text: str, x: int, y: int, size: int, colour: Colour) -> None:
    """Write a text that begins at x, on the line y; `size` is the height of its letters."""
    if (font := _font()) is not None:
        cv2.putText(picture, text, (x, y), colour, font, size, _WEIGHT)
        return
    cv2.putText(
        picture, _ascii(text), (x, y), _HERSHEY, size / _HERSHEY_PIXELS, colour, 1, cv2.LINE_AA
    )


def width_of(text: str, size: int) -> int:
    """Return how many pixels wide a text is."""
    if (font := _font()) is not None:
        return cv2.getTextSize((1, 1), text, (0, 0), font, size, _WEIGHT)[2]
    return cv2.getTextSize(_ascii(text), _HERSHEY, size / _HERSHEY_PIXELS, 1)[0][0]


def shortened(text: str, size: int, most: int) -> str:
    """Return a text that is at most `most` pixels wide, with an ellipsis where it was cut."""
    if width_of(text, size) <= most:
        return text
    while len(text) > 1 and width_of(f"{text}...", size) > most:
        text = text[:-1]
    return f"{text.rstrip()}..."


def letters_on(ground: Colour) -> Colour:
    """Return black or white, whichever has the higher contrast to the ground (WCAG 2)."""
    red, green, blue = ((each / 255) ** 2.2 for each in ground)
    return BLACK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > _MIDDLE else WHITE


def write_tags(picture: np.ndarray, tags: Sequence[Tag], size: int) -> None:
    """Write tags beside what they are about, each where it hides no other, if there is room."""
    height, width = picture.shape[:2]
    taken: list[tuple[int, int, int, int]] = []
    high, edge = round(size * 1.35), max(2, size // 4)
    for tag in tags:
        text = shortened(tag.text, size, width - 2 * edge)
        wide = min(width_of(text, size) + 2 * edge, width)
        left, top, right, bottom = (round(each) for each in tag.around)
        above, below = (left, top - high), (left, bottom)
        inside = (left, top), (left, bottom - high), (right - wide, top), (right - wide, bottom)
        ways = (below, above, *inside) if tag.is_below else (above, below, *inside)
        fitted = [
            (min(max(x, 0), max(width - wide, 0)), min(max(y, 0), max(height - high, 0)))
            for x, y in ways
        ]
        x, y = next((each for each in fitted if _is_free(taken, *each, wide, high)), fitted[0])
        taken.append((x, y, x + wide, y + high))
        cv2.rectangle(picture, (x, y), (x + wide - 1, y + high - 1), tag.ground, -1)
        if tag.ground == WHITE:  # It would have no edge on a white ground.
            cv2.rectangle(picture, (x, y), (x + wide - 1, y + high - 1), BLACK, 1)
        write(picture, text, x + edge, y + round(size * 1.02), size, letters_on(tag.ground))


def _is_free(
    taken: Sequence[tuple[int, int, int, int]], x: int, y: int, wide: int, high: int
) -> bool:
    return not any(
        x < right and left < x + wide and y < bottom and top < y + high
        for left, top, right, bottom in taken
    )


@cache
def _font() -> Any:
    """Return OpenCV's own font, which has the letters of most languages; None before OpenCV 5."""
    return cv2.FontFace("sans") if hasattr(cv2, "FontFace") else None


def _ascii(text: str) -> str:
    return text.encode("ascii", "replace").decode()
