"""Drawn blood smears with a box around each cell, for benchmarks of detectors."""

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from tests.datasets.numerals import entry, write_version
from vidset.datasets.versions.repository import Repository

SIZE = (320, 240)
# How many an image has, and their radii in pixels: the proportions of a smear under a microscope.
_KINDS = {"red": ((7, 15), (15, 22)), "white": ((0, 3), (24, 33)), "platelet": ((0, 4), (5, 8))}
# Of its radius: how far a cell's middle may lie outside the picture, and how near another's may be.
_OUTSIDE, _NEAREST = 0.3, 0.85
_TRIES = 30
# A cell of which less than this share is left at the border has no box.
_LEAST_VISIBLE = 0.25


def write_cells(repository: Repository, counts: Mapping[str, int], *, seed: int = 0) -> str:
    """A version with so many smears in each split; its id."""
    random = np.random.default_rng(seed)
    entries = []
    for split, count in counts.items():
        for number in range(count):
            picture, things = draw_cells(random)
            entries.append(entry(repository, picture, f"{split}/{number}.png", split, None, things))
    return write_version(repository, entries)


def draw_cells(random: np.random.Generator) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """A picture, (240, 320, 3) uint8 RGB, and its cells' boxes; cells touch and are cut.

    Light, stain, forms and sharpness vary from picture to picture.
    """
    width, height = SIZE
    stain = random.normal(0, 8, 3)
    ground = np.array([225, 205, 210]) + random.normal(0, 8, 3)
    picture = np.full((height, width, 3), ground, np.float32)
    placed: list[tuple[float, float, float]] = []
    things = []
    for label, (numbers, radii) in _KINDS.items():
        for _ in range(int(random.integers(*numbers))):
            cell = _place(random, float(random.uniform(*radii)), placed)
            if cell is None:
                continue
            placed.append(cell)
            outline = _outline(random, *cell)
            _PAINT[label](picture, random, outline, cell, stain)
            if box := _visible(outline):
                number = str(len(things) + 1)
                things.append({"id": number, "label": label, "type": "box", "box": box})
    slope = np.linspace(*random.uniform(0.85, 1.1, 2), width)[None, :, None]
    picture = cv2.GaussianBlur(picture * slope, (0, 0), float(random.uniform(0.6, 1.4)))
    picture += random.normal(0, 5, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), things


def _place(
    random: np.random.Generator, radius: float, placed: list[tuple[float, float, float]]
) -> tuple[float, float, float] | None:
    width, height = SIZE
    low = -_OUTSIDE * radius
    for _ in range(_TRIES):
        x, y = random.uniform(low, width - low), random.uniform(low, height - low)
        if all(np.hypot(x - a, y - b) >= _NEAREST * (radius + other) for a, b, other in placed):
            return float(x), float(y), radius
    return None


def _outline(random: np.random.Generator, x: float, y: float, radius: float) -> np.ndarray:
    """A ring that is not quite an ellipse, (n, 2)."""
    turns = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    reach = np.full_like(turns, radius)
    for waves in (2, 3):
        part = random.uniform(0, 0.09) * radius
        reach += part * np.cos(waves * turns + random.uniform(0, 2 * np.pi))
    return np.column_stack([x + reach * np.cos(turns), y + reach * np.sin(turns)])


def _visible(outline: np.ndarray) -> dict[str, float] | None:
    low, high = outline.min(axis=0), outline.max(axis=0)
    inside_low, inside_high = np.clip(low, 0, SIZE), np.clip(high, 0, SIZE)
    sides = inside_high - inside_low
    if sides.prod() < _LEAST_VISIBLE * (high - low).prod():
        return None
    x, y, width, height = (round(float(each), 2) for each in (*inside_low, *sides))
    return {"x": x, "y": y, "width": width, "height": height}


def _fill(picture: np.ndarray, outline: np.ndarray, colour: np.ndarray) -> None:
    cv2.fillPoly(picture, [np.rint(outline * 16).astype(np.int32)], colour.tolist(), shift=4)


def _paint_red(
    picture: np.ndarray,
    random: np.random.Generator,
    outline: np.ndarray,
    cell: tuple[float, float, float],
    stain: np.ndarray,
) -> None:
    """Pink, with a paler middle."""
    colour = np.array([205, 140, 150]) + stain + random.normal(0, 6, 3)
    _fill(picture, outline, colour)
    middle = np.array(cell[:2])
    _fill(picture, middle + (outline - middle) * random.uniform(0.35, 0.55), colour + 22)


def _paint_white(
    picture: np.ndarray,
    random: np.random.Generator,
    outline: np.ndarray,
    cell: tuple[float, float, float],
    stain: np.ndarray,
) -> None:
    """Pale, with a violet nucleus of two to four lobes."""
    _fill(picture, outline, np.array([190, 165, 195]) + stain + random.normal(0, 6, 3))
    x, y, radius = cell
    dark = np.array([110, 65, 140]) + stain + random.normal(0, 8, 3)
    first, lobes = random.uniform(0, 2 * np.pi), int(random.integers(2, 5))
    for turn in first + np.arange(lobes) * 2 * np.pi / lobes:
        away = 0.33 * radius
        at = (x + away * np.cos(turn), y + away * np.sin(turn))
        _fill(picture, _outline(random, *at, 0.4 * radius), dark)


def _paint_platelet(
    picture: np.ndarray,
    random: np.random.Generator,
    outline: np.ndarray,
    _cell: tuple[float, float, float],
    stain: np.ndarray,
) -> None:
    _fill(picture, outline, np.array([150, 95, 160]) + stain + random.normal(0, 10, 3))


_PAINT = {"red": _paint_red, "white": _paint_white, "platelet": _paint_platelet}
