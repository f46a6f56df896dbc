"""Reads an MP4's index without the decoder, before it builds 80 million entries of it.

The boxes are those of ISO/IEC 14496-12. Only their headers and the tables' counts are read, so that
the cost does not depend on what the counts claim.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import BinaryIO

import numpy as np

_CONTAINERS = frozenset({b"moov", b"trak", b"mdia", b"minf", b"stbl", b"edts", b"moof", b"traf"})
_MAX_BOXES = 200_000
_HEADER_BYTES = 8
# A table of a box that is looked into is read up to so many bytes.
_MAX_TABLE_BYTES = 1 << 22


@dataclass(slots=True)
class Track:
    """One track's promises; None where the index makes none.

    Attributes:
        handler: "vide" for video.
        is_encrypted: its samples are scrambled (CENC and the like).
        sizes, times, offsets: how many samples the tables of sizes, of decoding times and of the
            offsets to presentation times have.
        duration_seconds: of the media, before any edit.
        tabled_seconds: the same, as the table of times adds up.
        edited_seconds: of what the edit list shows, in all; None without an edit list.
        scale: units of time in a second.
    """

    handler: str = ""
    is_encrypted: bool = False
    sizes: int | None = None
    times: int | None = None
    offsets: int | None = None
    duration_seconds: float | None = None
    tabled_seconds: float | None = None
    edited_seconds: float | None = None
    scale: int = 0


@dataclass(slots=True)
class Index:
    """The index of a file, by its boxes.

    Attributes:
        tracks: in their order.
        has_moov: whether there is an index at all.
        largest_count: the largest number of samples that any table claims without storing a value
            for each.
        cut_at: where the index of a fragment begins that the file ends in; None: there is none.
    """

    tracks: list[Track] = field(default_factory=list)
    has_moov: bool = False
    largest_count: int = 0
    cut_at: int | None = None


@dataclass(frozen=True, slots=True)
class _Box:
    kind: bytes
    place: int  # Of its header.
    start: int  # Of its contents.
    end: int
    is_cut: bool


def is_mp4(head: bytes) -> bool:
    """Returns whether the first bytes are those of an MP4 or QuickTime file."""
    return head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot", b"styp")


def read_index(file: BinaryIO, size_bytes: int) -> Index:
    """Walk the boxes of a file; what is cut or damaged is passed over."""
    index, movie_scale, end, is_fragmented = Index(), 0, 0, False
    for box in _walk(file, 0, size_bytes, [_MAX_BOXES]):
        end = max(end, box.end)
        is_fragmented = is_fragmented or box.kind == b"moof"
        match box.kind:
            case b"moov":
                index.has_moov = True
            case b"mvhd":
                movie_scale = _scale_and_duration(_contents(file, box))[0]
            case b"trak":
                index.tracks.append(Track())
            case b"moof" if box.is_cut:
                index.cut_at = box.place
            case b"trun":
                index.largest_count = max(index.largest_count, _run_count(_contents(file, box)))
            case _ if index.tracks:
                _read(file, box, index, movie_scale)
    if is_fragmented and 0 < size_bytes - end < _HEADER_BYTES:
        index.cut_at = end
    return index


def _read(file: BinaryIO, box: _Box, index: Index, movie_scale: int) -> None:
    track = index.tracks[-1]
    match box.kind:
        case b"hdlr":
            track.handler = _contents(file, box)[8:12].decode("latin-1")
        case b"mdhd":
            scale, duration = _scale_and_duration(_contents(file, box))
            track.duration_seconds = duration / scale if scale and duration else None
            track.scale = scale
        case b"elst":
            track.edited_seconds = _edited_seconds(_contents(file, box), movie_scale)
        case b"stsd":
            # The first entry's type follows a count and the entry's size.
            data = _contents(file, box)
            track.is_encrypted = data[12:16] in (b"encv", b"drmi") or b"sinf" in data
        case b"stsz":
            each, count = struct.unpack(">II", _contents(file, box)[4:12].ljust(8, b"\0"))
            track.sizes = count
            if each:
                index.largest_count = max(index.largest_count, count)
            else:
                stored = max(0, box.end - box.start - 12) // 4
                index.largest_count = max(index.largest_count, count if count > stored else 0)
        case b"stts" | b"ctts":
            data = _contents(file, box)
            pairs = _pairs(data)
            claimed = int(pairs[:, 0].sum())
            index.largest_count = max(index.largest_count, claimed)
            if box.kind == b"stts":
                track.times = claimed
            if len(data) < _MAX_TABLE_BYTES:
                _add_up(track, box.kind, pairs[: int.from_bytes(data[4:8])])
        case _:
            pass


def _add_up(track: Track, kind: bytes, pairs: np.ndarray) -> None:
    """Keep what the entries of a table add up to: pictures, or seconds."""
    if kind == b"ctts":
        track.offsets = int(pairs[:, 0].sum())
    elif track.scale and len(pairs):
        # As floats: a damaged table's products may be larger than any integer of NumPy's.
        track.tabled_seconds = float(np.prod(pairs, axis=1, dtype=float).sum()) / track.scale


def _walk(file: BinaryIO, start: int, end: int, left: list[int]) -> Iterator[_Box]:
    while start + _HEADER_BYTES <= end and left[0] > 0:
        left[0] -= 1
        file.seek(start)
        head = file.read(16)
        if len(head) < _HEADER_BYTES:
            return
        size, kind = struct.unpack(">I4s", head[:8])
        begin = start + 8
        if size == 1 and len(head) == 16:
            size, begin = struct.unpack(">Q", head[8:])[0], start + 16
        elif size == 0:
            size = end - start
        if size < begin - start:
            return
        box = _Box(kind, start, begin, min(start + size, end), start + size > end)
        yield box
        if kind in _CONTAINERS:
            yield from _walk(file, box.start, box.end, left)
        start += size


def _contents(file: BinaryIO, box: _Box) -> bytes:
    file.seek(box.start)
    return file.read(min(box.end - box.start, _MAX_TABLE_BYTES))


def _scale_and_duration(data: bytes) -> tuple[int, int]:
    """Read the time scale and duration of `mvhd` or `mdhd`, which begin alike."""
    if data[:1] == b"\1" and len(data) >= 32:
        scale, duration = struct.unpack(">IQ", data[20:32])
        return scale, 0 if duration == 2**64 - 1 else duration
    if len(data) >= 20:
        scale, duration = struct.unpack(">II", data[12:20])
        return scale, 0 if duration == 2**32 - 1 else duration
    return 0, 0


def _edited_seconds(data: bytes, scale: int) -> float | None:
    layout = ">QqI" if data[:1] == b"\1" else ">IiI"
    size = struct.calcsize(layout)
    usable = data[8 : 8 + (len(data) - 8) // size * size]
    edits = list(struct.iter_unpack(layout, usable))
    if not scale or not edits:
        return None
    return float(sum(Fraction(length, scale) for length, place, _ in edits if place >= 0))


def _pairs(data: bytes) -> np.ndarray:
    """Return a table's entries, (n, 2) int64: as objects, those of two hours would take 20 MB."""
    number = max(0, len(data) - 8) // 8
    return np.frombuffer(data[8 : 8 + number * 8], ">u4").reshape(-1, 2).astype(np.int64)


def _run_count(data: bytes) -> int:
    """Returns how many samples a fragment's run claims without a value for each."""
    if len(data) < 8:
        return 0
    flags, count = struct.unpack(">II", data[:8])
    has_values = flags & 0xF00
    return 0 if has_values and count * 4 <= len(data) else count
