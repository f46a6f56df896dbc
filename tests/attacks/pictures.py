"""Pictures that are small as files and large once they are decoded."""

import struct
import zlib


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


def _segment(marker: int, data: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(data)) + data


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
