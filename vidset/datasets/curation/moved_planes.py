"""Masks that give each pixel of an image a label, after a recipe has moved the image's pixels.

Such masks leave no background. What a rotation or a margin adds beside the image is none either:
nobody said what it is, so it is `ignored`. A label keeps whatever is left of it in the picture.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np

from vidset.formats.painting import IGNORED
from vidset.masks import Mask

Things = Sequence[Mapping[str, Any]]
_OUTSIDE = 0


def plane_of(things: Things, size: tuple[int, int]) -> np.ndarray | None:
    """Return the number of each pixel's object, from 1 on, (height, width) uint16.

    None where a pixel has no object or several, or an object is no mask. Words on the whole image
    count for nothing.

    Args:
        size: the picture's (width, height).
    """
    plane = np.zeros(size[::-1], np.uint16)
    for number, thing in enumerate(things, 1):
        if thing.get("box") or thing.get("rings") or thing.get("points"):
            return None
        if not thing.get("mask"):
            continue
        mask = Mask.from_document(thing["mask"])
        if (mask.width, mask.height) != size:
            return None
        pixels = mask.pixels()
        if plane[pixels].any():
            return None
        plane[pixels] = number
    return plane if plane.all() else None


def move_plane(
    things: Things, plane: np.ndarray, moved: np.ndarray, size: tuple[int, int]
) -> list[dict[str, Any]]:
    """Return the objects after the move; those of which no pixel is left are gone.

    Args:
        plane: what `plane_of` says of them.
        moved: 3x3, from old to new points.
        size: the new picture's (width, height).
    """
    # OpenCV counts from the middle of the first pixel, points from its corner.
    half = np.array([[1.0, 0.0, 0.5], [0.0, 1.0, 0.5], [0.0, 0.0, 1.0]])
    after = cv2.warpPerspective(
        plane,
        np.linalg.inv(half) @ moved @ half,
        size,
        flags=cv2.INTER_NEAREST,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_OUTSIDE,
    )
    ignored = [number for number, thing in enumerate(things, 1) if thing["label"] == IGNORED]
    if ignored:
        after[after == _OUTSIDE] = ignored[0]
    kept = []
    for number, thing in enumerate(things, 1):
        pixels = after == number
        if not thing.get("mask"):
            kept.append(dict(thing))
        elif pixels.any():
            kept.append({**thing, "mask": Mask.of(pixels).to_document()})
    outside = after == _OUTSIDE
    if outside.any():
        kept.append(
            {
                "id": _free_id({str(thing.get("id")) for thing in things}),
                "label": IGNORED,
                "type": "mask",
                "box": None,
                "mask": Mask.of(outside).to_document(),
                "attributes": {},
            }
        )
    return kept


def _free_id(taken: set[str]) -> str:
    return next(str(number) for number in range(1, len(taken) + 2) if str(number) not in taken)
