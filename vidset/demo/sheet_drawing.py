"""The pixels of the contact sheet. Pictures are (h, w, 3) uint8 RGB."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.elements import FrameRow

Colour = tuple[int, int, int]
COLOURS: dict[str, Colour] = {
    "kept": (62, 207, 122),
    "near_duplicate": (122, 150, 190),
    "blurred": (242, 160, 61),
    "dark": (164, 120, 232),
    "bright": (240, 222, 96),
}
BACKGROUND, PANEL, TEXT, DIM = (19, 21, 26), (31, 34, 41), (236, 238, 241), (154, 160, 170)
_REGULAR, BOLD = cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX
MARGIN, _GAP, BORDER, HEADER, CAPTION = 24, 10, 3, 146, 46
_DIMMED = 0.5
# Up to so many tiles: how many stand in a row, and how wide each is.
_GRIDS = ((12, 4, 300), (30, 6, 260), (80, 8, 208), (math.inf, 10, 184))


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of things, for a number of tiles whose pictures have about these proportions."""

    columns: int
    tile_width: int
    picture_height: int
    rows: int

    @classmethod
    def of(cls, tiles: int, aspect: float) -> "Layout":
        _, columns, width = next(grid for grid in _GRIDS if tiles <= grid[0])
        inside = width - 2 * BORDER
        # Upright ones would make the sheet endless: they stand between bars.
        height = round(inside / min(max(aspect, 0.9), 2.4))
        return cls(columns, width, height, math.ceil(tiles / columns))

    @property
    def tile_height(self) -> int:
        return self.picture_height + 2 * BORDER + CAPTION

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        width = 2 * MARGIN + self.columns * (self.tile_width + _GAP) - _GAP
        return width, HEADER + self.rows * (self.tile_height + _GAP) - _GAP + MARGIN

    @property
    def picture_size(self) -> tuple[int, int]:
        return self.tile_width - 2 * BORDER, self.picture_height

    def corner(self, tile: int) -> tuple[int, int]:
        """x and y of a tile's top left."""
        row, column = divmod(tile, self.columns)
        x = MARGIN + column * (self.tile_width + _GAP)
        return x, HEADER + row * (self.tile_height + _GAP)


def draw_sheet(
    title: str,
    subtitle: str,
    rows: Sequence[FrameRow],
    shown: Sequence[int],
    pictures: dict[float, np.ndarray],
    layout: Layout,
) -> np.ndarray:
    """The whole sheet. `shown` are the indices of the rows that get a tile."""
    width, height = layout.size
    sheet = np.full((height, width, 3), BACKGROUND, np.uint8)
    _draw_header(sheet, title, subtitle, rows, len(shown))
    for tile, place in enumerate(shown):
        x, y = layout.corner(tile)
        part = sheet[y : y + layout.tile_height, x : x + layout.tile_width]
        _draw_tile(part, rows[place], pictures.get(rows[place].pts_seconds), layout)
    return sheet


def _draw_header(
    sheet: np.ndarray, title: str, subtitle: str, rows: Sequence[FrameRow], shown: int
) -> None:
    right = sheet.shape[1] - MARGIN
    kept = sum(row.kept for row in rows)
    totals = f"{len(rows)} samples: {kept} kept, {len(rows) - kept} dropped"
    if shown < len(rows):
        totals += f".  Shown: {shown}, where the decision changes and evenly between"
    write_text(sheet, title, (MARGIN, 40), 0.85, TEXT, font=BOLD, until=right)
    x = write_text(sheet, totals, (MARGIN, 68), 0.5, TEXT) + 28
    for reason, colour in COLOURS.items():
        if number := sum(row.reason == reason for row in rows):
            cv2.rectangle(sheet, (x, 58), (x + 11, 69), colour, -1)
            x = write_text(sheet, f"{_name(reason)} {number}", (x + 18, 68), 0.5, TEXT) + 20
    write_text(sheet, subtitle, (MARGIN, 94), 0.46, DIM, until=right)
    # A line of the whole video: each sample's colour, from left to right.
    edges = np.linspace(MARGIN, right, len(rows) + 1).round().astype(int)
    for row, start, end in zip(rows, edges, edges[1:], strict=False):
        top = 112 if row.kept else 117
        sheet[top:128, start : max(end - (end - start > 4), start + 1)] = COLOURS[row.reason]


def _draw_tile(tile: np.ndarray, row: FrameRow, picture: np.ndarray | None, layout: Layout) -> None:
    colour = COLOURS[row.reason]
    (width, height), below = layout.picture_size, layout.picture_height + 2 * BORDER
    tile[:] = PANEL
    tile[:below] = colour if row.kept else PANEL
    inside = tile[BORDER : BORDER + height, BORDER : BORDER + width]
    inside[:] = BACKGROUND
    if picture is None:
        write_text(inside, "not decoded", (10, height // 2), 0.42, DIM)
    else:
        x, y = (width - picture.shape[1]) // 2, (height - picture.shape[0]) // 2
        place = inside[y : y + picture.shape[0], x : x + picture.shape[1]]
        place[:] = picture if row.kept else picture * _DIMMED + np.multiply(PANEL, 1 - _DIMMED)
    if not row.kept:
        tile[below - BORDER : below] = colour
    x = write_text(tile, time_text(row.pts_seconds), (8, below + 18), 0.5, TEXT, font=BOLD)
    write_text(tile, _verdict(row), (x + 10, below + 18), 0.46, colour, until=layout.tile_width - 4)
    write_text(tile, _likeness(row), (8, below + 37), 0.44, DIM, until=layout.tile_width - 4)


def write_text(
    picture: np.ndarray,
    text: str,
    place: tuple[int, int],
    scale: float,
    colour: Colour,
    font: int = _REGULAR,
    until: int | None = None,
) -> int:
    """Write from `place`, the left end of the base line; the x where the text ends.

    What would reach beyond x = `until` is cut in its middle.
    """
    text = "".join(letter if letter.isprintable() else "?" for letter in text)
    width = cv2.getTextSize(text, font, scale, 1)[0][0]
    whole, cut = text, 0
    while until is not None and place[0] + width > until and cut < len(whole):
        cut += 1
        half = (len(whole) - cut) // 2
        text = f"{whole[: len(whole) - cut - half]}...{whole[len(whole) - half :]}"
        width = cv2.getTextSize(text, font, scale, 1)[0][0]
    cv2.putText(picture, text, place, font, scale, colour, 1, cv2.LINE_AA)
    return place[0] + width


def _name(reason: str) -> str:
    return reason.replace("_", " ")


def time_text(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    hours, minutes = divmod(int(minutes), 60)
    text = f"{rest:02.0f}" if rest == int(rest) else f"{rest:05.2f}"
    return f"{hours}:{minutes:02d}:{text}" if hours else f"{minutes}:{text}"


def _verdict(row: FrameRow) -> str:
    match row.reason:
        case "blurred":
            return f"blurred, sharpness {row.sharpness:.0f}"
        case "dark" | "bright":
            return f"{row.reason}, level {row.brightness:.0f}"
    return _name(row.reason)


def _likeness(row: FrameRow) -> str:
    if row.ssim is None:
        return "nothing to compare with"
    change = "" if row.local_change is None else f"   change {row.local_change:.1f}"
    # Down, not to the nearest: a likeness that looks like 1 is an exact repeat.
    return f"SSIM {math.floor(row.ssim * 1000) / 1000:.3f}{change}"
