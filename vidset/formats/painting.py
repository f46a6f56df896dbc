"""Objects painted into one picture, in which each pixel has one label."""

from collections.abc import Iterable, Mapping

import numpy as np

from vidset.labeling.annotation import LabeledObject
from vidset.labeling.shapes import pixels_of

BACKGROUND = "background"
"""The label of pixels that no object covers, where each pixel must have one."""
IGNORED = "ignored"
"""The label of an area of which nobody said what it is. Models neither learn it nor answer for it;
label maps have 255 there."""
_PIXELS = ("polygon", "mask")


def has_pixels(item: LabeledObject) -> bool:
    """Returns whether an object says which pixels are its own: a polygon or a mask does."""
    return item.type in _PIXELS


def paint(
    objects: Iterable[LabeledObject],
    numbers: Mapping[str, int],
    width: int,
    height: int,
    *,
    nothing: int,
) -> tuple[np.ndarray, set[str]]:
    """Paint polygons and masks with the numbers of their labels.

    Objects may overlap, and a version keeps no order of theirs. The one with fewer pixels lies on
    top, since it would be hidden otherwise; areas to be ignored lie on top of all. Of objects with
    equally many pixels the label that comes later in the alphabet does.

    Args:
        numbers: of each label, 0 to 65535. Objects of other labels are left out.
        nothing: the number of pixels that no object covers.

    Returns:
        (height, width) uint16, and the ids of the objects that others hide, in part at least.

    Raises:
        ValueError: a mask is damaged, or of another size.
    """
    painted = np.full((height, width), nothing, np.uint16)
    found = [
        (item.label == IGNORED, -int(pixels.sum()), item.label, item.id, pixels)
        for item in objects
        if has_pixels(item) and item.label in numbers
        for pixels in [_pixels(item, width, height)]
    ]
    ordered = sorted(found, key=lambda each: each[:4])
    for _, _, label, _, pixels in ordered:
        painted[pixels] = numbers[label]
    hidden = {
        id_ for _, _, label, id_, pixels in ordered if (painted[pixels] != numbers[label]).any()
    }
    return painted, hidden


def _pixels(item: LabeledObject, width: int, height: int) -> np.ndarray:
    if item.mask and (item.mask.width, item.mask.height) != (width, height):
        raise ValueError(
            f"object {item.id} ({item.label}): wanted a mask of {width} x {height}, "
            f"got {item.mask.width} x {item.mask.height}"
        )
    return pixels_of(item, width, height)
