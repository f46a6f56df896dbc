"""The writing of Pascal VOC's devkit; see `vidset.formats.voc`."""

import json
import math
import re
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vidset.formats.boxes import boxes_of
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.names import flat_name
from vidset.formats.origin import origin_fields
from vidset.formats.spool import Spool, of_labeled_images, spooled
from vidset.labeling.annotation import Attribute, Box, LabeledObject

NAME = "Pascal VOC"
_ALL, WORDS = "trainval", "ImageSets/words.txt"
FLAGS = ("truncated", "difficult", "occluded")
POSE, NO_POSE = "pose", "Unspecified"
OURS = "vidset"
_NOT_IN_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH = 1000


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Format.write`; the images are the caller's.
    Their names should be flat, as most readers know no folders below JPEGImages.

    ImageSets/Main/trainval.txt names all images, and <label>_trainval.txt says of each whether it
    has the label. Words on whole images stand in ImageSets/words.txt, too.
    """
    root = Path(path)
    with spooled(labels, _sayable, format_name=NAME, lossy=lossy, file_of=_stem) as spool:
        names = list(spool.label_numbers(labels_order))
        (root / "Annotations").mkdir(parents=True)
        for each in spool:
            document = _document(each)
            indent(document)
            text = tostring(document, encoding="unicode") + "\n"
            (root / "Annotations" / f"{_stem(each.image_name)}.xml").write_text(text, "utf-8")
        _write_sets(root / "ImageSets" / "Main", spool, names)
        if spool.types["classification"]:
            _write_words(root / WORDS, spool)
        return spool.written()


def _stem(image_name: str) -> str:
    """Its file's name, which has no folders: the format knows none."""
    return PurePosixPath(flat_name(image_name) if "/" in image_name else image_name).stem


@of_labeled_images
def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    for item in labels.objects:
        for text in item.label, *item.attributes, *map(_text, item.attributes.values()):
            if _NOT_IN_XML.search(text):
                raise ValueError(
                    f"image {labels.image_name!r}, object {item.id} ({item.label!r}): "
                    f"wanted a text that XML can hold, got {text!r}"
                )
    return boxes_of(labels, NAME, words=True)


def _text(value: Attribute) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(labels: ImageLabels) -> Element:
    root = Element("annotation")
    _add(root, "folder", "VOC2012")  # Which some tools take for a part of the path.
    _add(root, "filename", labels.image_name)
    _add(SubElement(root, "source"), "database", OURS)
    size = SubElement(root, "size")
    for name, value in ("width", labels.width), ("height", labels.height), ("depth", 3):
        _add(size, name, str(value))
    _add(root, "segmented", "0")
    if fields := origin_fields(labels):
        origin = SubElement(root, "origin")
        for name, value in fields.items():
            _add(origin, name, str(value))
    for item in labels.objects:
        if item.box:
            root.append(_object(item, item.box, (labels.width or 0, labels.height or 0)))
    return root


def _object(item: LabeledObject, box: Box, size: tuple[int, int]) -> Element:
    element = Element("object")
    _add(element, "name", item.label)
    pose = item.attributes.get(POSE)
    _add(element, POSE, pose if isinstance(pose, str) and pose.strip() else NO_POSE)
    for flag in FLAGS:
        _add(element, flag, str(int(item.attributes.get(flag) is True)))
    left, right = _pixels(box.x, box.width, size[0])
    top, bottom = _pixels(box.y, box.height, size[1])
    bounds = SubElement(element, "bndbox")
    for name, value in ("xmin", left), ("ymin", top), ("xmax", right), ("ymax", bottom):
        _add(bounds, name, str(value))
    if item.attributes:
        attributes = SubElement(element, "attributes")
        for name, value in item.attributes.items():
            attribute = SubElement(attributes, "attribute")
            _add(attribute, "name", name)
            _add(attribute, "value", _text(value))
            if not isinstance(value, str):
                attribute[-1].set("is", "json")
    return element


def _pixels(start: float, length: float, limit: int) -> tuple[int, int]:
    """The first and the last pixel, counted from 1."""
    first, end = (math.floor(edge + 0.5) for edge in (start, start + length))
    if first == end:  # None is nearest to both: the one with the middle.
        first = min(math.floor(start + length / 2), limit - 1)
        end = first + 1
    return max(first, 0) + 1, min(end, limit)


def _add(parent: Element, name: str, text: str) -> None:
    SubElement(parent, name).text = text


def _write_sets(folder: Path, spool: Spool, labels: Sequence[str]) -> None:
    folder.mkdir(parents=True)
    (folder / f"{_ALL}.txt").touch()
    images = iter(spool)
    # In batches: neither all lines in memory, nor as many open files as there are labels.
    while batch := [
        (_stem(each.image_name), {item.label for item in each.objects})
        for each in islice(images, _BATCH)
    ]:
        _append(folder / f"{_ALL}.txt", [stem for stem, _ in batch])
        for label in labels:
            lines = [f"{stem} {1 if label in has else -1:2}" for stem, has in batch]
            _append(folder / f"{_file_name(label)}_{_ALL}.txt", lines)


def _write_words(file: Path, spool: Spool) -> None:
    with file.open("w", encoding="utf-8") as target:
        for each in spool:
            for item in each.objects:
                if item.type == "classification":
                    line = json.dumps([_stem(each.image_name), item.label])
                    target.write(line + "\n")


def _file_name(label: str) -> str:
    return label.replace("%", "%25").replace("/", "%2F")


def _append(file: Path, lines: Sequence[str]) -> None:
    with file.open("a", encoding="utf-8") as target:
        target.write("\n".join(lines) + "\n")
