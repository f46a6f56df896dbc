"""The reading of WebDataset's tar files; see `vidset.formats.webdataset`.

Files of one key, which is the name up to the first dot, are one sample: an image, and `.json` as
vidset writes it, or `.cls` with the class. The tar file is never unpacked: a member is bytes in
memory, whatever its name is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tarfile import (
    AREGTYPE,
    BLOCKSIZE,
    DIRTYPE,
    GNUTYPE_LONGNAME,
    REGTYPE,
    XGLTYPE,
    XHDTYPE,
    TarError,
    TarInfo,
)
from typing import Any, BinaryIO

from vidset.formats.format import ImageLabels
from vidset.formats.origin import origin_of
from vidset.formats.reading import Reading, image_size, told_name
from vidset.formats.sample_reading import (
    MOST_BYTES,
    ReadSample,
    id_of,
    objects_in,
    sample_files,
    uri_of,
)
from vidset.json_files import parse_json
from vidset.labeling.annotation import LabeledObject
from vidset.picture_headers import told_size
from vidset.regular_files import open_regular

NAMES = re.compile(r"\.tar$", re.IGNORECASE)
_WHAT = "tar files of WebDataset (.tar)"
_IMAGES = ("jpg", "jpeg", "png", "webp", "bmp")
_MOST_OF_TEXT = 64 << 20
_MOST_OF_HEADER = 1 << 20


@dataclass(slots=True)
class _Member:
    """The files of one key, by their endings."""

    key: str
    files: dict[str, bytes] = field(default_factory=dict)


def read_samples(path: Path, reading: Reading) -> Iterator[ReadSample]:
    """See `vidset.formats.sample_reading.SampleReader`."""
    for file, split in sample_files(path, NAMES, _WHAT):
        with reading.part():
            for member in _grouped(file, reading):
                place = f"{file}: {member.key[:200]}"
                yield from reading.whole(partial(_sample, member, split, place))


def _grouped(path: Path, reading: Reading) -> Iterator[_Member]:
    """Yield the samples that have an image."""
    group: _Member | None = None
    for name, data in _files(path):
        folder, _, base = name.rpartition("/")
        stem, _, ending = base.partition(".")
        key = f"{folder}/{stem}" if folder else stem
        if group is None or group.key != key:
            if group is not None and set(group.files) & set(_IMAGES):
                yield group
            group = _Member(key)
        ending = ending.lower()
        if ending in group.files:
            raise ValueError(f"{path}: wanted each file once, got {name[:200]!r} again")
        if ending in (*_IMAGES, "json", "cls"):
            group.files[ending] = data
        else:
            reading.leave_out(f"files beside images (.{ending[:40]})")
    if group is not None and set(group.files) & set(_IMAGES):
        yield group


def _sample(member: _Member, split: str | None, place: str) -> ReadSample:
    endings = [ending for ending in _IMAGES if ending in member.files]
    if len(endings) > 1:
        raise ValueError(f"{place}: wanted one image of this key, got {', '.join(endings)}")
    data = member.files[endings[0]]
    name = told_name(f"{member.key}.{endings[0]}", place)
    told: Any = {}
    if "json" in member.files:
        told = parse_json(member.files["json"], f"{place}.json", "labels")
    told = told if isinstance(told, dict) else {}
    name = told_name(told["image_name"], f"{place}.json") if told.get("image_name") else name
    size = image_size((told.get("width"), told.get("height")), name, None, f"{place}.json")
    size = size if size != (None, None) else (told_size(data) or size)
    objects, state = _objects(member, told, place)
    labels = ImageLabels(
        name,
        *size,
        objects,
        state,
        splits=(split,) if split else (),
        **{**origin_of(told, f"{place}.json"), "image_id": id_of(told.get("image_id"))},
    )
    uri = uri_of(told.get("image_uri"), told.get("image_id"), f"{place}.json: image_uri")
    return ReadSample(labels, data, place, uri)


def _objects(
    member: _Member, told: dict[str, Any], place: str
) -> tuple[tuple[LabeledObject, ...], Any]:
    if "objects" in told:
        return objects_in(told["objects"], f"{place}.json: objects"), "labeled"
    if "cls" not in member.files:
        return (), "unlabeled"
    try:
        label = member.files["cls"].decode().strip()
    except UnicodeDecodeError:
        raise ValueError(f"{place}.cls: wanted a text in UTF-8") from None
    if not label or len(label) > 1000:
        raise ValueError(f"{place}.cls: wanted a class, got {label[:80]!r}")
    return (LabeledObject("1", label, "classification"),), "labeled"


def _files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the names and bytes of the regular files in a tar file.

    Python's `tarfile` would keep an entry of each, and takes sparse files, which are larger than
    what is there.

    Raises:
        ValueError: it is damaged, or holds links, devices or files that are too large.
    """
    try:
        opened = open_regular(path)
    except OSError as error:
        raise ValueError(f"{path}: wanted {_WHAT}: {error.strerror}") from None
    with opened as file:
        more: dict[str, str] = {}
        number = 0
        while (block := file.read(BLOCKSIZE)).strip(b"\0"):
            place = f"{path}: file {number}"
            try:
                header = TarInfo.frombuf(block, "utf-8", "surrogateescape")
            except TarError as error:
                raise ValueError(f"{place}: wanted {_WHAT}: {error}") from None
            size = int(more.get("size", header.size)) if header.type != XHDTYPE else header.size
            name = more.get("path", header.name)
            if header.type in (XHDTYPE, XGLTYPE, GNUTYPE_LONGNAME):
                data = _bytes(file, size, _MOST_OF_HEADER, place)
                if header.type == XHDTYPE:
                    more = _pax(data, place)
                elif header.type == GNUTYPE_LONGNAME:
                    more = {"path": data.rstrip(b"\0").decode("utf-8", "surrogateescape")}
                continue
            more, number = {}, number + 1
            if header.type == DIRTYPE or name.endswith("/"):
                continue
            if header.type not in (REGTYPE, AREGTYPE):
                raise ValueError(
                    f"{place}: wanted files alone, got a link or device: {name[:200]!r}"
                )
            is_text = name.lower().endswith((".json", ".cls"))
            yield name, _bytes(file, size, _MOST_OF_TEXT if is_text else MOST_BYTES, place)


def _bytes(file: BinaryIO, size: int, most: int, place: str) -> bytes:
    if not 0 <= size <= most:
        raise ValueError(f"{place}: wanted at most {most:,} bytes, got {size:,}")
    data = file.read(size)
    if len(data) < size or len(file.read(-size % BLOCKSIZE)) < -size % BLOCKSIZE:
        raise ValueError(f"{place}: wanted {size:,} bytes, the file ends before")
    return data


def _pax(data: bytes, place: str) -> dict[str, str]:
    """The path and the size in a header of POSIX's pax format.

    Raises:
        ValueError: it is damaged, or of a sparse file.
    """
    found: dict[str, str] = {}
    at = 0
    while at < len(data) and data[at : at + 1] != b"\0":
        length, _, _ = data[at : at + 20].partition(b" ")
        end = at + int(length) if length.isdigit() else at
        key, is_said, value = data[at + len(length) + 1 : end - 1].partition(b"=")
        if end <= at or end > len(data) or not is_said:
            raise ValueError(f"{place}: wanted a pax header, got a damaged one")
        if key.startswith(b"GNU.sparse"):
            raise ValueError(f"{place}: wanted files as they are, got a sparse one")
        if key == b"size" and not (value.isdigit() and len(value) < 20):
            raise ValueError(f"{place}: wanted a size, got {value[:40]!r}")
        if key in (b"path", b"size"):
            found[key.decode()] = value.decode("utf-8", "surrogateescape")
        at = end
    return found
