"""Reads files that hold images together with their labels: which files, of which split, how large.

They may be a stranger's. No image or record is taken that is larger than `MOST_BYTES`, and what a
file claims is compared with its size before memory is taken for it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

from vidset.formats.finding import is_of_macos
from vidset.formats.format import ImageLabels
from vidset.formats.reading import (
    MOST_OBJECTS,
    Reading,
    attributes_in,
    free_id,
    is_uri,
    member,
    told_name,
)
from vidset.formats.splits import split_named, split_of_file, told_splits
from vidset.json_files import read_object
from vidset.labeling.annotation import Box, LabeledObject, Ring
from vidset.masks import Mask

# Several images wait in memory at a time, each as a whole.
MOST_BYTES = 128 << 20
# What `vidset export VERSION` leaves above the folders of its splits.
_MARKER = "dataset.json"
_HASH = re.compile(r"[0-9a-f]{64}")
_COMPRESSED = (".gz", ".tgz", ".zst", ".bz2", ".xz")


@dataclass(frozen=True, slots=True)
class ReadSample:
    """An image out of a file of many.

    Attributes:
        place: where it stands, for messages.
        image_uri: where it came from, in files that vidset has written from a version.
        image_sha256: of the data, where the file tells it.
    """

    labels: ImageLabels
    data: bytes
    place: str
    image_uri: str | None = None
    image_sha256: str | None = None


class SampleReader(Protocol):
    """A module that reads files which hold images together with their labels."""

    def read_samples(self, path: Path, reading: Reading) -> Iterator[ReadSample]:
        """Yield the images in the files' order, each with its bytes. Memory is that of some images.

        Raises:
            ValueError: as `Reader.read` says.
        """
        ...


def sample_files(path: Path, names: re.Pattern[str], what: str) -> list[tuple[Path, str | None]]:
    """Return the files of a folder, each with the split that it is of; or the one that was named.

    A folder that was exported from a version names its splits by its folders. Elsewhere they are
    told by the folders, or else by the files' names, as in `validation-00000-of-00002.parquet`.

    Args:
        names: of the files, without the ending of a compressed one.

    Raises:
        ValueError: there are none, or a file is compressed as a whole.
    """
    if not path.is_dir():
        _refuse_compressed(path, what)
        return [(path, None)]
    found = [
        each
        for each in sorted(path.rglob("*"))
        if _is_named(each.name, names) and not each.is_dir() and not is_of_macos(each)
    ]
    if not found:
        raise ValueError(f"{path}: wanted {what}, got none")
    for each in found:
        _refuse_compressed(each, what)
    paths = [each.relative_to(path) for each in found]
    if _is_exported(path / _MARKER) and all(len(each.parts) > 1 for each in paths):
        splits: list[str | None] = [unquote(each.parts[0]) for each in paths]
    else:
        splits = list(map(_split_of, paths))
        if not told_splits(splits):
            splits = [None] * len(splits)
    return list(zip(found, splits, strict=True))


def _is_named(name: str, names: re.Pattern[str]) -> bool:
    for ending in _COMPRESSED:
        name = name.removesuffix(ending)
    return names.search(name) is not None


def _refuse_compressed(path: Path, what: str) -> None:
    if path.suffix in _COMPRESSED:
        raise ValueError(f"{path}: wanted {what} as they are, got a compressed file; unpack it")


def _is_exported(marker: Path) -> bool:
    if not marker.is_file():
        return False
    return {"version", "format", "images"} <= set(read_object(marker, "what an export is of"))


def _split_of(path: Path) -> str | None:
    """The split that a folder is called as; else the one that the file's name has in it."""
    named = (split_named(part) for part in path.parts[:-1])
    return next(filter(None, named), None) or split_of_file(Path(path.name))


def uri_of(image_uri: Any, image_id: Any, place: str) -> str | None:
    """Return where an image of a version came from.

    Of a place's image it may be a path of another machine, which is no name for it here.

    Raises:
        ValueError: it is no name.
    """
    is_of_version = isinstance(image_id, str) and _HASH.fullmatch(image_id)
    if not image_uri or not (is_of_version or is_uri(str(image_uri))):
        return None
    return told_name(image_uri, place)


def id_of(image_id: Any) -> str | None:
    """Return the id of a place's image; that of a version's image is a hash, which no place has."""
    is_id = isinstance(image_id, str) and image_id and not _HASH.fullmatch(image_id)
    return image_id if is_id else None


def objects_in(documents: Any, place: str) -> tuple[LabeledObject, ...]:
    """Return objects as annotation documents have them, each part of them checked.

    Raises:
        ValueError: one of them is none, or there are too many.
    """
    if not isinstance(documents, list):
        raise ValueError(f"{place}: wanted a list of objects, got {str(documents)[:80]!r}")
    if len(documents) > MOST_OBJECTS:
        raise ValueError(f"{place}: wanted at most {MOST_OBJECTS:,}, got {len(documents):,}")
    taken: set[str] = set()
    return tuple(
        _object(document, taken, f"{place}[{number}]") for number, document in enumerate(documents)
    )


def _object(document: Any, taken: set[str], place: str) -> LabeledObject:
    label = member(document, "label", str, place)
    told = document.get("id")
    object_id = free_id(told if isinstance(told, str) and told else str(len(taken) + 1), taken)
    shape: dict[str, Any] = {"type": "classification"}
    if document.get("mask"):
        try:
            shape = {
                "type": "mask",
                "mask": Mask.from_document(member(document, "mask", dict, place)),
            }
        except ValueError as error:
            raise ValueError(f"{place}.mask: {error}") from None
    elif document.get("rings"):
        rings = member(document, "rings", list, place)
        shape = {"type": "polygon", "rings": tuple(_ring(each, f"{place}.rings") for each in rings)}
    elif document.get("points"):
        shape = {"type": "polygon", "rings": (_ring(document, place),)}
    elif box := document.get("box"):
        made = _box(box, f"{place}.box")
        shape = {"type": "rotated_box" if made.angle else "box", "box": made}
    elif document.get("type") not in (None, "classification"):
        raise ValueError(f"{place}: wanted a shape of the {document['type']!r}, got none")
    attributes = attributes_in(document.get("attributes") or {}, f"{place}.attributes")
    return LabeledObject(object_id, label, attributes=attributes, **shape)


def _box(told: Any, place: str) -> Box:
    numbers = [_number(told, key, place) for key in ("x", "y", "width", "height")]
    angle = _number(told, "angle", place) if told.get("angle") else 0.0
    return Box(*numbers, angle=angle)


def _ring(told: Any, place: str) -> Ring:
    points = member(told, "points", list, place)
    corners = tuple((_number(each, "x", place), _number(each, "y", place)) for each in points)
    return Ring(corners, told.get("hole") is True)


def _number(told: Any, key: str, place: str) -> float:
    value: Any = told.get(key) if isinstance(told, dict) else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    # A whole number of a thousand digits is too large for a float.
    if is_number and abs(value) < 1e300 and isfinite(value):
        return float(value)
    raise ValueError(f"{place}: wanted {key} as a number, got {str(value)[:80]!r}")
