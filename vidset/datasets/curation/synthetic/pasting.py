"""Pastes objects on a picture, turned, in perspective and in another light.

Nothing is pasted over what is there already, so that what was known of a picture stays true.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.datasets.curation.synthetic.settings import Synthetic

_TRIES = 20
_VISIBLE = 128  # Of 255: pixels with so much of the object are its own.
_LEAST_SIDE = 3
Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """An object in a picture.

    Attributes:
        box: left, top, width and height of the pixels that are its own.
        mask: (height, width) bool, of the whole picture.
    """

    label: str
    box: Rectangle
    mask: np.ndarray


def paste(
    picture: np.ndarray,
    objects: Sequence[tuple[str, np.ndarray]],
    taken: Sequence[Rectangle],
    wanted: Synthetic,
    random: np.random.Generator,
) -> tuple[np.ndarray, list[Placed]]:
    """Return a copy of a picture with some objects, each where there is room.

    Args:
        picture: (height, width, 3) uint8 RGB.
        objects: labels with pictures, (height, width, 4) uint8 RGBA.
        taken: rectangles that nothing may be pasted on.
    """
    made, placed, boxes = picture.copy(), list[Placed](), list(taken)
    low, high = map(int, wanted.count)
    for _ in range(int(random.integers(low, high + 1))):
        label, pasted = objects[int(random.integers(len(objects)))]
        moved = _moved(pasted, min(picture.shape[:2]), wanted, random)
        height, width = moved.shape[:2]
        free = (picture.shape[1] - width, picture.shape[0] - height)
        if min(free) < 0 or min(height, width) < _LEAST_SIDE:
            continue
        for _ in range(_TRIES):
            left, top = (int(random.integers(most + 1)) for most in free)
            if not any(_overlap((left, top, width, height), other) for other in boxes):
                boxes.append((left, top, width, height))
                placed.append(_put(made, moved, label, left, top))
                break
    return made, placed


def _moved(
    pasted: np.ndarray, side: int, wanted: Synthetic, random: np.random.Generator
) -> np.ndarray:
    """The object as it is pasted: scaled, turned and tilted, cut to what can be seen of it."""
    height, width = pasted.shape[:2]
    scale = float(random.uniform(*wanted.size)) * side / max(height, width)
    angle = np.radians(float(random.uniform(*wanted.rotate)))
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float64)
    jitter = random.uniform(-wanted.perspective, wanted.perspective, (4, 2)) / 2
    there = (corners + jitter * (width, height)) * scale
    turn = np.array([(np.cos(angle), -np.sin(angle)), (np.sin(angle), np.cos(angle))])
    there = there @ turn.T
    there -= there.min(axis=0)
    size = np.maximum(np.ceil(there.max(axis=0)), 1).astype(int)
    to = cv2.getPerspectiveTransform(corners.astype(np.float32), there.astype(np.float32))
    # Colours under transparency would shine through at the edge.
    alpha = pasted[:, :, 3:].astype(np.float32) / 255
    whole = np.dstack([pasted[:, :, :3] * alpha, alpha * 255])
    if scale < 1:  # Fine detail would flicker.
        whole = cv2.GaussianBlur(whole, (0, 0), 0.4 / scale)
    warped = cv2.warpPerspective(whole, to, (int(size[0]), int(size[1])), flags=cv2.INTER_LINEAR)
    warped[:, :, :3] *= float(random.uniform(*wanted.light))
    return np.clip(warped, 0, 255)


def _put(made: np.ndarray, moved: np.ndarray, label: str, left: int, top: int) -> Placed:
    height, width = moved.shape[:2]
    part = made[top : top + height, left : left + width]
    alpha = moved[:, :, 3:] / 255
    part[:] = np.round(np.clip(part * (1 - alpha) + moved[:, :, :3], 0, 255)).astype(np.uint8)
    mask = np.zeros(made.shape[:2], bool)
    mask[top : top + height, left : left + width] = moved[:, :, 3] >= _VISIBLE
    return Placed(label, _around(mask), mask)


def _around(mask: np.ndarray) -> Rectangle:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    left, top = int(columns[0]), int(rows[0])
    return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def _overlap(one: Rectangle, other: Rectangle) -> bool:
    return all(
        one[axis] < other[axis] + other[axis + 2] and other[axis] < one[axis] + one[axis + 2]
        for axis in (0, 1)
    )
