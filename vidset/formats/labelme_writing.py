"""The writing of labelme's files; see `vidset.formats.labelme`."""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from vidset.formats.boxes import HOLES, as_mask, has_hole
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_name
from vidset.formats.spool import of_labeled_images, spooled
from vidset.labeling.annotation import LabeledObject, Point
from vidset.labeling.shapes import turned_corners

_NAME = "labelme"
_VERSION = "5.5.0"
RINGS = "vidset_rings"
"""The attribute by which we know a group that was made for the rings of an object: their number."""


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """`<image name without extension>.json` below a folder: for labelme, the one with the images.

    Labels have no numbers here, but must be in the order, if there is one.
    """
    root = Path(path)
    with spooled(labels, _sayable, format_name=_NAME, lossy=lossy, file_of=_file_of) as spool:
        spool.label_numbers(labels_order)
        root.mkdir(parents=True, exist_ok=True)
        for each in spool:
            file = root / _file_of(each.image_name)
            file.parent.mkdir(parents=True, exist_ok=True)
            text = json.dumps(_document(each), ensure_ascii=False, indent=2)
            file.write_text(text + "\n", encoding="utf-8")
        return spool.written()


def _file_of(image_name: str) -> str:
    return str(PurePosixPath(image_name).with_suffix(".json"))


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    name = relative_name(labels.image_name, place)
    if "\\" in name:
        raise ValueError(f"{place}: wanted a name without backslash, which labelme takes for /")
    objects, losses, flags = [], [], set()
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        if has_hole(item) and labels.width and labels.height:
            objects.append(as_mask(item, labels.width, labels.height))
            losses.append((HOLES, where))
        elif item.mask and item.mask.bounds is None:
            losses.append(("empty masks", where))
        elif item.type != "classification":
            objects.append(item)
        elif item.label in flags:
            losses.append(("repeated classifications", where))
        else:
            flags.add(item.label)
            objects.append(replace(item, attributes={}))
            losses += [("attributes of classifications", where)] * len(item.attributes)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _document(labels: ImageLabels) -> dict[str, Any]:
    drawn = [item for item in labels.objects if item.type != "classification"]
    used = [item.attributes.get("group_id") for item in drawn]
    groups = (number for number in count(1) if number not in used)
    return {
        "version": _VERSION,
        "flags": {item.label: True for item in labels.objects if item.type == "classification"},
        "shapes": [shape for item in drawn for shape in _shapes(item, groups)],
        "imagePath": PurePosixPath(labels.image_name).name,
        "imageData": None,
        "imageHeight": labels.height,
        "imageWidth": labels.width,
        **origin_fields(labels),
    }


def _shapes(item: LabeledObject, groups: Iterator[int]) -> Iterator[dict[str, Any]]:
    """One shape, or one of each ring with a group that they share."""
    if not item.rings or len(item.rings) == 1:
        yield _shape(item)
        return
    own = item.attributes.get("group_id")
    has_group = isinstance(own, int) and not isinstance(own, bool)
    group = {} if has_group else {"group_id": next(groups), RINGS: len(item.rings)}
    for ring in item.rings:
        part = replace(item, rings=(ring,), attributes={**item.attributes, **group})
        yield _shape(part)


def _shape(item: LabeledObject) -> dict[str, Any]:
    kind, points, more = _drawn(item)
    rest: dict[str, Any] = dict(item.attributes)
    flags = {name: rest.pop(name) for name in [*rest] if isinstance(rest[name], bool)}
    group_id = rest.pop("group_id") if isinstance(rest.get("group_id"), int) else None
    has_text = rest.get("description") and isinstance(rest["description"], str)
    return {
        "label": item.label,
        "points": [list(point) for point in points],
        "group_id": group_id,
        "description": rest.pop("description") if has_text else "",
        "shape_type": kind,
        "flags": flags,
        "object_id": item.id,
        "attributes": rest,
        **more,
    }


def _drawn(item: LabeledObject) -> tuple[str, Sequence[Point], Mapping[str, Any]]:
    """The kind of a shape, its points, and what it has beside them."""
    if item.box and item.box.angle:
        return "oriented_rectangle", turned_corners(item.box), {}
    if item.box:
        box = item.box
        corners = ((box.x, box.y), (box.x + box.width, box.y + box.height))
        return "rectangle", corners, {}
    bounds = item.mask.bounds if item.mask else None
    if item.mask and bounds:
        left, top, right, bottom = bounds
        picture = item.mask.pixels()[top:bottom, left:right].astype(np.uint8)
        _, png = cv2.imencode(".png", picture)
        corners = ((float(left), float(top)), (float(right - 1), float(bottom - 1)))
        return "mask", corners, {"mask": base64.b64encode(png.tobytes()).decode()}
    return "polygon", item.points or (), {}
