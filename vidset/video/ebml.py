"""Reads elements of a Matroska or WebM file that its demuxer does not tell.

Its tracks may be encrypted, it may end within an element, and its clusters may carry checksums,
which no demuxer compares.

A live recording has no duration and clusters of unknown size, so that nothing else says that a
crash has cut it. The elements are those of RFC 8794 and RFC 9559.
"""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

_HEADER, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
# What stands beside clusters in a segment, and so ends a cluster of unknown size.
_BESIDE = frozenset(
    {_CLUSTER, 0x1C53BB6B, 0x1254C367, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1941A469, 0x1043A770}
)
_VOID, _CRC = 0xEC, 0xBF
_IN_CLUSTER = frozenset({0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, 0xAF, _VOID, _CRC})
_UNKNOWN = -1
_TRACKS, _ENTRY, _TYPE = 0x1654AE6B, 0xAE, 0x83
_ENCODINGS, _ENCRYPTION = 0x6D80, 0x5035
_MAX_TRACKS_BYTES = 1 << 20
_CRC_BYTES, _CHUNK_BYTES = 6, 1 << 20


def is_matroska(head: bytes) -> bool:
    """Returns whether the first bytes are those of a Matroska or WebM file."""
    return head[:4] == b"\x1a\x45\xdf\xa3"


def has_encrypted_videos_alone(file: BinaryIO, size_bytes: int) -> bool:
    """Returns whether all video tracks say that their frames are encrypted."""
    place = 0
    while place < size_bytes:
        file.seek(place)
        element, length, header = _element(file.read(12))
        if element is None or element == _CLUSTER:
            return False
        place += header
        if element == _SEGMENT:
            continue
        if element == _TRACKS:
            file.seek(place)
            tracks = file.read(min(max(length, 0), _MAX_TRACKS_BYTES))
            entries = [
                dict(_children(entry)) for kind, entry in _children(tracks) if kind == _ENTRY
            ]
            videos = [each for each in entries if each.get(_TYPE, b"")[-1:] == b"\x01"]
            return bool(videos) and all(_is_encrypted(each.get(_ENCODINGS, b"")) for each in videos)
        if length == _UNKNOWN:
            return False
        place += length
    return False


def _is_encrypted(encodings: bytes) -> bool:
    return any(
        kind == _ENCRYPTION
        for _, encoding in _children(encodings)
        for kind, _ in _children(encoding)
    )


def _children(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The elements in the contents of one, as far as they are there."""
    place = 0
    while place < len(data):
        element, length, header = _element(data[place : place + 12])
        if element is None or length == _UNKNOWN:
            return
        place += header
        yield element, data[place : place + length]
        place += length


def ends_within_an_element(file: BinaryIO, size_bytes: int) -> bool:
    """Returns whether the last element is longer than what is there of it."""
    place = 0
    while place < size_bytes:
        file.seek(place)
        head = file.read(12)
        element, length, header = _element(head)
        if element is None:
            # A header that is cut counts; padding and foreign bytes behind the end do not.
            return 0 < len(head) < 12 and head[0] != 0 and size_bytes - place < 12
        if element not in _BESIDE | _IN_CLUSTER | {_HEADER, _SEGMENT}:
            return False
        place += header
        if element == _SEGMENT or length == _UNKNOWN:
            continue  # Into it.
        if place + length > size_bytes:
            return True
        place += length
    return False


def damaged_clusters(file: BinaryIO, size_bytes: int) -> list[range]:
    """Return the clusters whose bytes do not match the checksum that they begin with.

    Clusters without one, and what follows an element that cannot be read, are passed over.
    """
    damaged, place = [], 0
    while place < size_bytes:
        file.seek(place)
        element, length, header = _element(file.read(12))
        if element is None:
            break
        begin, end = place, place + header + length
        place += header
        if element == _SEGMENT:
            continue
        if length == _UNKNOWN or end > size_bytes:
            break
        if element == _CLUSTER and not _matches(file, place, end):
            damaged.append(range(begin, end))
        place = end
    return damaged


def _matches(file: BinaryIO, begin: int, end: int) -> bool:
    file.seek(begin)
    head = file.read(_CRC_BYTES)
    if head[:2] != bytes([_CRC, 0x84]):
        return True
    checksum, left = 0, end - begin - _CRC_BYTES
    while left > 0 and (data := file.read(min(left, _CHUNK_BYTES))):
        checksum, left = zlib.crc32(data, checksum), left - len(data)
    return checksum == int.from_bytes(head[2:], "little")


def _element(head: bytes) -> tuple[int | None, int, int]:
    """Id, length of the contents, and how many bytes say so; no id where there is none."""
    id_bytes = _width(head[0]) if head else 9
    if id_bytes > 4 or len(head) <= id_bytes:
        return None, 0, 0
    length_bytes = _width(head[id_bytes])
    if length_bytes > 8 or len(head) < id_bytes + length_bytes:
        return None, 0, 0
    mask = (1 << (7 * length_bytes)) - 1
    length = int.from_bytes(head[id_bytes : id_bytes + length_bytes]) & mask
    total = id_bytes + length_bytes
    return int.from_bytes(head[:id_bytes]), _UNKNOWN if length == mask else length, total


def _width(first: int) -> int:
    """Returns how many bytes a number has, by the leading zeros of its first; 9 is none."""
    return 9 - first.bit_length()
