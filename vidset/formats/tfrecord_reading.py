"""The reading of TFRecord files; see `vidset.formats.tfrecord`.

A record is its length, the checksum of that, the data, and its checksum. Labels are texts, or
numbers that a label map (.pbtxt) beside the file names.
"""

import os
import re
import struct
from collections.abc import Iterator, Mapping
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c

from vidset.formats.format import ImageLabels
from vidset.formats.origin import rights_in
from vidset.formats.reading import Reading, attributes_in, told_name
from vidset.formats.sample_reading import MOST_BYTES, ReadSample, id_of, sample_files, uri_of
from vidset.formats.tf_example import Features, features_in
from vidset.json_files import parse_json
from vidset.labeling.annotation import Attribute, Box, LabeledObject
from vidset.picture_headers import told_size
from vidset.regular_files import open_regular, read_regular_text
from vidset.rights import FIELDS

NAMES = re.compile(r"\.(tfrecords?|record)(-\d+-of-\d+)?$", re.IGNORECASE)
_WHAT = "files of TFRecord (.tfrecord or .record)"
_MASK = 0xA282EAD8
_MOST_OF_LABEL_MAP = 16 << 20
# Parts of an image are written in 32 bits: of 8,000 pixels these tell a thousandth apart.
_DIGITS = 3
_EDGES = ("xmin", "ymin", "xmax", "ymax")
_BOX, _OBJECT, _CLASS = "image/object/bbox/", "image/object/", "image/class/"
_NOT_HELD = {
    "image/object/mask": "masks of TFRecord",
    "image/object/is_crowd": "marks of crowds",
}


def masked(data: bytes) -> bytes:
    """Return the checksum of data, masked: data that holds its own would have a weak one."""
    crc = google_crc32c.value(data)
    return struct.pack("<I", ((crc >> 15 | crc << 17) + _MASK) & 0xFFFFFFFF)


def read_samples(path: Path, reading: Reading) -> Iterator[ReadSample]:
    """See `vidset.formats.sample_reading.SampleReader`."""
    for file, split in sample_files(path, NAMES, _WHAT):
        names_of: Mapping[int, str] | None = None
        with reading.part():
            for number, data in enumerate(_records(file)):
                place = f"{file}: record {number}"
                if names_of is None:
                    names_of = _label_map(file)
                yield from reading.whole(partial(_sample, data, split, names_of, reading, place))


def _records(path: Path) -> Iterator[bytes]:
    """Yield the data of each record.

    Raises:
        ValueError: a checksum is wrong, or the file ends within a record.
    """
    try:
        opened = open_regular(path)
    except OSError as error:
        raise ValueError(f"{path}: wanted {_WHAT}: {error.strerror}") from None
    with opened as file:
        left, number = os.fstat(file.fileno()).st_size, 0
        while left:
            place = f"{path}: record {number}"
            head = _exactly(file, 12, left, place)
            if masked(head[:8]) != head[8:]:
                raise ValueError(f"{place}: wanted the length of a record, got damaged bytes")
            (length,) = struct.unpack("<Q", head[:8])
            if length > MOST_BYTES:
                raise ValueError(f"{place}: wanted at most {MOST_BYTES:,} bytes, got {length:,}")
            data = _exactly(file, length, left - 12, place)
            if masked(data) != _exactly(file, 4, left - 12 - length, place):
                raise ValueError(f"{place}: wanted the data of their checksum, got damaged ones")
            yield data
            left, number = left - 16 - length, number + 1


def _exactly(file: BinaryIO, size: int, left: int, place: str) -> bytes:
    data = file.read(size) if size <= left else b""
    if len(data) < size:
        raise ValueError(f"{place}: wanted {size:,} bytes more, the file ends before")
    return data


def _sample(
    record: bytes, split: str | None, names_of: Mapping[int, str], reading: Reading, place: str
) -> ReadSample:
    features = features_in(record, place)
    data = features.one("image/encoded")
    if data is None:
        known = ", ".join(sorted(features.names))[:200]
        raise ValueError(f"{place}: wanted an image in image/encoded, got the features {known!r}")
    told = features.text("image/filename") or features.text("image/source_id")
    image_id = features.text("image/source_id")
    name = told_name(told or f"{sha256(data).hexdigest()[:32]}", f"{place}: image/filename")
    sizes = [features.integers(f"image/{side}") for side in ("width", "height")]
    size = (sizes[0][0], sizes[1][0]) if all(sizes) and sizes[0][0] > 0 < sizes[1][0] else None
    size = size or told_size(data)
    for feature, what in _NOT_HELD.items():
        if any(features.integers(feature)) or features.texts(feature):
            reading.leave_out(what)
    objects = [*_boxes(features, size, names_of, place), *_words(features, names_of, place)]
    labels = ImageLabels(
        name,
        size[0] if size else None,
        size[1] if size else None,
        tuple(objects),
        image_id=id_of(image_id),
        splits=(split,) if split else (),
        **_origin(features, place),
    )
    uri = uri_of(features.text("image/uri"), image_id, f"{place}: image/uri")
    return ReadSample(labels, data, place, uri, features.text("image/key/sha256") or None)


def _boxes(
    features: Features,
    size: tuple[int, int] | None,
    names_of: Mapping[int, str],
    place: str,
) -> Iterator[LabeledObject]:
    edges = {edge: features.floats(f"{_BOX}{edge}") for edge in _EDGES}
    number = len(edges["xmin"])
    labels = _labels(features, _OBJECT + "class/", names_of, place)
    if {len(each) for each in (*edges.values(), labels)} != {number}:
        counts = ", ".join(str(len(each)) for each in (*edges.values(), labels))
        raise ValueError(f"{place}: wanted four edges and a label of each box, got {counts}")
    if number and size is None:
        raise ValueError(f"{place}: wanted the image's size for its boxes, got none")
    ids, more = features.texts(f"{_OBJECT}id"), features.texts(f"{_OBJECT}attributes")
    width, height = size or (1, 1)
    for index, label in enumerate(labels):
        left, top, right, bottom = (
            round(edges[edge][index] * side, _DIGITS)
            for edge, side in zip(_EDGES, (width, height) * 2, strict=True)
        )
        box = Box(left, top, round(right - left, _DIGITS), round(bottom - top, _DIGITS))
        object_id = _decoded(ids[index], place) if len(ids) == number else str(index + 1)
        attributes: dict[str, Attribute] = {}
        if len(more) == number:
            where = f"{place}: attributes of box {index}"
            attributes = attributes_in(parse_json(more[index], where, "an object"), where)
        yield LabeledObject(object_id, label, "box", box=box, attributes=attributes)


def _words(features: Features, names_of: Mapping[int, str], place: str) -> Iterator[LabeledObject]:
    """Yield what is said of the image as a whole.

    In files of others, classes that name what the boxes are of say nothing more.
    """
    is_ours = f"{_OBJECT}attributes" in features.packed
    boxed = set() if is_ours else set(_labels(features, _OBJECT + "class/", names_of, place))
    for index, label in enumerate(_labels(features, _CLASS, names_of, place)):
        if label not in boxed:
            yield LabeledObject(f"class-{index + 1}", label, "classification")


def _labels(features: Features, prefix: str, names_of: Mapping[int, str], place: str) -> list[str]:
    texts = features.texts(f"{prefix}text")
    if texts:
        return [_decoded(text, place) for text in texts]
    numbers = features.integers(f"{prefix}label")
    for number in numbers:
        if number not in names_of:
            known = ", ".join(map(str, sorted(names_of)[:20])) or "none"
            raise ValueError(
                f"{place}: wanted the name of label {number} in {prefix}text or in a label map "
                f"(.pbtxt) beside the file, which names {known}"
            )
    return [names_of[number] for number in numbers]


def _decoded(text: bytes, place: str) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{place}: wanted a text in UTF-8, got {text[:40]!r}") from None


def _origin(features: Features, place: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: told
        for name in ("video_uri", "collector_id")
        if (told := features.text(f"image/{name}"))
    }
    if told := features.text("image/pts_seconds"):
        try:
            found["pts_seconds"] = float(told)
        except ValueError:
            raise ValueError(f"{place}: wanted a number of seconds, got {told[:80]!r}") from None
    stated = {name: features.text(f"image/{name}") for name in FIELDS}
    if any(stated.values()):
        found["rights"] = rights_in(stated, place)
    return found


def _label_map(file: Path) -> dict[int, str]:
    """The names of labels by number in the one label map beside a file; none without one.

    Raises:
        ValueError: it cannot be read.
    """
    maps = sorted(file.parent.glob("*.pbtxt"))
    if len(maps) != 1:
        return {}
    try:
        text = read_regular_text(maps[0], _MOST_OF_LABEL_MAP)
    except OSError as error:
        raise ValueError(f"{maps[0]}: wanted a label map: {error.strerror}") from None
    found: dict[int, str] = {}
    for item in text.split("}"):
        body = item.rpartition("{")[2]
        number = re.search(r"\bid\s*:\s*(\d{1,9})\b", body)
        named = re.search(r"\bname\s*:\s*(?:\"((?:[^\"\\]|\\.)*)\"|'((?:[^'\\]|\\.)*)')", body)
        if number and named:
            found[int(number[1])] = _unescaped(named[1] if named[1] is not None else named[2])
    return found


_ESCAPED = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_LETTERS = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b", b"f": b"\f"}


def _unescaped(text: str) -> str:
    """The text of Protobuf's text format, where bytes of UTF-8 may be octal numbers."""

    def one(match: re.Match[bytes]) -> bytes:
        octal, hexadecimal, code, letter = match.groups()
        if octal or hexadecimal:
            return bytes([int(octal or hexadecimal, 8 if octal else 16) & 255])
        return chr(int(code, 16)).encode() if code else _LETTERS.get(letter, letter)

    return _ESCAPED.sub(one, text.encode()).decode(errors="replace")
