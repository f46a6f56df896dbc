"""Formats that have boxes alone: what they can say, and how an object becomes a box or mask."""

from dataclasses import replace

from vidset.formats.format import ImageLabels, Loss
from vidset.formats.spool import known_size
from vidset.labeling.annotation import Box, LabeledObject
from vidset.labeling.shapes import box_around, pixels_of
from vidset.masks import Mask

# Of a pixel: what sums of rounded numbers may come to.
_ROUNDING = 1e-6
LOST_BY_BOXES = {"polygon": ("outlines",), "mask": ("masks",), "rotated_box": ("rotations",)}
"""The losses, in the plural, where a box takes the place of an object of each type."""


def boxes_of(
    labels: ImageLabels, format_name: str, *, words: bool
) -> tuple[ImageLabels, list[Loss]]:
    """The image with its boxes, and with what is said of it as a whole if the format has `words`.

    Raises:
        ValueError: its size is not known.
    """
    place = f"image {labels.image_name!r}"
    width, height = known_size(labels, format_name)
    objects: list[LabeledObject] = []
    losses: list[Loss] = []
    said: set[str] = set()
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        box = box_around(item)
        if item.type == "classification" and not words:
            losses.append(("classifications", where))
        elif box is None and item.label in said:
            losses.append(("repeated classifications", where))
        elif box is None and item.type != "classification":
            losses.append(("empty masks", where))
        elif box is None:
            said.add(item.label)
            objects.append(replace(item, attributes={}))
            losses += [("attributes of classifications", where)] * len(item.attributes)
        elif _is_outside(box, width, height):
            losses.append(("objects outside of the image", where))
        else:
            objects.append(boxed(item, box))
            losses += [(what, where) for what in LOST_BY_BOXES.get(item.type, ())]
    return replace(labels, objects=tuple(objects)), losses


def boxed(item: LabeledObject, box: Box) -> LabeledObject:
    """The object with an upright box in the place of its shape."""
    return replace(item, type="box", box=box, rings=None, mask=None)


def _is_outside(box: Box, width: int, height: int) -> bool:
    return (
        min(box.x, box.y) < -_ROUNDING
        or box.x + box.width > width + _ROUNDING
        or box.y + box.height > height + _ROUNDING
    )


HOLES = "outlines of polygons with holes, which become masks"


def has_hole(item: LabeledObject) -> bool:
    return any(ring.hole for ring in item.rings or ())


def as_mask(item: LabeledObject, width: int, height: int) -> LabeledObject:
    """The object with its pixels in the place of its shape."""
    mask = Mask.of(pixels_of(item, width, height))
    return replace(item, type="mask", box=None, rings=None, mask=mask)
