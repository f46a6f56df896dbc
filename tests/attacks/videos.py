"""Videos that are small as files and large, long or without end once they are read."""

import struct
import subprocess
from collections.abc import Callable, Mapping
from functools import cache

from tests.attacks.special import SPECIAL, Attack, written
from tests.videos import video


@cache
def _honest() -> bytes:
    """An MP4 of three seconds, with its index at the end."""
    return video("no_b_frames.mp4").read_bytes()


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(data), kind) + data


def _table(kind: bytes, *rows: tuple[int, ...]) -> bytes:
    data = b"".join(struct.pack(f">{len(row)}I", *row) for row in rows)
    return _box(kind, struct.pack(">II", 0, len(rows)) + data)


def _find(data: bytes, kind: bytes, start: int = 0) -> tuple[int, int]:
    """Where a box begins and ends."""
    place = data.index(kind, start) - 4
    return place, place + struct.unpack(">I", data[place : place + 4])[0]


def _with_tables(tables: Mapping[bytes, bytes]) -> bytes:
    """The honest MP4 with other tables of its video track's samples."""
    data = _honest()
    moov = _find(data, b"moov")
    begin, end = _find(data, b"stbl", moov[0])
    inner, parts = data[begin + 8 : end], []
    place = 0
    left = dict(tables)
    while place < len(inner):
        size, kind = struct.unpack(">I4s", inner[place : place + 8])
        parts.append(left.pop(kind, inner[place : place + size]))
        place += size
    stbl = _box(b"stbl", b"".join(parts) + b"".join(left.values()))
    # The boxes around it grow, and what comes before the index stays where it is.
    grown = len(stbl) - (end - begin)
    whole = bytearray(data[:begin] + stbl + data[end:])
    for kind in b"moov", b"trak", b"mdia", b"minf":
        place = data.index(kind, moov[0]) - 4
        (size,) = struct.unpack(">I", data[place : place + 4])
        whole[place : place + 4] = struct.pack(">I", size + grown)
    return bytes(whole)


def _shared_chunks() -> bytes:
    """4,000 chunks at one place, of 4,000 samples each: 16 million packets."""
    start = _honest().index(b"mdat") + 4
    return _with_tables(
        {
            b"stco": _table(b"stco", *[(start,)] * 4000),
            b"stsc": _table(b"stsc", (1, 4000, 1)),
            b"stsz": _box(b"stsz", struct.pack(">III", 0, 1, 16_000_000)),
            b"stts": _table(b"stts", (16_000_000, 512)),
        }
    )


def _shared_samples(number: int = 900_000, size: int = 1) -> bytes:
    """As many samples as the tables have room for, all at one place."""
    start = _honest().index(b"mdat") + 4
    sizes = struct.pack(">III", 0, 0, number) + struct.pack(">I", size) * number
    return _with_tables(
        {
            b"stco": _table(b"stco", *[(start,)] * (number // 1000)),
            b"stsc": _table(b"stsc", (1, 1000, 1)),
            b"stsz": _box(b"stsz", sizes),
            b"stts": _table(b"stts", (number, 512)),
        }
    )


def _moofs(number: int, samples: int) -> bytes:
    """Fragments that all point at the same few bytes."""
    data = video("h264_fragments.mp4").read_bytes()
    first = data.index(b"moof") - 4
    head = data[:first]
    sequence = _box(b"mfhd", struct.pack(">II", 0, 1))
    # Flags: default size and duration in tfhd; no value of its own for any sample in trun.
    header = _box(b"tfhd", struct.pack(">IIII", 0x020018, 1, 512, 10))
    run = _box(b"trun", struct.pack(">III", 1, samples, 0))
    fragment = _box(b"moof", sequence + _box(b"traf", header + run)) + _box(b"mdat", bytes(10))
    return head + fragment * number


def _nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = _box(b"moov", data)
    return _honest()[:32] + data


def _element(kind: int, data: bytes) -> bytes:
    """An element of Matroska, its size in eight bytes."""
    length = (kind.bit_length() + 7) // 8
    return kind.to_bytes(length, "big") + (1 << 56 | len(data)).to_bytes(8, "big") + data


def _matroska(blocks: bytes, *, timescale: int = 1_000_000) -> bytes:
    """A VP9 track of 64x64 pixels and these blocks."""
    head = _element(
        0x1A45DFA3,
        _element(0x4282, b"matroska") + _element(0x4287, b"\x04") + _element(0x4285, b"\x02"),
    )
    info = _element(0x1549A966, _element(0x2AD7B1, timescale.to_bytes(4, "big")))
    size = _element(0xE0, _element(0xB0, b"\x40") + _element(0xBA, b"\x40"))
    track = _element(
        0xAE,
        _element(0xD7, b"\1")
        + _element(0x73C5, b"\1")
        + _element(0x83, b"\1")
        + _element(0x86, b"V_VP9")
        + size,
    )
    cluster = _element(0x1F43B675, _element(0xE7, b"\0") + blocks)
    return head + _element(0x18538067, info + _element(0x1654AE6B, track) + cluster)


def _blocks(number: int) -> bytes:
    """Tiny blocks, a millisecond apart, in one cluster."""
    parts = []
    for place in range(number):
        time = (place % 30_000).to_bytes(2, "big")
        parts.append(b"\xa3\x85\x81" + time + b"\x80\x00")
    return _matroska(b"".join(parts))


def _laces(number: int) -> bytes:
    """Blocks of 256 frames of no bytes each: the lacing of equal sizes needs no size for any."""
    return _matroska(b"\xa3\x85\x81\0\0\x84\xff" * number)


def _avi(entries: int) -> bytes:
    """An index whose entries all lead to the first frame."""
    data = video("h264.avi").read_bytes()
    place = data.index(b"movi")
    first = data.index(b"00dc", place)
    (size,) = struct.unpack("<I", data[first + 4 : first + 8])
    entry = b"00dc" + struct.pack("<III", 0x10, first - place, size)
    head = data[: data.index(b"idx1")]
    return head + b"idx1" + struct.pack("<I", 16 * entries) + entry * entries


_FAST = ("-c:v", "libx264", "-preset", "ultrafast")
_STREAMED = ("-movflags", "frag_keyframe+empty_moov")


def _ffmpeg(*arguments: str) -> Callable[[], bytes]:
    @cache
    def make() -> bytes:
        command = ["ffmpeg", "-v", "error", *arguments, "-f", "mp4", *_STREAMED, "pipe:1"]
        return subprocess.run(command, check=True, capture_output=True).stdout

    return make


def _black(size: str, seconds: int, rate: int) -> Callable[[], bytes]:
    source = f"color=black:size={size}:rate={rate}:duration={seconds}"
    return _ffmpeg("-f", "lavfi", "-i", source, *_FAST)


def _edited() -> bytes:
    """An edit list that shows the same second 200,000 times."""
    data = _honest()
    moov = _find(data, b"moov")
    edits = _table(b"elst", *[(1000, 0, 1 << 16)] * 200_000)
    box = _box(b"edts", edits)
    trak = data.index(b"trak", moov[0]) - 4
    tkhd = _find(data, b"tkhd", trak)
    whole = bytearray(data[: tkhd[1]] + box + data[tkhd[1] :])
    for place in moov[0], trak:
        (size,) = struct.unpack(">I", data[place : place + 4])
        whole[place : place + 4] = struct.pack(">I", size + len(box))
    return bytes(whole)


VIDEOS: Mapping[str, Attack] = {
    "chunks at one place": written(_shared_chunks),
    "samples at one place": written(_shared_samples),
    "large samples at one place": written(lambda: _shared_samples(2000, 20_000)),
    "durations without samples": written(
        lambda: _with_tables({b"stts": _table(b"stts", (4_000_000_000, 1))})
    ),
    "offsets of times": written(
        lambda: _with_tables({b"ctts": _table(b"ctts", *[(4_000_000_000, 7)] * 1000)})
    ),
    "a chunk of all samples": written(
        lambda: _with_tables({b"stsc": _table(b"stsc", (1, 4_000_000_000, 1))})
    ),
    "fragments without bytes": written(lambda: _moofs(60_000, 1)),
    "fragments of a million": written(lambda: _moofs(200, 1_000_000)),
    "boxes in boxes": written(lambda: _nested(100_000)),
    "a second, 200,000 times": written(_edited),
    "Matroska of a million blocks": written(lambda: _blocks(1_000_000)),
    "Matroska of laces": written(lambda: _laces(400_000)),
    "Matroska, times of an hour": written(
        lambda: _matroska(b"\xa3\x85\x81\0\0\x80\0" * 9000, timescale=4_000_000_000)
    ),
    "AVI of 500,000 entries": written(lambda: _avi(500_000)),
    "black, a day": written(_black("64x64", 86_400, 1)),
    "black, 8192x4320": written(_black("8192x4320", 3, 10)),
    **SPECIAL,
}
