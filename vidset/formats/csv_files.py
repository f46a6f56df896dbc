"""CSV with a row for each object. The first row states the columns.

Written are all of `COLUMNS`. Read are these, and the names of other tools in `_OTHER_NAMES`:
`filename, width, height, class, xmin, ymin, xmax, ymax`, for one, where width and height are the
image's. A row without a label is an image without objects; one without a shape is a classification.
`points` are `x y x y ...`, a ring behind the other with `;` between, `hole` before a hole.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidset.formats.csv_writing import ORIGIN, SHAPE, WITH_RIGHTS, write
from vidset.formats.finding import only_file
from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of, with_numbers
from vidset.formats.reading import (
    Reading,
    attributes_in,
    free_id,
    image_size,
    leads_elsewhere,
    read_text,
    told_name,
)
from vidset.formats.splits import split_named, told_splits
from vidset.formats.xml_files import as_number
from vidset.json_files import parse_json
from vidset.labeling.annotation import Attribute, Box, LabeledObject, Ring
from vidset.masks import Mask
from vidset.rights import FIELDS

__all__ = ["read", "write"]

_CORNERS = ("xmin", "ymin", "xmax", "ymax")
_OTHER_NAMES = {
    "filename": "image", "file_name": "image", "image_name": "image", "image_path": "image",
    "path": "image", "file": "image",
    "class": "label", "class_name": "label", "category": "label", "label_name": "label",
    "x1": "xmin", "y1": "ymin", "x2": "xmax", "y2": "ymax",
    "x_min": "xmin", "y_min": "ymin", "x_max": "xmax", "y_max": "ymax",
    "w": "width", "h": "height", "img_width": "image_width", "img_height": "image_height",
    "confidence": "score",
}  # fmt: skip
_PASSED_OVER = "-"
_KNOWN = frozenset((*WITH_RIGHTS, *_CORNERS, "score", "split"))
_WANTED = (
    "a first row with image and label, and x, y, width, height or xmin, ymin, xmax, ymax or points"
)


@dataclass(slots=True)
class _Image:
    """The labels in the rows of one image."""

    place: str
    row: Mapping[str, str]
    objects: list[LabeledObject] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    has_fault: bool = False

    @property
    def split(self) -> str | None:
        return split_named(self.row.get("split") or "")


def read(path: str | Path, reading: Reading | None = None) -> Iterator[ImageLabels]:
    """Yield the images in the order in which they come first.

    Columns that are not known are counted and left out.

    Raises:
        ValueError: as `Reader.read` says.
    """
    reading = reading or Reading()
    rows = _rows(Path(path), reading)
    images: dict[str, _Image] = {}
    for place, row in rows:
        before = len(reading.faults)
        image = None
        with reading.part():
            name = told_name(row.get("image") or row.get("image_id"), f"{place}: image")
            image = images.setdefault(name, _Image(place, row))
            if row.get("label"):
                image.objects.append(_object(row, image, place))
            elif any(row.get(column) for column in (*SHAPE, *_CORNERS)):
                raise ValueError(f"{place}: wanted a label of the shape, got none")
        if image is not None and len(reading.faults) > before:
            image.has_fault = True
    is_split = told_splits(each.split for each in images.values())
    for name, image in images.items():
        with reading.part():
            labels = _labels(name, image, reading)
            if image.row.get("split") and not image.split:
                reading.leave_out(f"splits of other names ({image.row['split'][:40]})")
            labels = replace(labels, splits=(image.split,)) if is_split and image.split else labels
            if not image.has_fault:  # An image with a fault is not taken by halves.
                yield labels


def _rows(path: Path, reading: Reading) -> Iterator[tuple[str, Mapping[str, str]]]:
    text = read_text(path := only_file(path, ".csv", "labels"), "labels in CSV")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)  # Spreadsheets of some countries write semicolons.
    lines = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=separator,
        skipinitialspace=f"{separator} " in first,
        strict=True,
    )
    try:
        columns = _named_columns(reading.columns, lines, path)
        for column in columns:
            if column not in _KNOWN and column != _PASSED_OVER:
                reading.leave_out(f"columns {column or 'without a name'}")
        for values in lines:
            if not any(value.strip() for value in values):
                continue
            place = f"{path}:{lines.line_num}"
            while len(values) > len(columns) and not values[-1].strip():
                values.pop()  # Spreadsheets write separators behind the last column.
            if len(values) != len(columns):
                raise ValueError(f"{place}: wanted {len(columns)} columns, got {len(values)}")
            yield place, dict(zip(columns, values, strict=True))
    except csv.Error as error:
        raise ValueError(f"{path}:{lines.line_num}: wanted CSV: {error}") from None


def _named_columns(
    named: Mapping[str, str] | Sequence[str], lines: Iterator[list[str]], path: Path
) -> list[str]:
    """The columns in our names: as somebody told, or as the first row tells.

    Raises:
        ValueError: one that was told is not known or not there.
    """
    if wrong := [name for name in named if name not in _KNOWN and name != _PASSED_OVER]:
        raise ValueError(
            f"--columns: wanted of {', '.join(sorted(_KNOWN))} or {_PASSED_OVER}, got {wrong[0]!r}"
        )
    if not isinstance(named, Mapping) and named:
        return _columns(list(named), "--columns")
    header = [name.strip() for name in next(lines, [])]
    told = {theirs: ours for ours, theirs in named.items()} if isinstance(named, Mapping) else {}
    if missing := [theirs for theirs in told if theirs not in header]:
        raise ValueError(
            f"{path}:1: wanted the column {missing[0]!r}, got {', '.join(header)[:200]!r}"
        )
    free = [name for name in header if name not in told]
    aliases = {name: name.lower() for name in free if _ours(name.lower()) not in named}
    return _columns([told.get(name) or aliases.get(name, name) for name in header], f"{path}:1")


def _ours(name: str) -> str:
    return _OTHER_NAMES.get(name, name)


def _columns(header: Sequence[str], place: str) -> list[str]:
    columns = [_OTHER_NAMES.get(name, name) for name in header]
    has_corners = set(_CORNERS) <= set(columns)
    if has_corners:  # Their width and height are those of the image.
        of_image = {"width": "image_width", "height": "image_height"}
        columns = [of_image.get(name, name) for name in columns]
    has_shape = has_corners or {"x", "y", "width", "height"} <= set(columns)
    has_shape = has_shape or "points" in columns or "mask" in columns
    has_shape = has_shape or len({*columns} - {"split"}) == 2  # The image and its class.
    if not ({"image", "image_id"} & set(columns) and "label" in columns and has_shape):
        raise ValueError(f"{place}: wanted {_WANTED}, got {', '.join(header)[:200]!r}")
    for name in columns:
        if name in _KNOWN and columns.count(name) > 1:
            raise ValueError(f"{place}: wanted each column once, got {name} again")
    return columns


def _object(row: Mapping[str, str], image: _Image, place: str) -> LabeledObject:
    label = row["label"]
    object_id = free_id(row.get("object") or str(len(image.objects) + 1), image.taken)
    told = parse_json(row.get("attributes") or "{}", f"{place}: attributes", "an object")
    attributes: dict[str, Attribute] = dict(attributes_in(told, f"{place}: attributes"))
    if row.get("score"):
        attributes.setdefault("score", as_number(row["score"], f"{place}: score"))

    def number(column: str) -> float:
        return as_number(row.get(column) or "", f"{place}: {column}")

    shape: dict[str, Any] = {"type": "classification"}
    if row.get("mask"):
        document = parse_json(row["mask"], f"{place}: mask", "a mask")
        try:
            shape = {"type": "mask", "mask": Mask.from_document(document)}
        except ValueError as error:
            raise ValueError(f"{place}: mask: {error}") from None
    elif row.get("points"):
        shape = {"type": "polygon", "rings": tuple(_rings(row["points"], f"{place}: points"))}
    elif any(row.get(column) for column in _CORNERS):
        left, top, right, bottom = map(number, _CORNERS)
        shape = {"type": "box", "box": Box(left, top, right - left, bottom - top)}
    elif any(row.get(column) for column in ("x", "y", "width", "height")):
        angle = number("angle") if row.get("angle") else 0.0
        box = Box(*map(number, ("x", "y", "width", "height")), angle=angle % 360)
        shape = {"type": "rotated_box" if box.angle else "box", "box": box}
    return LabeledObject(object_id, label, attributes=attributes, **shape)


def _rings(text: str, place: str) -> Iterator[Ring]:
    for part in text.split(";"):
        is_hole = part.strip().startswith("hole")
        values = [as_number(word, place) for word in part.replace("hole", "", 1).split()]
        if len(values) < 6 or len(values) % 2:
            raise ValueError(
                f"{place}: wanted x and y of 3 points or more, got {len(values)} numbers"
            )
        yield Ring(tuple(zip(values[::2], values[1::2], strict=True)), is_hole)


def _labels(name: str, image: _Image, reading: Reading) -> ImageLabels:
    row, place = image.row, image.place
    told: list[Any] = [
        _whole(row[column], f"{place}: {column}") if row.get(column) else None
        for column in ("image_width", "image_height")
    ]
    width, height = image_size((told[0], told[1]), name, reading.size_of, place)
    origin = with_numbers({key: row[key] for key in (*ORIGIN, *FIELDS) if row.get(key)}, place)
    said = origin_of(origin, place)
    is_elsewhere = leads_elsewhere(row.get("image") or "")
    return ImageLabels(name, width, height, tuple(image.objects), is_elsewhere=is_elsewhere, **said)


def _whole(text: str, place: str) -> int:
    value = as_number(text, place)
    if not value.is_integer():
        raise ValueError(f"{place}: wanted a number of pixels, got {text[:80]!r}")
    return int(value)
