"""COCO's instances, one JSON file: https://cocodataset.org/#format-data.

Boxes have no segmentation, polygons a part for each ring, masks run lengths (RLE). A rotated box is
the polygon of its corners, with the attribute `rotation`. COCO has no holes: a polygon with one can
be written as a mask. Attributes and object ids stand in `attributes` and `object_id`, which COCO's
own tools pass over. Reading takes the memory of the whole file.

Of a folder, all its files are read. A list of results, which has numbers alone, needs the file that
it is about.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from vidset.formats.coco_objects import objects_of
from vidset.formats.coco_results import are_results, as_instances
from vidset.formats.coco_rights import Stated
from vidset.formats.coco_writing import OURS, write
from vidset.formats.finding import files_below
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of
from vidset.formats.owned_folder import MANIFEST
from vidset.formats.reading import (
    Reading,
    image_size,
    leads_elsewhere,
    member,
    read_json,
    told_name,
)
from vidset.formats.splits import split_of_file, told_splits
from vidset.labeling.annotation import LabeledObject

__all__ = ["read", "write"]
_T = TypeVar("_T")
# COCO's own files about the same images as instances_*.json, of which these stand beside it.
_OTHER_TASKS = re.compile(r"(captions|image_info|labels|panoptic|person_keypoints|stuff)_")


@dataclass(frozen=True, slots=True)
class _File:
    """A file of COCO's structure.

    Attributes:
        root: the folder of its images below the folder that is read; empty for that folder.
        is_list: whether it is a list of results, so that its entries stand at the top.
        split: the part of the dataset that its images are, where the files are split.
    """

    path: Path
    document: Any
    root: str = ""
    is_list: bool = False
    split: str | None = None


@dataclass(frozen=True, slots=True)
class _Image:
    """The facts that a file has of an image, and the annotations that are drawn on it."""

    told: Mapping[str, Any]
    place: str
    drawn: list[tuple[Mapping[str, Any], str]] = field(default_factory=list)


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images in the files' order.

    An annotation of several polygons is one object of several rings. A box with the attribute
    `rotation`, as CVAT writes it, is a rotated box. A name that several files of a folder have is
    another image below the folder of each.

    Raises:
        ValueError: as `Reader.read` says; also for crowds unless they are wanted or may be lost.
    """
    reading = reading or Reading()
    files = _files(Path(path), reading)
    uses = Counter(name for file in files for name in _names_in(file.document))
    names: dict[str, Path] = {}
    for file in files:
        yield from _read_file(file, uses, names, reading)


def _files(path: Path, reading: Reading) -> list[_File]:
    if not path.is_dir():
        document = read_json(path)
        if are_results(document):
            document = as_instances(document, path, reading.results_of)
            return [_File(path, document, is_list=True)]
        return [_File(path, document)]
    found: list[_File] = []
    for file in files_below(path, ".json"):
        if file.name == MANIFEST:
            continue
        document = read_json(file)
        if not isinstance(document, dict) or not isinstance(document.get("images"), list):
            reading.leave_out(f"files that are not COCO's ({file.name})")
            continue
        folder = file.parent
        if folder.name == "annotations" and folder != path:
            folder = folder.parent
        root = folder.relative_to(path).as_posix()
        split = split_of_file(file.relative_to(path))
        found.append(_File(file, document, "" if root == "." else root, split=split))
    if not found:
        raise ValueError(f"{path}: wanted COCO's files, with images and annotations, got none")
    if any(file.path.stem.startswith("instances") for file in found):
        for file in found:
            if other := _OTHER_TASKS.match(file.path.name):
                reading.leave_out(f"files beside the instances ({other[1]})")
        found = [file for file in found if not _OTHER_TASKS.match(file.path.name)]
    is_split = told_splits(file.split for file in found)
    return [file if is_split else replace(file, split=None) for file in found]


def coco_files(folder: Path, reading: Reading) -> list[tuple[Path, str | None]]:
    """Return the files below a folder that have COCO's images, each with the split that it is.

    Args:
        reading: where other files are counted.

    Raises:
        ValueError: one of its .json files is none.
    """
    return [(file.path, file.split) for file in _files(folder, reading)]


def _names_in(document: Any) -> set[str]:
    images = document.get("images") if isinstance(document, dict) else None
    images = images if isinstance(images, list) else []
    told = (each.get("file_name") for each in images if isinstance(each, dict))
    return {name for name in told if isinstance(name, str)}


def _read_file(
    file: _File, uses: Counter[str], names: dict[str, Path], reading: Reading
) -> Iterator[ImageLabels]:
    document, path = file.document, str(file.path)
    categories = {
        key: member(category, "name", str, place)
        for key, category, place in _by_id(document, "categories", path)
    }
    images = {key: _Image(image, place) for key, image, place in _by_id(document, "images", path)}
    for annotation, place in _annotations(file):
        with reading.part():
            image = _entry(annotation, "image_id", images, place)
            image.drawn.append((annotation, place))
    info = document.get("info")
    is_ours = isinstance(info, dict) and info.get("description") == OURS
    stated = Stated.of(document, path)
    for image in images.values():
        name = image.told.get("file_name")
        root = file.root if isinstance(name, str) and uses[name] > 1 else ""
        read_image = partial(_labels, image, root, categories, stated, reading, is_ours=is_ours)
        for labels in reading.whole(read_image):
            with reading.part():
                if (other := names.get(labels.image_name)) is not None:
                    where = f" (it is in {other} as well)" if other != file.path else ""
                    raise ValueError(
                        f"{image.place}: wanted each file_name once, got {labels.image_name!r} "
                        f"again{where}"
                    )
                names[labels.image_name] = file.path
                yield replace(labels, splits=(file.split,)) if file.split else labels


def _annotations(file: _File) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each with its place. Files of images alone have none."""
    path, called = str(file.path), "" if file.is_list else "annotations"
    if isinstance(file.document, dict) and "annotations" not in file.document:
        return
    for number, entry in enumerate(member(file.document, "annotations", list, path)):
        place = f"{path}: {called}[{number}]"
        if not isinstance(entry, dict):
            raise ValueError(f"{place}: wanted an object, got {str(entry)[:80]!r}")
        yield {"id": number, **entry}, place


def _labels(
    image: _Image,
    root: str,
    categories: Mapping[Any, str],
    stated: Stated,
    reading: Reading,
    *,
    is_ours: bool,
) -> ImageLabels:
    place = image.place
    file_name = member(image.told, "file_name", str, place)
    is_elsewhere = leads_elsewhere(file_name)
    name = told_name(file_name, f"{place}.file_name")
    if root and not is_elsewhere:
        name = f"{root}/{name}"
    told = tuple(map(_whole, (image.told.get("width"), image.told.get("height"))))
    told = (None, None) if told == (0, 0) else told  # Roboflow does not always tell it.
    width, height = image_size((told[0], told[1]), name, reading.size_of, place)
    origin = origin_of(image.told, place)
    origin["rights"] = stated.rights(image.told, place)
    taken: set[str] = set()
    objects: list[LabeledObject] = []
    for annotation, where in image.drawn:
        with reading.part():
            label = _entry(annotation, "category_id", categories, where)
            size = (width, height) if width and height else None
            objects += objects_of(annotation, label, taken, size, where, reading)
    return ImageLabels(
        name,
        width,
        height,
        tuple(objects),
        empty_is_told=is_ours or bool(objects),
        is_elsewhere=is_elsewhere,
        **origin,
    )


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _by_id(document: Any, key: str, path: str) -> Iterator[tuple[Any, dict, str]]:
    seen = set()
    for number, entry in enumerate(member(document, key, list, path)):
        place = f"{path}: {key}[{number}]"
        entry_id = _whole(entry.get("id")) if isinstance(entry, dict) else None
        if not _is_id(entry_id) or entry_id in seen:
            raise ValueError(f"{place}: wanted an id of its own, got {str(entry)[:80]!r}")
        seen.add(entry_id)
        yield entry_id, entry, place


def _entry(annotation: Mapping[str, Any], key: str, entries: Mapping[Any, _T], place: str) -> _T:
    """The entry that an annotation names. Some tools write a number here and its text there.

    Raises:
        ValueError: there is none.
    """
    told = _whole(annotation.get(key))
    if _is_id(told):
        if told in entries:
            return entries[told]
        other = str(told) if isinstance(told, int) else _number(told)
        if other in entries:
            return entries[other]
    raise ValueError(
        f"{place}: wanted the {key} of an entry of the file, got {annotation.get(key)!r}"
    )


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None
