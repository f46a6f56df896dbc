"""FiftyOne's own layouts: data/ with the images, and labels.json or samples.json.

https://docs.voxel51.com/user_guide/import_datasets.html#fiftyoneimagedetectiondataset

FiftyOneImageDetectionDataset is written, and FiftyOneDataset is read as well. Boxes are parts of
the image's size. Attributes and `object_id` become fields of the detections. Where images come from
stands in `origins`, which FiftyOne passes over.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from vidset.formats.boxes import boxes_of
from vidset.formats.fiftyone_labels import OWN
from vidset.formats.fiftyone_reading import LABELS, NAME, ORIGINS, read
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.spool import of_labeled_images, spooled
from vidset.labeling.annotation import Box, LabeledObject

__all__ = ["read", "write"]


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Format.write`; the images are the caller's."""
    root = Path(path)
    with spooled(labels, _sayable, format_name=NAME, lossy=lossy, file_of=_key) as spool:
        classes = list(spool.label_numbers(labels_order))
        root.mkdir(parents=True, exist_ok=True)
        with (root / LABELS).open("w", encoding="utf-8") as file:
            file.write(f'{{"classes": {json.dumps(classes)}, "labels": {{')
            for number, each in enumerate(spool):
                found = json.dumps([_detection(item, each) for item in each.objects])
                file.write(f"{',' if number else ''}\n{json.dumps(_key(each.image_name))}: {found}")
            file.write(f'\n}}, "{ORIGINS}": {{')
            for number, each in enumerate(spool):
                origin = json.dumps({"image": each.image_name, **origin_fields(each)})
                file.write(
                    f"{',' if number else ''}\n{json.dumps(_key(each.image_name))}: {origin}"
                )
            file.write("\n}}\n")
        return spool.written()


def _key(image_name: str) -> str:
    return str(PurePosixPath(image_name).with_suffix(""))


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    labels, losses = boxes_of(labels, NAME, words=False)
    objects = []
    for item in labels.objects:
        kept = {name: value for name, value in item.attributes.items() if _can_be_field(name)}
        where = f"image {labels.image_name!r}, object {item.id} ({item.label})"
        number = len(item.attributes) - len(kept)
        losses += [("attributes of the names of its own fields", where)] * number
        objects.append(replace(item, attributes=kept))
    return replace(labels, objects=tuple(objects)), losses


def _can_be_field(name: str) -> bool:
    return name not in OWN and not name.startswith("_")


def _detection(item: LabeledObject, labels: ImageLabels) -> dict[str, Any]:
    box, width, height = item.box or Box(0, 0, 0, 0), labels.width or 1, labels.height or 1
    return {
        "label": item.label,
        "bounding_box": [box.x / width, box.y / height, box.width / width, box.height / height],
        "attributes": {"object_id": item.id} | dict(item.attributes),
    }
