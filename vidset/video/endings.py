"""Tells that the end of a file is missing, where its demuxer reads what is there without a word.

Each container says by its own structure where it, or the part that it is in, ends.
"""

import os
import re
from collections.abc import Callable
from typing import BinaryIO

# The header, and in it the properties of the file (Advanced Systems Format, 3.1 and 3.2).
_ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_ASF_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
# Nobody knows how long a broadcast will be.
_ASF_BROADCAST = 1
# An Ogg page, the longest unit here, has up to 65,307 bytes.
_TAIL_BYTES = 1 << 18
_START_CODE, _PACK, _END = b"\0\0\1", 0xBA, 0xB9
_DV_FRAME_BYTES = {0: 120_000, 0x80: 144_000}


def is_cut(file: BinaryIO, head: bytes, size_bytes: int) -> bool:
    """Returns whether the file ends before the unit does that it ends in.

    False of containers that are not known here, and where nothing says it.
    """
    for start, ends_early in _BY_START:
        if re.match(start, head, re.DOTALL):
            file.seek(max(0, size_bytes - _TAIL_BYTES), os.SEEK_SET)
            return ends_early(head, file.read(_TAIL_BYTES), size_bytes)
    return False


def _asf(head: bytes, _: bytes, size_bytes: int) -> bool:
    place = head.find(_ASF_PROPERTIES)
    if place < 0 or len(head) < place + 92:
        return False
    flags = int.from_bytes(head[place + 88 : place + 92], "little")
    promised = int.from_bytes(head[place + 40 : place + 48], "little")
    return not flags & _ASF_BROADCAST and promised > size_bytes


def _ogg(_: bytes, tail: bytes, __: int) -> bool:
    """Look at the last page's segments (RFC 3533, 6)."""
    page = tail[tail.rfind(b"OggS") :] if b"OggS" in tail else b""
    if not page:
        return False
    if len(page) < 27 or len(page) < 27 + page[26]:
        return True
    return len(page) < 27 + page[26] + sum(page[27 : 27 + page[26]])


def _program_stream(_: bytes, tail: bytes, __: int) -> bool:
    """Walk the packets behind the last pack header (ISO/IEC 13818-1, 2.5.3)."""
    place = tail.rfind(_START_CODE + bytes([_PACK]))
    while 0 <= place < len(tail):
        code, rest = tail[place : place + 4], tail[place + 4 : place + 14]
        if len(code) < 4 or not code.startswith(_START_CODE) or code[3] <= _END:
            return False  # It ends here, or what follows is padding.
        if code[3] != _PACK:
            place += 6 + int.from_bytes(rest[:2])
        elif rest[:1] and rest[0] >> 6 == 1:
            place += 14 + (rest[9] & 7 if len(rest) == 10 else 0)
        else:  # As MPEG-1 has it.
            place += 12
    return place > len(tail)


def _jpegs(_: bytes, tail: bytes, __: int) -> bool:
    end = tail.rfind(b"\xff\xd9")
    return end < 0 or end < tail.rfind(b"\xff\xd8\xff")


def _gif(_: bytes, tail: bytes, __: int) -> bool:
    return not tail.rstrip(b"\0").endswith(b";")


def _dv(head: bytes, _: bytes, size_bytes: int) -> bool:
    """Compare with the size of a frame (SMPTE 314M); those of higher rates are multiples of it."""
    return size_bytes % _DV_FRAME_BYTES[head[3] & 0x80] != 0


_BY_START: tuple[tuple[bytes, Callable[[bytes, bytes, int], bool]], ...] = (
    (re.escape(_ASF_HEADER), _asf),
    (b"OggS", _ogg),
    (b"\0\0\1\xba", _program_stream),
    (b"\xff\xd8\xff", _jpegs),
    (b"GIF8", _gif),
    (b"\x1f\x07\0[\x3f\xbf]", _dv),
)
