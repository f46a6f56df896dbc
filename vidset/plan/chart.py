"""The chart of a plan as a PNG: images over thresholds, a line for each period."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.filtering.thresholds import GRID
from vidset.plan.budget import Budget
from vidset.plan.plan import Plan, Setting, seconds
from vidset.storage.writing import write_atomically

_Colour = tuple[int, int, int]
_Point = tuple[int, int]
_SIZE = 1200, 700
_LEFT, _TOP, _RIGHT, _BOTTOM = 110, 110, 1090, 620  # Of the field.
_BACKGROUND, _GRID, _TEXT, _DIM = (19, 21, 26), (44, 48, 57), (236, 238, 241), (154, 160, 170)
_COLOURS: dict[int, _Colour] = {
    1: (62, 207, 122),
    2: (96, 165, 250),
    5: (242, 160, 61),
    10: (210, 120, 232),
}
_BUDGET: _Colour = (239, 83, 80)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def write_chart(path: str, plan: Plan, budget: Budget) -> None:
    """Write the chart as a PNG, whole or not at all."""
    _, data = cv2.imencode(".png", draw_chart(plan, budget)[..., ::-1])
    write_atomically(path, data.tobytes())


def draw_chart(plan: Plan, budget: Budget) -> np.ndarray:
    """(700, 1200, 3) uint8 RGB."""
    picture = np.full((*_SIZE[::-1], 3), _BACKGROUND, np.uint8)
    highest = max((each.images for each in (*plan.settings, plan.own)), default=0)
    scale = _Scale(max(highest, 1))
    _draw_axes(picture, scale, plan, budget)
    if budget.affordable is not None and budget.affordable <= scale.top:
        y = scale.y(budget.affordable)
        for x in range(_LEFT, _RIGHT, 16):
            cv2.line(picture, (x, y), (x + 8, y), _BUDGET, 2)
        _write(picture, "budget", (_LEFT + 8, y - 8), 0.5, _BUDGET)
    for stride, colour in _COLOURS.items():
        line = [each for each in plan.settings if each.stride == stride]
        points = np.array([scale.point(each) for each in line], np.int32)
        if len(points):
            cv2.polylines(
                picture, [points], isClosed=False, color=colour, thickness=2, lineType=cv2.LINE_AA
            )
    _mark(picture, scale, plan)
    _draw_legend(picture, plan)
    return picture


@dataclass(frozen=True, slots=True)
class _Scale:
    """A scale from images and thresholds to pixels."""

    highest: int

    @property
    def step(self) -> int:
        """The distance of the lines: 1, 2 or 5 times a power of ten, for at most 6 of them."""
        least = max(self.highest / 6, 1)
        power = 10 ** math.floor(math.log10(least))
        return round(next(each * power for each in (1, 2, 5, 10) if each * power >= least))

    @property
    def top(self) -> int:
        return math.ceil(self.highest / self.step) * self.step

    def lines(self) -> Iterator[int]:
        yield from range(0, self.top + 1, self.step)

    def x(self, threshold: float) -> int:
        width = GRID[-1] - GRID[0]
        return round(_LEFT + (_RIGHT - _LEFT) * (threshold - GRID[0]) / width)

    def y(self, images: int) -> int:
        return round(_BOTTOM - (_BOTTOM - _TOP) * images / self.top)

    def point(self, setting: Setting) -> _Point:
        return self.x(setting.threshold or GRID[-1]), self.y(setting.images)


def _draw_axes(picture: np.ndarray, scale: _Scale, plan: Plan, budget: Budget) -> None:
    counts = plan.counts
    title = f"{counts.told_videos}, {counts.samples:,} samples"
    _write(picture, title, (_LEFT, 44), 0.8, _TEXT)
    decimals = 0 if budget.cost(scale.step) >= 1 else 2
    for images in scale.lines():
        y = scale.y(images)
        cv2.line(picture, (_LEFT, y), (_RIGHT, y), _GRID, 1)
        _write(picture, f"{images:,}", (_LEFT - 10, y + 5), 0.48, _DIM, before=1)
        _write(picture, f"{budget.cost(images):,.{decimals}f}", (_RIGHT + 10, y + 5), 0.48, _DIM)
    for place in range(0, len(GRID), 5):
        x = scale.x(GRID[place])
        cv2.line(picture, (x, _BOTTOM), (x, _BOTTOM + 6), _DIM, 1)
        _write(picture, f"{GRID[place]:.2f}", (x, _BOTTOM + 26), 0.48, _DIM, before=0.5)
    _write(picture, "images", (_LEFT - 10, _TOP - 16), 0.48, _DIM, before=1)
    _write(picture, budget.currency, (_RIGHT + 10, _TOP - 16), 0.48, _DIM)
    middle = (_LEFT + _RIGHT) // 2, _BOTTOM + 58
    _write(picture, "similarity threshold (SSIM)", middle, 0.52, _DIM, before=0.5)


def _draw_legend(picture: np.ndarray, plan: Plan) -> None:
    period, x = plan.counts.period_seconds, _LEFT
    for stride in sorted({each.stride for each in plan.settings}):
        name = f"x {stride}" if period is None else f"every {seconds(period, stride)} s"
        cv2.rectangle(picture, (x, 66), (x + 14, 80), _COLOURS[stride], -1)
        x = _write(picture, name, (x + 22, 79), 0.52, _TEXT) + 28


def _mark(picture: np.ndarray, scale: _Scale, plan: Plan) -> None:
    """Marks where the run itself stands, and the recommendation."""
    own_threshold = plan.counts.threshold
    if own_threshold is not None and GRID[0] <= own_threshold <= GRID[-1]:
        place = scale.x(own_threshold), scale.y(plan.own.images)
        cv2.circle(picture, place, 6, _TEXT, -1, cv2.LINE_AA)
        _write(picture, "as extracted", (place[0], place[1] + 24), 0.48, _TEXT, before=0.5)
    if plan.chosen is not None and plan.chosen is not plan.own:
        place = scale.point(plan.chosen)
        cv2.circle(picture, place, 10, _BUDGET, 2, cv2.LINE_AA)
        _write(picture, "recommended", (place[0], place[1] + 28), 0.48, _TEXT, before=0.5)


def _write(
    picture: np.ndarray,
    text: str,
    place: _Point,
    scale: float,
    colour: _Colour,
    *,
    before: float = 0,
) -> int:
    """Write with the share `before` of the text left of `place`; the x where the text ends.

    The font has no letters beyond ASCII.
    """
    text = text.encode("ascii", "replace").decode()
    width = cv2.getTextSize(text, _FONT, scale, 1)[0][0]
    x = place[0] - round(width * before)
    cv2.putText(picture, text, (x, place[1]), _FONT, scale, colour, 1, cv2.LINE_AA)
    return x + width
