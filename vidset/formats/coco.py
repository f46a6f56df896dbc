"""COCO's instances, one JSON file: https://cocodataset.org/#format-data.

Boxes have no segmentation, polygons one part. Attributes and object ids stand in `attributes` and
`object_id`, which COCO's own tools pass over. Reading takes the memory of the whole file.
"""

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields, origin_of
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    is_uri,
    member,
    numbers,
    read_json,
    relative_name,
)
from vidset.formats.spool import spooled
from vidset.labeling.annotation import Box, LabeledObject
from vidset.storage.writing import replacing

_NAME = "COCO"


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """In the file's order of the images.

    An object of several polygons becomes several objects with its id as attribute `part_of`.

    Raises:
        ValueError: as `Format.read` says; also for masks (RLE) and crowds, which are no polygons.
    """
    reading = reading or Reading()
    document = read_json(Path(path))
    categories = {
        key: member(category, "name", str, place)
        for key, category, place in _by_id(document, "categories", str(path))
    }
    images = {key: (image, place) for key, image, place in _by_id(document, "images", str(path))}
    drawn: dict[Any, list[tuple[Any, str]]] = {key: [] for key in images}
    for _, annotation, place in _by_id(document, "annotations", str(path)):
        for key, known in ("image_id", images), ("category_id", categories):
            got = annotation.get(key)
            if not isinstance(got, int | str) or got not in known:
                raise ValueError(f"{place}: wanted the {key} of an entry of the file, got {got!r}")
        drawn[annotation["image_id"]].append((annotation, place))
    names = set()
    for key, (image, place) in images.items():
        name = member(image, "file_name", str, place)
        name = name if is_uri(name) else relative_name(name, place)
        if name in names:
            raise ValueError(f"{place}: wanted each file_name once, got {name!r} again")
        names.add(name)
        width, height = image_size(
            (image.get("width"), image.get("height")), name, reading.size_of, place
        )
        taken: set[str] = set()
        objects = tuple(
            item
            for annotation, where in drawn[key]
            for item in _objects(annotation, categories[annotation["category_id"]], taken, where)
        )
        origin = origin_of(image, place)
        told = "revision" in origin or bool(objects)
        yield ImageLabels(name, width, height, objects, empty_is_told=told, **origin)


def _by_id(document: Any, key: str, path: str) -> Iterator[tuple[Any, dict, str]]:
    seen = set()
    for number, entry in enumerate(member(document, key, list, path)):
        place = f"{path}: {key}[{number}]"
        entry_id = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(entry_id, int | str) or entry_id in seen:
            raise ValueError(f"{place}: wanted an id of its own, got {str(entry)[:80]!r}")
        seen.add(entry_id)
        yield entry_id, entry, place


def _objects(
    annotation: Mapping[str, Any], label: str, taken: set[str], place: str
) -> Iterator[LabeledObject]:
    said = annotation.get("object_id")
    object_id = free_id(said if isinstance(said, str) else str(annotation["id"]), taken)
    attributes = attributes_in(annotation.get("attributes") or {}, f"{place}.attributes")
    parts = annotation.get("segmentation") or []
    if annotation.get("iscrowd") or not isinstance(parts, list):
        raise ValueError(f"{place}: wanted a box or polygons, got a mask (RLE) or a crowd")
    if not parts:
        values = numbers(annotation.get("bbox"), f"{place}.bbox")
        if len(values) != 4:
            raise ValueError(f"{place}.bbox: wanted x, y, width and height, got {values}")
        yield LabeledObject(object_id, label, "box", box=Box(*values), attributes=attributes)
        return
    polygons = [_points(part, f"{place}.segmentation[{n}]") for n, part in enumerate(parts)]
    if len(polygons) == 1:
        yield LabeledObject(object_id, label, "polygon", points=polygons[0], attributes=attributes)
        return
    for number, points in enumerate(polygons, 1):
        part_id = free_id(f"{object_id}.{number}", taken)
        part_of = attributes | {"part_of": object_id}
        yield LabeledObject(part_id, label, "polygon", points=points, attributes=part_of)


def _points(part: Any, place: str) -> tuple[tuple[float, float], ...]:
    values = numbers(part, place)
    if len(values) < 6 or len(values) % 2:
        raise ValueError(f"{place}: wanted x and y of 3 points or more, got {len(values)} numbers")
    return tuple(zip(values[::2], values[1::2], strict=True))


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """A file, replaced at once. Category ids count from 1 in the order of the labels."""
    with spooled(
        labels, _sayable, format_name=_NAME, lossy=lossy, file_of=lambda name: name
    ) as spool:
        numbers_of = spool.label_numbers(labels_order)
        with replacing(path, "w") as file:
            _write(file, spool, numbers_of)
        return spool.written()


def _sayable(labels: ImageLabels) -> tuple[ImageLabels | None, list[Loss]]:
    place = f"image {labels.image_name!r}"
    if labels.state != "labeled":
        return None, [(f"{labels.state} images", place)]
    if labels.width is None or labels.height is None:
        raise ValueError(f"{place}: {_NAME} wants its width and height, got none")
    name = labels.image_name
    name = name if is_uri(name) else relative_name(name, place)
    objects = tuple(item for item in labels.objects if item.type != "classification")
    losses = [
        ("classifications", f"{place}, object {item.id} ({item.label})")
        for item in labels.objects
        if item.type == "classification"
    ]
    return replace(labels, image_name=name, objects=objects), losses


def _write(file: IO[str], all_labels: Iterable[ImageLabels], numbers_of: dict[str, int]) -> None:
    """Images and annotations come together, and are written one behind the other."""
    categories = [
        {"id": number + 1, "name": label, "supercategory": ""}
        for label, number in numbers_of.items()
    ]
    info = {"description": "Exported by vidset", "version": "1.0"}
    head = json.dumps({"info": info, "licenses": [], "categories": categories})
    file.write(head.removesuffix("}") + ', "images": [')
    with tempfile.TemporaryFile("w+", encoding="utf-8") as annotations:
        annotation_id = 0
        for image_id, labels in enumerate(all_labels, 1):
            file.write(",\n" if image_id > 1 else "\n")
            json.dump(_image(labels, image_id), file)
            for item in labels.objects:
                annotation_id += 1
                entry = _annotation(item, annotation_id, image_id, numbers_of[item.label] + 1)
                annotations.write(",\n" if annotation_id > 1 else "\n")
                json.dump(entry, annotations)
        file.write('\n], "annotations": [')
        annotations.seek(0)
        for line in annotations:
            file.write(line)
    file.write("\n]}\n")


def _image(labels: ImageLabels, image_id: int) -> dict[str, Any]:
    return {
        "id": image_id,
        "file_name": labels.image_name,
        "width": labels.width,
        "height": labels.height,
        **origin_fields(labels),
    }


def _annotation(
    item: LabeledObject, annotation_id: int, image_id: int, category_id: int
) -> dict[str, Any]:
    if item.box:
        bbox = [item.box.x, item.box.y, item.box.width, item.box.height]
        segmentation, area = [], item.box.width * item.box.height
    else:
        points = item.points or ()
        xs, ys = zip(*points, strict=True)
        bbox = [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]
        segmentation = [[value for point in points for value in point]]
        area = _area(points)
    return {
        "id": annotation_id,
        "image_id": image_id,
        "category_id": category_id,
        "bbox": bbox,
        "segmentation": segmentation,
        "area": area,
        "iscrowd": 0,
        "object_id": item.id,
        "attributes": dict(item.attributes),
    }


def _area(points: Sequence[tuple[float, float]]) -> float:
    """The shoelace formula."""
    pairs = zip(points, (*points[1:], points[0]), strict=True)
    return abs(sum(x * b - a * y for (x, y), (a, b) in pairs)) / 2
