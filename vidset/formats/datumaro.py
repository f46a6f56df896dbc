"""Datumaro's JSON: https://open-edge-platform.github.io/datumaro.

A dataset is a folder with annotations/<subset>.json, or one such file. Items have names without
their extension; `image.path` has it. Polygons and masks of one group and label are one object.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

from vidset.formats.boxes import HOLES, as_mask, has_hole
from vidset.formats.finding import files_below
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields, origin_of
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    member,
    numbers,
    read_json,
    relative_or_uri,
    together,
    told_name,
)
from vidset.formats.splits import split_named, told_splits
from vidset.formats.spool import Spool, of_labeled_images, write_file
from vidset.labeling.annotation import Box, LabeledObject, Ring
from vidset.masks import Mask

_NAME = "Datumaro"
_OURS = "vidset"
# Kinds that an annotation cannot hold, in the plural.
_OTHERS = {
    "points": "points",
    "polyline": "polylines",
    "caption": "captions",
    "cuboid_3d": "cuboids",
    "cuboid_2d": "cuboids",
    "ellipse": "ellipses",
    "skeleton": "skeletons",
    "feature_vector": "feature vectors",
    "hash_key": "hash keys",
    "tabular": "tables",
}


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the items of a file, or of all files in annotations/ of a folder, in their order.

    Raises:
        ValueError: as `Reader.read` says; also for points, lines, captions, cuboids and ellipses
            unless they may be lost.
    """
    reading = reading or Reading()
    place = Path(path)
    files = [place]
    if place.is_dir():
        inside = place / "annotations"
        files = files_below(inside if inside.is_dir() else place, ".json", deep=False)
        if not files:
            raise ValueError(f"{place}: wanted {_NAME}'s annotations/*.json, got none")
    names: set[str] = set()
    subsets = {file: split_named(file.stem) for file in files} if place.is_dir() else {}
    is_split = told_splits(subsets.values())
    for file in files:
        split = subsets.get(file) if is_split else None
        document = read_json(file)
        items = member(document, "items", list, str(file))
        labels = _labels_in(document, str(file))
        info = document.get("info")
        is_ours = isinstance(info, dict) and info.get("author") == _OURS
        for number, item in enumerate(items):
            where = f"{file}: items[{number}]"
            read_item = partial(_item, item, labels, names, where, reading, is_ours=is_ours)
            for found in reading.whole(read_item):
                yield replace(found, splits=(split,)) if split else found


def _labels_in(document: Any, file: str) -> list[str]:
    categories = document.get("categories") or {}
    if not isinstance(categories, dict) or not categories.get("label"):
        return []
    place = f"{file}: categories.label"
    entries = member(member(categories, "label", dict, place), "labels", list, place)
    return [member(each, "name", str, f"{place}.labels[{n}]") for n, each in enumerate(entries)]


def _item(
    item: Any,
    labels: Sequence[str],
    names: set[str],
    place: str,
    reading: Reading,
    *,
    is_ours: bool,
) -> ImageLabels:
    image = item.get("image") if isinstance(item, dict) else None
    image = image if isinstance(image, dict) else {}
    name = told_name(image.get("path") or member(item, "id", str, place), place)
    told = image.get("size") or (None, None)
    if not isinstance(told, list | tuple) or len(told) != 2:
        raise ValueError(f"{place}.image.size: wanted height and width, got {str(told)[:80]!r}")
    width, height = image_size((told[1], told[0]), name, reading.size_of, place)
    taken: set[str] = set()
    objects: list[tuple[Any, LabeledObject]] = []
    for number, each in enumerate(member(item, "annotations", list, place)):
        with reading.part():
            where = f"{place}.annotations[{number}]"
            if (found := _object(each, labels, taken, where, reading)) is not None:
                group = member(each, "group", int, where) if each.get("group") else 0
                group = group if found.rings else 0
                objects.append(((group, found.label) if group else None, found))
    attributes = item.get("attr")
    origin = origin_of(attributes, place) if is_ours and isinstance(attributes, dict) else {}
    if name in names:
        raise ValueError(f"{place}: wanted each image once, got {name!r} again")
    names.add(name)
    return ImageLabels(
        name,
        width,
        height,
        tuple(together(objects)),
        empty_is_told=is_ours or bool(objects),
        **origin,
    )


def _object(
    each: Any, labels: Sequence[str], taken: set[str], place: str, reading: Reading
) -> LabeledObject | None:
    kind = member(each, "type", str, place)
    if kind in _OTHERS:
        reading.drop(_OTHERS[kind], place)
        return None
    number = member(each, "label_id", int, place)
    if not 0 <= number < len(labels):
        raise ValueError(
            f"{place}: wanted a label_id of the file's {len(labels)} labels, got {number}"
        )
    attributes = dict(attributes_in(each.get("attributes") or {}, f"{place}.attributes"))
    said = attributes.pop("object_id", None)
    object_id = free_id(said if isinstance(said, str) else str(each.get("id", len(taken))), taken)
    shape: dict[str, Any]
    if kind == "bbox":
        left, top, width, height = _several(each, "bbox", 4, place)
        angle = attributes.get("rotation", 0.0)
        if said is None and isinstance(angle, int | float) and not isinstance(angle, bool):
            attributes.pop("rotation", None)  # CVAT turns the box about its middle.
        else:
            angle = 0.0
        box = Box(left, top, width, height, angle % 360)
        shape = {"type": "rotated_box" if box.angle else "box", "box": box}
    elif kind == "rotated_bbox":
        values = _several(each, "rotated_bbox", 5, place)
        middle_x, middle_y, width, height, angle = values
        box = Box(middle_x - width / 2, middle_y - height / 2, width, height, angle % 360)
        shape = {"type": "rotated_box" if box.angle else "box", "box": box}
    elif kind == "polygon":
        values = numbers(each.get("points"), f"{place}.points")
        if len(values) < 6 or len(values) % 2:
            raise ValueError(
                f"{place}.points: wanted x and y of 3 points or more, got {len(values)} numbers"
            )
        points = tuple(zip(values[::2], values[1::2], strict=True))
        shape = {"type": "polygon", "rings": (Ring(points),)}
    elif kind == "mask":
        try:
            mask = Mask.from_document(member(each, "rle", dict, place))
        except ValueError as error:
            raise ValueError(f"{place}.rle: {error}") from None
        shape = {"type": "mask", "mask": mask}
    elif kind == "label":
        shape = {"type": "classification"}
    else:
        raise ValueError(
            f"{place}: wanted a type of bbox, rotated_bbox, polygon, mask or label, got {kind!r}"
        )
    return LabeledObject(object_id, labels[number], attributes=attributes, **shape)


def _several(each: Any, name: str, count: int, place: str) -> list[float]:
    values = each.get(name)
    if values is None and name == "rotated_bbox":
        values = [each.get(key) for key in ("cx", "cy", "w", "h", "r")]
    found = numbers(values, f"{place}.{name}")
    if len(found) != count:
        raise ValueError(f"{place}.{name}: wanted {count} numbers, got {len(found)}")
    return found


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Labels are numbered from 0 in their order."""
    return write_file(labels, path, labels_order, _write, _sayable, format_name=_NAME, lossy=lossy)


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    place = f"image {labels.image_name!r}"
    name = relative_or_uri(labels.image_name, place)
    objects: list[LabeledObject] = []
    losses: list[Loss] = []
    for item in labels.objects:
        said, where = item, f"{place}, object {item.id} ({item.label})"
        if "object_id" in item.attributes:
            losses.append(("attributes named object_id", where))
            rest = {key: v for key, v in item.attributes.items() if key != "object_id"}
            said = replace(item, attributes=rest)
        if has_hole(said):
            if labels.width is None or labels.height is None:
                raise ValueError(f"{where}: {_NAME} wants the image's size for holes, got none")
            said = as_mask(said, labels.width, labels.height)
            losses.append((HOLES, where))
        objects.append(said)
    return replace(labels, image_name=name, objects=tuple(objects)), losses


def _write(file: IO[str], spool: Spool, order: Mapping[str, int]) -> None:
    entries = [{"name": name, "parent": "", "attributes": []} for name in order]
    head = {
        "info": {"author": _OURS},
        "categories": {"label": {"labels": entries, "attributes": []}},
    }
    file.write(json.dumps(head).removesuffix("}") + ', "items": [')
    for number, each in enumerate(spool):
        file.write(",\n" if number else "\n")
        file.write(json.dumps(_item_of(each, number, order)))
    file.write("\n]}\n")


def _item_of(labels: ImageLabels, number: int, order: Mapping[str, int]) -> dict[str, Any]:
    annotations: list[dict[str, Any]] = []
    for group, item in enumerate(labels.objects, 1):
        for shape in _shapes(item):
            annotations.append(
                {
                    "id": len(annotations),
                    "attributes": dict(item.attributes) | {"object_id": item.id},
                    "group": group if len(item.rings or ()) > 1 else 0,
                    "label_id": order[item.label],
                    "z_order": 0,
                    **shape,
                }
            )
    size = [labels.height, labels.width] if labels.height and labels.width else None
    return {
        "id": str(PurePosixPath(labels.image_name).with_suffix("")),
        "annotations": annotations,
        "image": {"path": labels.image_name} | ({"size": size} if size else {}),
        "attr": {"frame": number} | origin_fields(labels),
    }


def _shapes(item: LabeledObject) -> list[dict[str, Any]]:
    if item.box and item.box.angle:
        box = item.box
        middle = [box.x + box.width / 2, box.y + box.height / 2]
        return [
            {"type": "rotated_bbox", "rotated_bbox": [*middle, box.width, box.height, box.angle]}
        ]
    if item.box:
        return [{"type": "bbox", "bbox": [item.box.x, item.box.y, item.box.width, item.box.height]}]
    if item.mask:
        return [{"type": "mask", "rle": item.mask.to_document()}]
    if item.rings:
        return [
            {"type": "polygon", "points": [value for point in ring.points for value in point]}
            for ring in item.rings
        ]
    return [{"type": "label"}]
