"""Reads the size of a picture from its first bytes, and refuses one that is too large.

A file of 130 KB can decode to gigabytes. Whoever opens a picture of others calls `check_picture`
first: it reads the header only. `tests/contracts/test_pictures.py` finds those who do not.
"""

import os
import struct

VARIABLE = "VIDSET_MAX_MEGAPIXELS"
_MEGAPIXELS = 100.0
# A JPEG's scans each go over all of its pixels. Encoders write about ten.
_MOST_SCANS_AT_FULL_SIZE = 20
_MOST_NOTES = 1000  # A PNG's chunks without pixels. Tools write some dozens.

_PNG, _JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
_JPEG_STARTS_OF_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_END_OF_HEADER = {0xD8, 0xD9, 0xDA}  # The next image, the end, or a scan without a frame.
_JPEG_WITHOUT_LENGTH = {0x00, 0x01, *range(0xD0, 0xD8)}


def check_picture(data: bytes, name: str) -> None:
    """Refuse a picture that would take too much memory or time to decode, before it is decoded.

    The limit is 100 megapixels, or what the variable VIDSET_MAX_MEGAPIXELS says. PNG files with 16
    bits and JPEG files with four channels count double.

    Raises:
        ValueError: the picture is larger, tells no size, or is no PNG, JPEG, WebP or BMP file.
    """
    size = told_size(data)
    if size is None:
        raise ValueError(
            f"{name}: wanted a PNG, JPEG, WebP or BMP image, got {len(data):,} bytes that begin "
            f"with {data[:8]!r} and tell no size"
        )
    most = _most_megapixels()
    megapixels = size[0] * size[1] / 1e6
    weight = 2 if _is_heavy(data) else 1
    if megapixels * weight > most:
        double = " that count double" if weight == 2 else ""
        raise ValueError(
            f"{name}: wanted at most {most:g} megapixels ({VARIABLE} allows more), got "
            f"{size[0]}x{size[1]}, {megapixels:,.0f} megapixels{double}"
        )
    if data.startswith(_PNG) and _has_many_notes(data):
        raise ValueError(
            f"{name}: wanted a PNG with at most {_MOST_NOTES:,} chunks beside its pixels, got more"
        )
    scans = data.count(b"\xff\xda") if data.startswith(_JPEG) else 0
    if megapixels * scans > most * _MOST_SCANS_AT_FULL_SIZE:
        raise ValueError(
            f"{name}: wanted a JPEG that is decoded in seconds, got {scans:,} scans over "
            f"{megapixels:,.1f} megapixels ({VARIABLE} allows more)"
        )


def _has_many_notes(data: bytes) -> bool:
    """Returns whether a PNG has more chunks than any tool writes: each may be a line of warning."""
    place, notes = len(_PNG), 0
    while place + 8 <= len(data) and notes <= _MOST_NOTES:
        notes += data[place + 4 : place + 8] != b"IDAT"
        place += 12 + int.from_bytes(data[place : place + 4])
    return notes > _MOST_NOTES


def told_size(header: bytes) -> tuple[int, int] | None:
    """Return the width and height of a PNG, JPEG, WebP or BMP file; None if its start tells none.

    The formats: https://www.w3.org/TR/png-3/#11IHDR, ITU-T T.81 B.2.2, RFC 9649 and Microsoft's
    BITMAPCOREHEADER and BITMAPINFOHEADER.
    """
    if header.startswith(_PNG):
        size = _png_size(header)
    elif header.startswith(_JPEG):
        size = _jpeg_size(header)
    elif header[:4] == b"RIFF" and header[8:12] == b"WEBP":
        size = _webp_size(header)
    elif header.startswith(b"BM"):
        size = _bmp_size(header)
    else:
        return None
    return size if size and all(size) else None


def _most_megapixels() -> float:
    text = os.environ.get(VARIABLE, "")
    try:
        most = float(text or _MEGAPIXELS)
    except ValueError:
        most = 0.0
    if not 0 < most < float("inf"):
        raise ValueError(f"{VARIABLE}: wanted a number above 0, got {text!r}")
    return most


def _is_heavy(data: bytes) -> bool:
    if data.startswith(_PNG):
        return data[24:25] == b"\x10"
    start = _start_of_frame(data) if data.startswith(_JPEG) else None
    return start is not None and data[start + 9 : start + 10] > b"\x03"


def _png_size(header: bytes) -> tuple[int, int] | None:
    if header[12:16] != b"IHDR" or len(header) < 24:
        return None
    return struct.unpack(">II", header[16:24])


def _jpeg_size(header: bytes) -> tuple[int, int] | None:
    place = _start_of_frame(header)
    if place is None or place + 9 > len(header):
        return None
    height, width = struct.unpack(">HH", header[place + 5 : place + 9])
    return width, height


def _start_of_frame(header: bytes) -> int | None:
    """The place of the first marker that begins a frame, found as libjpeg finds it.

    libjpeg passes over bytes between segments, so that these must not hide the true size here.
    """
    place = 2
    while (place := header.find(b"\xff", place)) >= 0 and place + 4 <= len(header):
        marker = header[place + 1]
        if marker in _JPEG_STARTS_OF_FRAME:
            return place
        if marker in _JPEG_END_OF_HEADER:
            return None
        if marker == 0xFF:  # A fill byte.
            place += 1
        elif marker in _JPEG_WITHOUT_LENGTH:
            place += 2
        else:
            (length,) = struct.unpack(">H", header[place + 2 : place + 4])
            if length < 2:
                return None
            place += 2 + length
    return None


def _webp_size(header: bytes) -> tuple[int, int] | None:
    kind, start = header[12:16], header[20:30]
    if kind == b"VP8X" and len(start) == 10:
        return 1 + int.from_bytes(start[4:7], "little"), 1 + int.from_bytes(start[7:10], "little")
    if kind == b"VP8L" and len(start) >= 5 and start[0] == 0x2F:
        bits = int.from_bytes(start[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and start[3:6] == b"\x9d\x01\x2a" and len(start) == 10:
        width, height = struct.unpack("<HH", start[6:10])
        return width & 0x3FFF, height & 0x3FFF
    return None


def _bmp_size(header: bytes) -> tuple[int, int] | None:
    if len(header) < 26:
        return None
    (length,) = struct.unpack("<I", header[14:18])
    if length == 12:
        return struct.unpack("<HH", header[18:22])
    width, height = struct.unpack("<ii", header[18:26])
    return abs(width), abs(height)  # A negative height says that the first row is the top.
