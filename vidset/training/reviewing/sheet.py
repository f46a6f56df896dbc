"""A contact sheet: numbered images, each with the label it has and the one that is suggested."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.training.reviewing.thumbnails import fit

_COLUMNS = 10
_CELL_WIDTH, _PICTURE_HEIGHT, _TEXT_HEIGHT = 132, 120, 40
_EDGE = 6
_WHITE, _PAPER, _INK = (255, 255, 255), (238, 240, 243), (32, 36, 44)
_GIVEN, _SUGGESTED = (176, 42, 55), (25, 110, 60)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True, eq=False)
class Cell:
    """One image of the sheet; `picture` is (h, w, 3) uint8 RGB."""

    picture: np.ndarray
    given: str
    suggested: str
    score: float


def draw_sheet(cells: Sequence[Cell], columns: int = _COLUMNS) -> np.ndarray:
    """(h, w, 3) uint8 RGB: "3 iv > vi" below the third image, and its score."""
    rows = max(1, -(-len(cells) // columns))
    tall = _PICTURE_HEIGHT + _TEXT_HEIGHT
    sheet = np.full((rows * tall + _EDGE, columns * _CELL_WIDTH + _EDGE, 3), _PAPER, np.uint8)
    for place, cell in enumerate(cells):
        top, left = place // columns * tall + _EDGE, place % columns * _CELL_WIDTH + _EDGE
        inside = sheet[top : top + tall - _EDGE, left : left + _CELL_WIDTH - _EDGE]
        _draw_cell(inside, place + 1, cell)
    return sheet


def _draw_cell(inside: np.ndarray, number: int, cell: Cell) -> None:
    inside[:] = _WHITE
    wide = inside.shape[1]
    small = fit(cell.picture, wide - 8, _PICTURE_HEIGHT - 8)
    top, left = (_PICTURE_HEIGHT - small.shape[0]) // 2, (wide - small.shape[1]) // 2
    inside[top : top + small.shape[0], left : left + small.shape[1]] = small
    line = _PICTURE_HEIGHT + 13
    x = _write(inside, f"{number}", 4, line, _INK)
    x = _write(inside, cell.given, x + 6, line, _GIVEN)
    x = _write(inside, ">", x + 4, line, _INK)
    _write(inside, cell.suggested, x + 4, line, _SUGGESTED)
    _write(inside, f"{cell.score:.4f}", 4, line + 15, (120, 126, 136), 0.36)


def _write(
    inside: np.ndarray, text: str, x: int, y: int, colour: tuple[int, ...], size: float = 0.46
) -> int:
    """Writes a text, and returns where it ends. Letters beyond ASCII show as question marks."""
    shown = text.encode("ascii", "replace").decode()
    cv2.putText(inside, shown, (x, y), _FONT, size, colour, 1, cv2.LINE_AA)
    return x + cv2.getTextSize(shown, _FONT, size, 1)[0][0]
