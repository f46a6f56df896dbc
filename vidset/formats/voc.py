"""Pascal VOC's devkit: Annotations/*.xml, ImageSets/Main/*.txt and JPEGImages/.

http://host.robots.ox.ac.uk/pascal/VOC/voc2012/htmldoc/devkit_doc.html

Boxes are whole pixels, counted from 1, and the last one is inside: edges are rounded to the nearest
edge of a pixel, so each comes back within half a pixel, and of a box too thin for that within one.
Of other tools, which count from 0 as often, this is taken only where the file says that it is
VOC's. Attributes stand as texts in `attributes`, as CVAT writes them; VOC's own tools pass over
them, and `pose`, `truncated`, `difficult` and `occluded` are attributes, too.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from vidset.formats.boxes import boxes_of
from vidset.formats.format import ImageLabels, Loss, Written
from vidset.formats.origin import origin_fields, origin_of, with_numbers
from vidset.formats.reading import Reading, image_size, leads_elsewhere, told_name
from vidset.formats.spool import Spool, spooled
from vidset.formats.xml_files import Node, read_xml
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Point, Ring
from vidset.labeling.checking import ROTATION
from vidset.regular_files import read_regular

_NAME = "Pascal VOC"
_ALL, _WORDS = "trainval", "ImageSets/words.txt"
_FLAGS = ("truncated", "difficult", "occluded")
_POSE, _NO_POSE = "pose", "Unspecified"
_OURS = "vidset"
_COUNTED_FROM_ONE = ("vidset", "VOC")  # How the names of such databases begin, or have within.
_NOT_IN_XML = re.compile(r"[^\t\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BATCH = 1000


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
        raise ValueError(f"{place}: wanted a folder with {_NAME}'s .xml files, got nothing")
    words = _words(place / _WORDS)
    names: dict[str, Path] = {}
    for file in sorted(root.rglob("*.xml")) if root.is_dir() else [root]:
        for labels in reading.whole(partial(_read, file, words, reading)):
            with reading.part():
                if (other := names.setdefault(labels.image_name, file)) != file:
                    raise ValueError(
                        f"{file}: wanted one file of {labels.image_name}, got also {other}"
                    )
                yield labels


def _words(file: Path) -> dict[str, list[str]]:
    """Return what is said of images as a whole, by stem."""
    found: dict[str, list[str]] = {}
    lines = read_regular(file).decode(errors="replace").splitlines() if file.is_file() else ()
    for number, line in enumerate(lines, 1):
        try:
            stem, label = json.loads(line)
        except (ValueError, TypeError):
            wanted = "wanted the name of an image and a label"
            raise ValueError(f"{file}:{number}: {wanted}, got {line[:80]!r}") from None
        found.setdefault(stem, []).append(label)
    return found


def _read(file: Path, words: Mapping[str, list[str]], reading: Reading) -> ImageLabels:
    document = read_xml(file, f"{_NAME}'s annotation")
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
    first = 1 if any(each in database for each in _COUNTED_FROM_ONE) else 0
    objects: list[LabeledObject] = []
    for number, each in enumerate(document.all("object"), 1):
        with reading.part():
            objects.append(_read_object(each, str(number), first, reading))
    objects += [LabeledObject(label, label, "classification") for label in words.get(file.stem, ())]
    origin = origin_of(_origin(document), document.place) if database == _OURS else {}
    is_elsewhere = leads_elsewhere(told)
    return ImageLabels(name, width, height, tuple(objects), is_elsewhere=is_elsewhere, **origin)


def _read_object(each: Node, object_id: str, first: int, reading: Reading) -> LabeledObject:
    named = each.first("name")
    label = named.text if named else ""  # With its spaces.
    if not label.strip():
        raise ValueError(f"{each.place}: wanted <object> with a name, got none")
    attributes: dict[str, Attribute] = {}
    for name in _FLAGS:
        if each.said(name) in ("1", "true", "True"):
            attributes[name] = True
    if each.said(_POSE, _NO_POSE) not in ("", _NO_POSE):
        attributes[_POSE] = each.said(_POSE)
    said = each.first("attributes")
    for attribute in said.all("attribute") if said else ():
        value = attribute.first("value")
        text = value.text if value else ""
        is_json = value is not None and value.attributes.get("is") == "json"
        said_name = attribute.first("name")
        attributes[said_name.text if said_name else ""] = json.loads(text) if is_json else text
    for part in each.all("part"):
        reading.leave_out(f"parts of objects ({part.said('name') or 'unnamed'})")
    if (outline := each.first("polygon")) and not each.first("bndbox"):
        return LabeledObject(
            object_id, label, "polygon", rings=(Ring(_corners(outline)),), attributes=attributes
        )
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


def write(
    labels: Iterable[ImageLabels],
    path: str | Path,
    labels_order: Sequence[str] | None = None,
    *,
    lossy: bool = False,
) -> Written:
    """See `vidset.formats.format.Format.write`; the images are the caller's, and
    their names flat.

    ImageSets/Main/trainval.txt names all images, and <label>_trainval.txt says of each whether it
    has the label. Words on whole images stand in ImageSets/words.txt, too.
    """
    root = Path(path)
    with spooled(labels, _sayable, format_name=_NAME, lossy=lossy, file_of=_stem) as spool:
        names = list(spool.label_numbers(labels_order))
        (root / "Annotations").mkdir(parents=True)
        for each in spool:
            document = _document(each)
            indent(document)
            text = tostring(document, encoding="unicode") + "\n"
            (root / "Annotations" / f"{_stem(each.image_name)}.xml").write_text(text, "utf-8")
        _write_sets(root / "ImageSets" / "Main", spool, names)
        if spool.types["classification"]:
            _write_words(root / _WORDS, spool)
        return spool.written()


def _stem(image_name: str) -> str:
    return PurePosixPath(image_name).stem


def _sayable(labels: ImageLabels) -> tuple[ImageLabels, list[Loss]]:
    for item in labels.objects:
        for text in item.label, *item.attributes, *map(_text, item.attributes.values()):
            if _NOT_IN_XML.search(text):
                raise ValueError(
                    f"image {labels.image_name!r}, object {item.id} ({item.label!r}): "
                    f"wanted a text that XML can hold, got {text!r}"
                )
    return boxes_of(labels, _NAME, words=True)


def _text(value: Attribute) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _document(labels: ImageLabels) -> Element:
    root = Element("annotation")
    _add(root, "folder", "VOC2012")  # Which some tools take for a part of the path.
    _add(root, "filename", labels.image_name)
    _add(SubElement(root, "source"), "database", _OURS)
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
    pose = item.attributes.get(_POSE)
    _add(element, _POSE, pose if isinstance(pose, str) and pose.strip() else _NO_POSE)
    for flag in _FLAGS:
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
