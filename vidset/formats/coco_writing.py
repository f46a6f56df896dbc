"""The writing of COCO's instances; see `vidset.formats.coco`."""

import json
import shutil
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
from vidset.formats.spool import Spool, known_size, of_labeled_images, with_sayable, write_file
from vidset.labeling.annotation import Box, LabeledObject, Point
from vidset.labeling.checking import ROTATION
from vidset.labeling.shapes import area_of, box_around, turned_corners
from vidset.rights import Rights

_NAME = "COCO"
_CHARACTERS = 1 << 20  # That are copied at once.
OURS = "Exported by vidset"  # In a file of ours, an image without objects is known to have none.


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Category ids count from 1 in the order of the labels."""
    return write_file(
        labels,
        path,
        labels_order,
        _write,
        _sayable,
        format_name=_NAME,
        lossy=lossy,
        line_of=_line,
    )


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
    return with_sayable(labels, name, objects), losses


def _line(labels: ImageLabels, before: Spool) -> str:
    """Return the entries of an image, without the numbers that all labels together decide.

    Between tabs, which JSON has none of: the number of its rights, the image, and for each object
    the number of its label and the rest of its annotation.
    """
    parts = [str(before.rights[labels.rights]), _image(labels, before.images + 1)]
    for item in labels.objects:
        parts += str(before.names[item.label]), _annotation(item)
    return "\t".join(parts)


def _write(file: IO[str], spool: Spool, numbers_of: dict[str, int]) -> None:
    """Images and annotations come together, and are written one behind the other."""
    categories = [
        {"id": number + 1, "name": label, "supercategory": ""}
        for label, number in numbers_of.items()
    ]
    licenses = licenses_of(spool.rights)
    info = {"description": OURS, "version": "1.0", **info_of(spool.rights)}
    head = json.dumps({"info": info, "licenses": entries_of(licenses), "categories": categories})
    category_ids = [numbers_of[label] + 1 for label in spool.names]
    ends = [_end(rights, licenses) for rights in spool.rights]
    file.write(head.removesuffix("}") + ', "images": [')
    with tempfile.TemporaryFile("w+", encoding="utf-8") as annotations:
        annotation_id = 0
        for image_id, line in enumerate(spool.lines(), 1):
            rights, image, *objects = line.split("\t")
            file.write(",\n" if image_id > 1 else "\n")
            file.write(image + ends[int(rights)])
            for name, rest in zip(objects[::2], objects[1::2], strict=True):
                annotation_id += 1
                annotations.write(",\n" if annotation_id > 1 else "\n")
                annotations.write(
                    f'{{"id": {annotation_id}, "image_id": {image_id}, '
                    f'"category_id": {category_ids[int(name)]}, {rest}'
                )
        file.write('\n], "annotations": [')
        annotations.seek(0)
        shutil.copyfileobj(annotations, file, _CHARACTERS)
    file.write("\n]}\n")


def _image(labels: ImageLabels, image_id: int) -> str:
    """Return an entry of `images` without its licence and its end."""
    entry = {
        "id": image_id,
        "file_name": labels.image_name,
        "width": labels.width,
        "height": labels.height,
        **origin_fields(labels, without_licence(labels.rights)),
    }
    return json.dumps(entry).removesuffix("}")


def _end(rights: Rights, licenses: Licenses) -> str:
    """Return the licence of an image, where its rights have one, and the end of its entry."""
    said = license_of(rights, licenses)
    return ", " * bool(said) + json.dumps(said).removeprefix("{")


def _annotation(item: LabeledObject) -> str:
    """Return an entry of `annotations` without its ids and its beginning."""
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
    entry = {
        "bbox": [around.x, around.y, around.width, around.height],
        "segmentation": segmentation,
        "area": area_of(item),
        "iscrowd": 0,
        "object_id": item.id,
        "attributes": attributes,
    }
    return json.dumps(entry).removeprefix("{")


def _flat(points: Iterable[Point]) -> list[float]:
    return [value for point in points for value in point]
