"""Kinds of containers by their first bytes, and whether an MP4 is closed. No decoder is needed."""

import os
from pathlib import Path
from typing import BinaryIO

_HEAD_BYTES = 4096
# By FFmpeg's name of the container, without what is told below.
_EXTENSIONS = {
    "asf": "wmv",
    "hevc": "h265",
    "mjpeg": "mjpg",
    "mpeg": "mpg",
    "mpegvideo": "m2v",
    "ogg": "ogv",
}
_QUICKTIME = b"qt  "
# What an MP4 and its kin may begin with: files of QuickTime's first years have no ftyp.
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_TS_PACKET_BYTES = 188
_TS_SYNC = 0x47
_BOX_HEAD_BYTES = 16


def extension_of(container: str, file: BinaryIO) -> str:
    """Return the extension for a container of this FFmpeg name; the file's own name is ignored."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if container.startswith("mov"):
        return _mp4_extension(head)
    if container.startswith("matroska"):
        return "webm" if b"\x42\x82\x84webm" in head[:64] else "mkv"
    if container == "mpegts":
        is_plain = head[0] == head[_TS_PACKET_BYTES] == _TS_SYNC  # No time code before each packet.
        return "ts" if is_plain else "m2ts"
    return _EXTENSIONS.get(container, container)


def _mp4_extension(head: bytes) -> str:
    """Tells the extension by the major brand (ISO/IEC 14496-12, 4.3)."""
    brand = head[8:12] if head[4:8] == b"ftyp" else _QUICKTIME
    if brand == _QUICKTIME:
        return "mov"
    if brand.startswith((b"3gp", b"3gr", b"3gs", b"3ge", b"3gg")):
        return "3gp"
    return "3g2" if brand.startswith(b"3g2") else "mp4"


def is_closed(path: Path) -> bool:
    """Returns whether a recorder has finished this file, as far as its container tells.

    An MP4 (MOV, 3GP) is closed once it has its index (`moov`), no box lies beyond its end, and it
    does not end in zeros that were only reserved. A fragmented MP4 may end after any fragment, and
    all other containers anywhere: their content does not tell.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        boxes = _boxes(file, size)
    if not boxes or boxes[0][0] not in _FIRST_BOXES:
        return size >= _BOX_HEAD_BYTES  # Less could become anything.
    _, end = boxes[-1]
    return end == size and b"moov" in (kind for kind, _ in boxes)


def _boxes(file: BinaryIO, size: int) -> list[tuple[bytes, int]]:
    """The kinds and ends of the boxes at the top, up to the first that is none."""
    boxes, start = [], 0
    while start + 8 <= size:
        file.seek(start)
        head = file.read(_BOX_HEAD_BYTES)
        length, kind = int.from_bytes(head[:4]), head[4:8]
        if length == 1:
            length = int.from_bytes(head[8:16])
        elif length == 0 and kind.strip(b"\0"):  # It goes on to the end of the file.
            length = size - start
        if length < 8:
            break
        start += length
        boxes.append((kind, start))
    return boxes
