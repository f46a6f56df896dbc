"""What formats of boxes can say: of a polygon the box around it, and words where they have them."""

from dataclasses import replace

from vidset.formats.format import ImageLabels, Loss
from vidset.labeling.annotation import Box, LabeledObject

# Of a pixel: what sums of rounded numbers may come to.
_ROUNDING = 1e-6


def boxes_of(
    labels: ImageLabels, format_name: str, *, words: bool
) -> tuple[ImageLabels, list[Loss]]:
    """The image with its boxes, and with what is said of it as a whole if the format has `words`.

    Raises:
        ValueError: its size is not known.
    """
    place = f"image {labels.image_name!r}"
    if labels.width is None or labels.height is None:
        raise ValueError(f"{place}: {format_name} wants its width and height, got none")
    objects: list[LabeledObject] = []
    losses: list[Loss] = []
    said: set[str] = set()
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        box = box_around(item)
        if box is None and not words:
            losses.append(("classifications", where))
        elif box is None and item.label in said:
            losses.append(("repeated classifications", where))
        elif box is None:
            said.add(item.label)
            objects.append(replace(item, attributes={}))
            losses += [("attributes of classifications", where)] * len(item.attributes)
        elif _is_outside(box, labels.width, labels.height):
            losses.append(("objects outside of the image", where))
        else:
            objects.append(replace(item, type="box", box=box, points=None))
            losses += [("outlines", where)] * (item.type == "polygon")
    return replace(labels, objects=tuple(objects)), losses


def box_around(item: LabeledObject) -> Box | None:
    """None for a word."""
    if item.points is None:
        return item.box
    xs, ys = zip(*item.points, strict=True)
    return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def _is_outside(box: Box, width: int, height: int) -> bool:
    return (
        min(box.x, box.y) < -_ROUNDING
        or box.x + box.width > width + _ROUNDING
        or box.y + box.height > height + _ROUNDING
    )
