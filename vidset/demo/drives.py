"""Several short drives, each with its own traffic, for `vidset demo --loop`."""

from dataclasses import replace

import numpy as np

from vidset.demo.scene import Mover, Scene, Span

_SECONDS, _STOP = 14.0, (5.0, 9.5)
"""Seconds that a drive lasts, and those between which it stands still."""


def draw_drives(number: int) -> dict[str, Scene]:
    """Return drives by the names of their videos, the same ones each time.

    The last one repeats the first with fewer frames a second, as if it had been uploaded again.
    """
    drives = {f"drive-{each}.mp4": _drive(each) for each in range(1, number)}
    return {**drives, "drive-1-again.mp4": replace(drives["drive-1.mp4"], fps=20)}


def _drive(number: int) -> Scene:
    random = np.random.default_rng(number)
    start, end = _STOP
    spans = (Span("drive", 0, start), Span("stop", start, end), Span("drive", end, _SECONDS))
    ahead = _metres(random, 9, 22)
    movers = [
        Mover("car", "rear", 0, _SECONDS, x=0, ahead=ahead, speed=11),
        Mover("car", "front", 0, _SECONDS, x=-3.5, ahead=_metres(random, 30, 110), speed=-11),
        Mover("car", "front", start, _SECONDS, x=-3.5, ahead=_metres(random, 40, 90), speed=-9),
        Mover("car", "rear", 0, _SECONDS, x=3.0, ahead=_metres(random, 25, 90)),
        Mover("car", "rear", 0, _SECONDS, x=3.0, ahead=_metres(random, 95, 140)),
    ]
    if number % 2:  # Somebody crosses in every other drive alone: a label that is rare.
        side, ahead = random.choice((-1.0, 1.0)), _metres(random, 10, 14)
        movers.append(
            Mover("person", "walking", start, end, x=7 * side, ahead=ahead, x_speed=-2.2 * side)
        )
    return Scene(spans, tuple(movers), seed=100 + number)


def _metres(random: np.random.Generator, least: float, most: float) -> float:
    return float(random.uniform(least, most))
