"""Draws videos of places that do not exist: fixed cameras before which things move, and drives."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

_WIDTH, _HEIGHT, _RATE, _SECONDS, _EACH = 320, 240, 10, 40, 4


def draw_videos(folder: Path) -> Iterator[Path]:
    """Draw videos of both kinds, always the same ones."""
    folder.mkdir(parents=True)
    for number in range(_EACH):
        yield _encode(_fixed(np.random.default_rng(number)), folder / f"fixed-{number}.mp4")
        yield _encode(_drive(np.random.default_rng(100 + number)), folder / f"drive-{number}.mp4")


def _fixed(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield frames of one place that things of some size cross, each at its own speed."""
    place = _world(random, _WIDTH)
    things = [
        (int(random.integers(12, 40)), int(random.integers(0, _HEIGHT - 40)), random.uniform(4, 40))
        for _ in range(5)
    ]
    starts = random.uniform(-_WIDTH, _WIDTH, 5)
    colours = random.integers(0, 256, (5, 3)).tolist()
    for frame in range(_SECONDS * _RATE):
        picture = place.copy()
        for (side, top, speed), start, colour in zip(things, starts, colours, strict=True):
            left = int((start + speed * frame / _RATE) % (2 * _WIDTH)) - side
            cv2.rectangle(picture, (left, top), (left + side, top + side), colour, -1)
        yield picture


def _drive(random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield frames of a long street that the camera passes, with stops."""
    street = _world(random, 6 * _WIDTH)
    place = 0.0
    for frame in range(_SECONDS * _RATE):
        place += max(0.0, 3 + 3 * np.sin(frame / 37))
        left = int(min(place, street.shape[1] - _WIDTH))
        yield street[:, left : left + _WIDTH]


def _world(random: np.random.Generator, width: int) -> np.ndarray:
    """Return a picture with structure of all sizes: (height, width, 3) uint8."""
    total = np.zeros((_HEIGHT, width, 3), np.float32)
    for cells in 3, 6, 12, 24, 48:
        noise = random.random((cells, cells * width // _HEIGHT, 3), np.float32) / cells
        total += cv2.resize(noise, (width, _HEIGHT), interpolation=cv2.INTER_CUBIC)
    levels = cv2.normalize(total, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
    return levels.astype(np.uint8)


def _encode(frames: Iterator[np.ndarray], path: Path) -> Path:
    size = ["-s", f"{_WIDTH}x{_HEIGHT}", "-r", str(_RATE)]
    command = ["ffmpeg", "-v", "error", "-f", "rawvideo", "-pix_fmt", "bgr24", *size, "-i", "-"]
    output = ["-preset", "veryfast", "-crf", "18", "-g", "20", "-pix_fmt", "yuv420p", str(path)]
    subprocess.run(
        [*command, *output], input=b"".join(each.tobytes() for each in frames), check=True
    )
    return path
