"""Pascal VOC's devkit: Annotations/*.xml, ImageSets/Main/*.txt and JPEGImages/.

http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html

Boxes are whole pixels, counted from 1, and the last one is inside: edges are rounded to the nearest
edge of a pixel, so each comes back within half a pixel, and of a box too thin for that within one.
Of other tools, which count from 0 as often, this is taken only where the file says that it is
VOC's, or supervision's, whose database is roboflow.ai, and no pixel has the number 0. Attributes
stand as texts in `attributes`, as CVAT writes them; VOC's own tools pass over them, and `pose`,
`truncated`, `difficult` and `occluded` are attributes, too.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from vidset.formats.finding import files_below, label_files
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of, with_numbers
from vidset.formats.reading import (
    Reading,
    attributes_in,
    image_size,
    leads_elsewhere,
    read_text,
    told_name,
)
from vidset.formats.splits import split_named, split_of_file, told_splits
from vidset.formats.voc_writing import FLAGS, NAME, NO_POSE, OURS, POSE, WORDS, write
from vidset.formats.xml_files import Node, read_xml
from vidset.json_files import parse_json
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point, Ring
from vidset.labeling.checking import ROTATION
from vidset.regular_files import read_regular

__all__ = ["read", "write"]
_COUNTED_FROM_ONE = ("vidset", "VOC")  # What the names of such databases have within.
_OF_SUPERVISION = "roboflow.ai"


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield what the .xml files of a folder say, or those of its Annotations/; or a single one.

    Parts of objects are counted and left out. Words on whole images stand in ImageSets/words.txt,
    which vidset alone writes: VOC's own lists of labels stay as they were when objects are edited.

    Raises:
        ValueError: as `Reader.read` says.
    """
    reading = reading or Reading()
    place = Path(path)
    root = place / "Annotations" if (place / "Annotations").is_dir() else place
    if not root.exists():
        raise ValueError(f"{place}: wanted a folder with {NAME}'s .xml files, got nothing")
    words = _words(place / WORDS)
    names: dict[str, Path] = {}
    files = label_files(root, ".xml", f"{NAME}'s") if root.is_dir() else [root]
    listed = _splits(place / "ImageSets" / "Main")
    splits = {} if listed else _splits_of_folders(root, files)
    for file in files:
        for labels in reading.whole(partial(_read, file, words, reading)):
            with reading.part():
                if (other := names.setdefault(labels.image_name, file)) != file:
                    raise ValueError(
                        f"{file}: wanted one file of {labels.image_name}, got also {other}"
                    )
                yield replace(labels, splits=listed.get(file.stem) or splits.get(file, ()))


def _splits(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the splits of the images, by stem; none where train.txt is the only list."""
    found: dict[str, tuple[str, ...]] = {}
    lists = {
        file: split_named(file.stem)
        for file in (files_below(folder, ".txt", deep=False) if folder.is_dir() else ())
    }
    if not told_splits(lists.values()):
        return found
    for file, split in lists.items():
        for line in read_text(file, "a list of images").splitlines() if split else ():
            stem = line.split()[0] if line.strip() else ""  # Some lists say 1 or -1 behind it.
            if split and split not in (others := found.get(stem, ())):
                found[stem] = (*others, split)
    return found


def _splits_of_folders(root: Path, files: Sequence[Path]) -> dict[Path, tuple[str, ...]]:
    """Return the splits that folders above the files are called after, as Roboflow has them."""
    above = {file: file.relative_to(root).parent / "-" for file in files if file != root}
    found = {file: split for file, folder in above.items() if (split := split_of_file(folder))}
    return {file: (split,) for file, split in found.items()} if told_splits(found.values()) else {}


def _words(file: Path) -> dict[str, list[str]]:
    """Return what is said of images as a whole, by stem."""
    found: dict[str, list[str]] = {}
    lines = read_regular(file).decode(errors="replace").splitlines() if file.is_file() else ()
    for number, line in enumerate(lines, 1):
        try:
            stem, label = map(_text, json.loads(line))
        except (ValueError, TypeError, RecursionError):
            wanted = "wanted the name of an image and a label"
            raise ValueError(f"{file}:{number}: {wanted}, got {line[:80]!r}") from None
        found.setdefault(stem, []).append(label)
    return found


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise TypeError(value)


def _read(file: Path, words: Mapping[str, list[str]], reading: Reading) -> ImageLabels:
    document = read_xml(file, f"{NAME}'s annotation")
    if document.tag != "annotation":
        raise ValueError(f"{document.place}: wanted <annotation>, got <{document.tag}>")
    told = document.said("filename") or document.said("path")
    name = told_name(told or file.stem, f"{document.place}: filename")
    size = document.first("size")
    numbers: list[Any] = [int(size.number(each)) for each in ("width", "height")] if size else []
    known = tuple(numbers) if numbers and all(numbers) else (None, None)  # Some write 0.
    width, height = image_size((known[0], known[1]), name, reading.size_of, document.place)
    source = document.first("source")
    database = source.said("database") if source else ""
    first = int(_is_counted_from_one(document, database))
    objects: list[LabeledObject] = []
    for number, each in enumerate(document.all("object"), 1):
        with reading.part():
            objects.append(_read_object(each, str(number), first, reading))
    objects += [LabeledObject(label, label, "classification") for label in words.get(file.stem, ())]
    origin = origin_of(_origin(document), document.place) if database == OURS else {}
    origin["is_elsewhere"] = leads_elsewhere(told)
    return ImageLabels(name, width, height, tuple(objects), **origin)


def _is_counted_from_one(document: Node, database: str) -> bool:
    if any(each in database for each in _COUNTED_FROM_ONE):
        return True
    bounds = [each.first("bndbox") for each in document.all("object")]
    told = [each.said(name) for each in bounds if each for name in ("xmin", "ymin")]
    return database == _OF_SUPERVISION and not any(map(_is_zero, told))


def _is_zero(text: str) -> bool:
    return _is_number(text) and float(text) == 0


def _read_object(each: Node, object_id: str, first: int, reading: Reading) -> LabeledObject:
    named = each.first("name")
    label = named.text if named else ""  # With its spaces.
    if not label.strip():
        raise ValueError(f"{each.place}: wanted <object> with a name, got none")
    attributes: dict[str, Attribute] = {}
    for name in FLAGS:
        if each.said(name) in ("1", "true", "True"):
            attributes[name] = True
    if each.said(POSE, NO_POSE) not in ("", NO_POSE):
        attributes[POSE] = each.said(POSE)
    said = each.first("attributes")
    for attribute in said.all("attribute") if said else ():
        value = attribute.first("value")
        text = value.text if value else ""
        is_json = value is not None and value.attributes.get("is") == "json"
        said_name = attribute.first("name")
        told = parse_json(text, each.place, "an attribute") if is_json else text
        attributes |= attributes_in({said_name.text if said_name else "": told}, each.place)
    for part in each.all("part"):
        reading.leave_out(f"parts of objects ({part.said('name') or 'unnamed'})")
    if (outline := each.first("polygon")) and not each.first("bndbox"):
        return LabeledObject(
            object_id, label, "polygon", rings=(Ring(_corners(outline)),), attributes=attributes
        )
    if outline:
        reading.leave_out("outlines beside boxes")
    bounds = each.first("bndbox")
    if bounds is None:
        raise ValueError(f"{each.place}: wanted <object> with a bndbox, got none")
    left, top, right, bottom = map(bounds.number, ("xmin", "ymin", "xmax", "ymax"))
    box = Box(left - first, top - first, right - left + first, bottom - top + first)
    turned = attributes.get(ROTATION)
    if isinstance(turned, str) and _is_number(turned):
        angle = float(turned) % 360
        del attributes[ROTATION]
        if angle:
            turned_box = replace(box, angle=angle)
            return LabeledObject(
                object_id, label, "rotated_box", box=turned_box, attributes=attributes
            )
    return LabeledObject(object_id, label, "box", box=box, attributes=attributes)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", text) is not None


def _corners(outline: Node) -> tuple[Point, ...]:
    """Roboflow's x1, y1, x2, ...; or labelImg's <pt> or <point> elements."""
    points = [*outline.all("pt"), *outline.all("point")]
    if points:
        return tuple((each.number("x"), each.number("y")) for each in points)
    count = len(outline.children) // 2
    return tuple((outline.number(f"x{n}"), outline.number(f"y{n}")) for n in range(1, count + 1))


def _origin(document: Node) -> dict[str, Any]:
    """Returns where the image comes from, as vidset wrote it."""
    element = document.first("origin")
    said = {each.tag: each.text for each in element.children} if element else {}
    return with_numbers(said, document.place)
