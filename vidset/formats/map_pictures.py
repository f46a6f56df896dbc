"""PNGs whose pixels are numbers, with or without a palette, of any number of bits."""

import struct
import zlib

import cv2
import numpy as np

from vidset.picture_headers import check_picture

_PNG, _PALETTE, _GREY = b"\x89PNG\r\n\x1a\n", 3, 0
_HEADER_BYTES = 33  # The signature, and the chunk with the size and the kind of pixels.


def read_map(data: bytes, name: str) -> np.ndarray:
    """A PNG's numbers, (height, width), of a palette its places; (height, width, 3) RGB of colours.

    Raises:
        ValueError: it is no PNG that can be read.
    """
    if not data.startswith(_PNG):
        raise ValueError(f"{name}: wanted a PNG, got a file that begins with {data[:8]!r}")
    check_picture(data, name)
    if len(data) < _HEADER_BYTES:
        raise ValueError(f"{name}: wanted a PNG, got one that is cut off in its header")
    depth, kind = data[24], data[25]
    if kind == _PALETTE:
        data = _as_grey(data)
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ValueError(f"{name}: wanted a PNG, got one that is damaged")
    if kind in (_PALETTE, _GREY):
        if picture.ndim == 3:
            picture = picture[:, :, 0]
        # The decoder stretches numbers of fewer bits to all of eight.
        return picture // (255 // (2**depth - 1)) if depth < 8 else picture
    if picture.ndim == 2 or picture.shape[2] == 2:
        return picture if picture.ndim == 2 else picture[:, :, 0]
    return np.ascontiguousarray(picture[:, :, 2::-1])


def _as_grey(data: bytes) -> bytes:
    """The same PNG without its palette, so that its pixels are decoded as the numbers they are."""
    parts, at = [_PNG], len(_PNG)
    while at + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, content = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        at += 12 + length
        if kind in (b"PLTE", b"tRNS"):
            continue
        if kind == b"IHDR":
            content = content[:9] + bytes([_GREY]) + content[10:]
        parts.append(struct.pack(">I", len(content)) + kind + content)
        parts.append(struct.pack(">I", zlib.crc32(kind + content)))
    return b"".join(parts)
