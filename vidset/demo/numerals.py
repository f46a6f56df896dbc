"""Roman numerals i to x, drawn as if by hand: the demo's and the tests' own, free of licences."""

from collections.abc import Iterator

import cv2
import numpy as np

NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x")
Point = tuple[float, float]

# Each letter's strokes in a box of its width and a height of 1, from the top left.
_WIDTHS = {"i": 0.3, "v": 0.7, "x": 0.7}
_STROKES: dict[str, tuple[tuple[Point, Point], ...]] = {
    "i": (((0.15, 0), (0.15, 1)),),
    "v": (((0.05, 0), (0.35, 1)), ((0.35, 1), (0.65, 0))),
    "x": (((0.05, 0), (0.65, 1)), ((0.65, 0), (0.05, 1))),
}
_FINE = 4  # Strokes are drawn this many times larger, then made smaller: smooth edges.


def draw_numeral(label: str, random: np.random.Generator) -> np.ndarray:
    """A numeral of NUMERALS, dark on light, as (height, width, 3) uint8 RGB.

    Size, place, slant, thickness, serifs, paper and noise are drawn from `random`: the same state
    gives the same picture.
    """
    height, width = (int(side) for side in random.integers(48, 110, size=2))
    paper, ink = random.integers(215, 256), random.integers(0, 90)
    canvas = np.full((height * _FINE, width * _FINE), paper, np.uint8)
    thickness = max(round(float(random.uniform(0.03, 0.07)) * min(canvas.shape)), 1)
    for start, end in _placed(label, canvas.shape, random):
        points = _wavy(start, end, thickness, random)
        cv2.polylines(canvas, [points], isClosed=False, color=int(ink), thickness=thickness)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    small += random.normal(0, random.uniform(0, 12), size=small.shape).astype(np.float32)
    grey = np.clip(small, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


def _placed(
    label: str, shape: tuple[int, ...], random: np.random.Generator
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The strokes in pixels: scaled, slanted, turned a little, somewhere in the picture."""
    strokes = [np.array(stroke) for stroke in _letters(label, with_bars=random.random() < 0.5)]
    strokes = [stroke + random.normal(0, 0.03, size=stroke.shape) for stroke in strokes]
    angle, slant = random.uniform(-0.2, 0.2), random.uniform(-0.25, 0.25)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    strokes = [stroke @ np.array([[1, 0], [slant, 1]]) @ turn.T for stroke in strokes]
    points = np.concatenate(strokes)
    low, size = points.min(axis=0), np.ptp(points, axis=0)
    room = np.array(shape[1::-1]) * random.uniform(0.5, 0.85)
    scale = (room / np.maximum(size, 0.05)).min()
    free = np.array(shape[1::-1]) - size * scale
    corner = free * random.uniform(0.15, 0.85, size=2)
    moved = [(stroke - low) * scale + corner for stroke in strokes]
    return [(stroke[0], stroke[1]) for stroke in moved]


def _letters(label: str, *, with_bars: bool) -> Iterator[tuple[Point, Point]]:
    """The strokes of a numeral; with bars above and below all of it if wanted."""
    at = 0.0
    for letter in label:
        for start, end in _STROKES[letter]:
            yield (start[0] + at, start[1]), (end[0] + at, end[1])
        at += _WIDTHS[letter] + 0.1
    if with_bars:
        yield (-0.1, 0.0), (at, 0.0)
        yield (-0.1, 1.0), (at, 1.0)


def _wavy(
    start: np.ndarray, end: np.ndarray, thickness: int, random: np.random.Generator
) -> np.ndarray:
    """Points along a stroke, a little off its line: (n, 1, 2) int32."""
    along = np.linspace(0, 1, 6)[:, None]
    points = start + (end - start) * along
    points += random.normal(0, thickness / 6, size=points.shape)
    return np.round(points).astype(np.int32)[:, None]
