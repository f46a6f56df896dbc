"""The writing of COCO's instances; see `vidset.formats.coco`."""

import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from vidset.formats.boxes import HOLES, as_mask, has_hole
from vidset.formats.coco_rights import (
    Licenses,
    entries_of,
    info_of,
    license_of,
    licenses_of,
    without_licence,
)
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_or_uri
from vidset.formats.spool import Spool, known_size, of_labeled_images, write_file
from vidset.labeling.annotation import Box, LabeledObject, Point
from vidset.labeling.checking import ROTATION
from vidset.labeling.shapes import area_of, box_around, turned_corners

_NAME = "COCO"
OURS = "Exported by vidset"  # In a file of ours, an image without objects is known to have none.


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Category ids count from 1 in the order of the labels."""
    return write_file(labels, path, labels_order, _write, _sayable, format_name=_NAME, lossy=lossy)


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    width, height = known_size(labels, _NAME)
    name = relative_or_uri(labels.image_name, place)
    objects, losses = [], []
    for item in labels.objects:
        where = f"{place}, object {item.id} ({item.label})"
        if item.type == "classification":
            losses.append(("classifications", where))
        elif has_hole(item):
            objects.append(as_mask(item, width, height))
            losses.append((HOLES, where))
        elif item.type == "rotated_box" and ROTATION in item.attributes:
            rest = {name: value for name, value in item.attributes.items() if name != ROTATION}
            objects.append(replace(item, attributes=rest))
            losses.append((f"attributes of rotated boxes named {ROTATION}", where))
        else:
            objects.append(item)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _write(file: IO[str], all_labels: Spool, numbers_of: dict[str, int]) -> None:
    """Images and annotations come together, and are written one behind the other."""
    categories = [
        {"id": number + 1, "name": label, "supercategory": ""}
        for label, number in numbers_of.items()
    ]
    licenses = licenses_of(all_labels.rights)
    info = {"description": OURS, "version": "1.0", **info_of(all_labels.rights)}
    head = json.dumps({"info": info, "licenses": entries_of(licenses), "categories": categories})
    file.write(head.removesuffix("}") + ', "images": [')
    with tempfile.TemporaryFile("w+", encoding="utf-8") as annotations:
        annotation_id = 0
        for image_id, labels in enumerate(all_labels, 1):
            file.write(",\n" if image_id > 1 else "\n")
            file.write(json.dumps(_image(labels, image_id, licenses)))
            for item in labels.objects:
                annotation_id += 1
                entry = _annotation(item, annotation_id, image_id, numbers_of[item.label] + 1)
                annotations.write(",\n" if annotation_id > 1 else "\n")
                annotations.write(json.dumps(entry))
        file.write('\n], "annotations": [')
        annotations.seek(0)
        for line in annotations:
            file.write(line)
    file.write("\n]}\n")


def _image(labels: ImageLabels, image_id: int, licenses: Licenses) -> dict[str, Any]:
    return {
        "id": image_id,
        "file_name": labels.image_name,
        "width": labels.width,
        "height": labels.height,
        **origin_fields(replace(labels, rights=without_licence(labels.rights))),
        **license_of(labels.rights, licenses),
    }


def _annotation(
    item: LabeledObject, annotation_id: int, image_id: int, category_id: int
) -> dict[str, Any]:
    around = box_around(item) or Box(0.0, 0.0, 0.0, 0.0)
    attributes: dict[str, Any] = dict(item.attributes)
    segmentation: Any = []
    if item.box and item.box.angle:
        attributes[ROTATION] = item.box.angle
        segmentation = [_flat(turned_corners(item.box))]
    elif item.rings:
        segmentation = [_flat(ring.points) for ring in item.rings]
    elif item.mask:
        segmentation = item.mask.to_document()
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": [around.x, around.y, around.width, around.height],
        "segmentation": segmentation,
        "area": area_of(item),
        "iscrowd": 0,
        "object_id": item.id,
        "attributes": attributes,
    }


def _flat(points: Iterable[Point]) -> list[float]:
    return [value for point in points for value in point]
