"""FiftyOne's FiftyOneImageDetectionDataset: data/ with the images, and labels.json.

https://docs.voxel51.com/user_guide/import_datasets.html#fiftyoneimagedetectiondataset

Boxes are parts of the image's size. Attributes and `object_id` become fields of the detections.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from vidset.formats.boxes import boxes_of
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.spool import of_labeled_images, spooled
from vidset.labeling.annotation import Box, LabeledObject

_NAME = "FiftyOne"
# What a fiftyone.Detection has already.
# fmt: off
_OWN = frozenset({
    "attributes", "bounding_box", "confidence", "id", "index", "instance", "label", "mask",
    "mask_path", "tags",
})
# fmt: on


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Format.write`; the images are the caller's."""
    root = Path(path)
    with spooled(labels, _sayable, format_name=_NAME, lossy=lossy, file_of=_key) as spool:
        classes = list(spool.label_numbers(labels_order))
        root.mkdir(parents=True, exist_ok=True)
        with (root / "labels.json").open("w", encoding="utf-8") as file:
            file.write(f'{{"classes": {json.dumps(classes)}, "labels": {{')
            for number, each in enumerate(spool):
                found = json.dumps([_detection(item, each) for item in each.objects])
                file.write(f"{',' if number else ''}\n{json.dumps(_key(each.image_name))}: {found}")
            file.write("\n}}\n")
        return spool.written()


def _key(image_name: str) -> str:
    return str(PurePosixPath(image_name).with_suffix(""))


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    labels, losses = boxes_of(labels, _NAME, words=False)
    objects = []
    for item in labels.objects:
        kept = {name: value for name, value in item.attributes.items() if _can_be_field(name)}
        where = f"image {labels.image_name!r}, object {item.id} ({item.label})"
        number = len(item.attributes) - len(kept)
        losses += [("attributes of the names of its own fields", where)] * number
        objects.append(replace(item, attributes=kept))
    return replace(labels, objects=tuple(objects)), losses


def _can_be_field(name: str) -> bool:
    return name not in _OWN and not name.startswith("_")


def _detection(item: LabeledObject, labels: ImageLabels) -> dict[str, Any]:
    box, width, height = item.box or Box(0, 0, 0, 0), labels.width or 1, labels.height or 1
    return {
        "label": item.label,
        "bounding_box": [box.x / width, box.y / height, box.width / width, box.height / height],
        "attributes": {"object_id": item.id} | dict(item.attributes),
    }
