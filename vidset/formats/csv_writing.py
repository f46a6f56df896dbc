"""Writes CSV with a row for each object: see `csv_files`."""

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import IO, Any

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields
from vidset.formats.reading import relative_or_uri
from vidset.formats.spool import Spool, of_labeled_images, with_sayable, write_file
from vidset.labeling.annotation import Ring
from vidset.rights import FIELDS

NAME = "CSV"
ORIGIN = (
    "image_id", "revision", "annotator", "updated_at", "video_uri", "pts_seconds", "collector_id",
)  # fmt: skip
SHAPE = ("x", "y", "width", "height", "angle", "points", "mask")
COLUMNS = (
    "image", "image_width", "image_height", "object", "label", *SHAPE, "attributes", *ORIGIN,
)  # fmt: skip
# These columns are only there where something is stated of an image.
WITH_RIGHTS = (*COLUMNS, *FIELDS)


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Labels have no numbers here, but must be in the order, if any."""
    return write_file(labels, path, labels_order, _write, _sayable, format_name=NAME, lossy=lossy)


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    name = relative_or_uri(labels.image_name, place)
    for item in labels.objects:
        if not item.label.strip() or "\0" in item.label + item.id:
            raise ValueError(f"{place}, object {item.id}: wanted a label, got {item.label!r}")
    return with_sayable(labels, name, labels.objects), []


def _write(file: IO[str], spool: Spool, _numbers_of: Mapping[str, int]) -> None:
    columns: Sequence[str] = WITH_RIGHTS if any(spool.rights) else COLUMNS
    table: csv.DictWriter[str] = csv.DictWriter(file, columns, restval="", lineterminator="\r\n")
    table.writeheader()
    table.writerows(chain.from_iterable(map(_rows_of, spool)))


def _rows_of(labels: ImageLabels) -> Iterator[dict[str, Any]]:
    image = {
        "image": labels.image_name,
        "image_width": labels.width,
        "image_height": labels.height,
        **origin_fields(labels),
    }
    if not labels.objects:
        yield image
    for item in labels.objects:
        row: dict[str, Any] = {"object": item.id, "label": item.label}
        if item.attributes:
            row["attributes"] = json.dumps(dict(item.attributes), ensure_ascii=False)
        if item.box:
            box = item.box
            row |= {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
            row |= {"angle": box.angle} if box.angle else {}
        if item.rings:
            row["points"] = ";".join(map(_ring_text, item.rings))
        if item.mask:
            row["mask"] = json.dumps(item.mask.to_document())
        yield image | row


def _ring_text(ring: Ring) -> str:
    return "hole " * ring.hole + " ".join(str(value) for point in ring.points for value in point)
