"""Pictures that are small as files and large once they are decoded."""

import struct
import zlib
from collections.abc import Mapping

from tests.attacks.special import SPECIAL, Attack, written


def png(width: int, height: int, colours: int = 2, bits: int = 8) -> bytes:
    """A PNG of zeros, compressed row by row: 32768x32767 pixels take 3 MB, and no memory here."""
    row = bytes(1 + width * {0: 1, 2: 3, 6: 4}[colours] * bits // 8)
    packer, parts = zlib.compressobj(9), []
    for _ in range(min(height, 200)):  # Nobody should come to the end of the rows.
        parts.append(packer.compress(row))
    header = struct.pack(">IIBBBBB", width, height, bits, colours, 0, 0, 0)
    data = b"".join((*parts, packer.flush()))
    chunks = (_chunk(b"IHDR", header), _chunk(b"IDAT", data), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def bmp(width: int, height: int) -> bytes:
    header = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + header


def webp(width: int, height: int) -> bytes:
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    return b"RIFF" + struct.pack("<I", len(body)) + body


def jpeg(width: int, height: int, between: bytes = b"", scans: int = 1, channels: int = 3) -> bytes:
    """A JPEG's header; `between` stands before the segment with its size."""
    frame = struct.pack(">BHHB", 8, height, width, channels) + bytes(3 * channels)
    scan = b"\xff\xda\0\x08\x01\0\0\0\x3f\0\0"
    return b"\xff\xd8" + between + _segment(0xC2, frame) + scan * scans + b"\xff\xd9"


def png_with(*chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG of 64x64 pixels with these chunks before its pixels."""
    header = struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0)
    rows = zlib.compress(bytes(64 * (1 + 3 * 64)))
    more = b"".join(_chunk(kind, data) for kind, data in chunks)
    middle = _chunk(b"IHDR", header) + more + _chunk(b"IDAT", rows)
    return b"\x89PNG\r\n\x1a\n" + middle + _chunk(b"IEND", b"")


def _bomb(before: bytes, megabytes: int = 2000) -> bytes:
    """What a chunk of this kind holds, followed by zeros that take gigabytes when unpacked."""
    packer = zlib.compressobj(9)
    parts = [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return before + b"".join((*parts, packer.flush()))


def _frames(number: int) -> tuple[tuple[bytes, bytes], ...]:
    """The chunks of an animation with so many frames of 64x64 pixels."""
    rows = zlib.compress(bytes(64 * (1 + 3 * 64)))
    chunks = [(b"acTL", struct.pack(">II", number, 0))]
    for place in range(number):
        shown = struct.pack(">IIIIIHHBB", 2 * place, 64, 64, 0, 0, 1, 30, 0, 0)
        chunks += [(b"fcTL", shown), (b"fdAT", struct.pack(">I", 2 * place + 1) + rows)]
    return tuple(chunks)


def _tiff(width: int, height: int, order: str = "<") -> bytes:
    """The header of a TIFF, whose one strip is not there."""
    tags = {256: width, 257: height, 258: 8, 259: 1, 262: 1, 273: 8, 277: 1, 278: height, 279: 9}
    entries = b"".join(struct.pack(f"{order}HHII", tag, 4, 1, value) for tag, value in tags.items())
    start = b"II*\0" if order == "<" else b"MM\0*"
    count = struct.pack(f"{order}H", len(tags))
    return start + struct.pack(f"{order}I", 8) + count + entries + bytes(4)


def _gif(width: int, height: int, frames: int = 1) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHH", 0, 0, width, height) + b"\0\x02\x02\x4c\x01\0"
    palette = bytes(6)
    screen = struct.pack("<HHBBB", width, height, 0x80, 0, 0)
    return b"GIF89a" + screen + palette + frame * frames + b";"


def _exif(entries: int) -> bytes:
    """An EXIF directory that leads to itself, with so many entries."""
    entry = struct.pack("<HHII", 0x0112, 3, 0x0FFFFFFF, 8)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", entries) + entry * entries + b"\x08\0\0\0"


def _jpeg_of_segments() -> bytes:
    segment = _segment(0xE1, b"Exif\0\0" + _exif(5000)[:60_000])
    return jpeg(64, 64, between=segment * 140)


PICTURES: Mapping[str, Attack] = {
    "PNG of a gigapixel": written(lambda: png(32_768, 32_767)),
    "PNG of 16 bits": written(lambda: png(9_000, 9_000, 6, 16)),
    "PNG, 2^31 pixels wide": written(lambda: png_with()[:16] + b"\x7f\xff\xff\xff" * 2 + bytes(99)),
    "PNG, a text that unpacks": written(lambda: png_with((b"zTXt", _bomb(b"a\0\0")))),
    "PNG, an international text": written(lambda: png_with((b"iTXt", _bomb(b"a\0\x01\0\0\0")))),
    "PNG, a colour profile": written(lambda: png_with((b"iCCP", _bomb(b"a\0\0")))),
    "PNG, EXIF": written(lambda: png_with((b"eXIf", _exif(60_000)))),
    "PNG, rows that unpack on": written(lambda: png_with((b"IDAT", _bomb(b"")))),
    "PNG, 30,000 frames": written(lambda: png_with(*_frames(30_000))),
    "PNG, 700,000 chunks": written(lambda: png_with(*[(b"tEXt", b"")] * 700_000)),
    "PNG without pixels": written(lambda: png_with()[:33]),
    "JPEG of 4 gigapixels": written(lambda: jpeg(65_500, 65_500)),
    "JPEG of 1,000 scans": written(lambda: jpeg(9_000, 9_000, scans=1000)),
    "JPEG, small, of 400,000 scans": written(lambda: jpeg(256, 256, scans=400_000)),
    "JPEG of four channels": written(lambda: jpeg(9_000, 9_000, channels=4)),
    "JPEG, EXIF without end": written(_jpeg_of_segments),
    "JPEG, a second size": written(lambda: jpeg(64, 64) + jpeg(60_000, 60_000)),
    "WebP": written(lambda: webp(16_384, 16_384)),
    "WebP of 2^28 pixels": written(lambda: webp(1 << 24, 1 << 24)),
    "BMP": written(lambda: bmp(40_000, 40_000)),
    "BMP, upside down": written(lambda: bmp(2_000_000_000, -2_000_000_000)),
    "TIFF": written(lambda: _tiff(60_000, 60_000)),
    "TIFF, big endian": written(lambda: _tiff(60_000, 60_000, ">")),
    "GIF": written(lambda: _gif(65_535, 65_535)),
    "GIF of 600,000 frames": written(lambda: _gif(200, 200, 600_000)),
    **SPECIAL,
}


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(data)) + data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
