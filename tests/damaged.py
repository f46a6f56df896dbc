"""Copies of a video with overwritten bytes, and what becomes of them."""

import random
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tests.decoded import Samples, samples
from vidset.errors import UndecodableVideoError

_BYTES = 40
_BLOCK, _VISIBLE = 16, 24
# Where the pictures begin, by the container.
_STARTS = {
    ".mp4": b"mdat",
    ".mkv": b"\x1f\x43\xb6\x75",
    ".webm": b"\x1f\x43\xb6\x75",
    ".avi": b"movi",
}
_ENDS = {".avi": b"idx1", ".mkv": b"\x1c\x53\xbb\x6b"}


@dataclass(slots=True)
class Found:
    """What became of damaged copies of a video."""

    files: int = 0
    done_with_garbage: int = 0
    samples: int = 0
    garbage: int = 0


def found_in(path: Path, count: int, folder: Path, *, every: float = 0.1, places: int = 3) -> Found:
    """Damage so many copies, each at so many places, and extract a sample every so many seconds."""
    original = path.read_bytes()
    whole = samples(path, 0.001)
    truth = dict(zip(whole.seconds, whole.pictures, strict=True))
    found = Found()
    for seed in range(count):
        hurt = folder / f"hurt{path.suffix}"
        chance = random.Random(f"{path.name} {seed}")
        hurt.write_bytes(overwritten(original, path.suffix, chance, places))
        found.files += 1
        try:
            shown = samples(hurt, every)
        except UndecodableVideoError:
            continue
        found.samples += len(shown.seconds)
        pairs = zip(shown.seconds, shown.pictures, strict=True)
        garbage = sum(_differ(truth[at], each) for at, each in pairs if at in truth)
        found.garbage += garbage
        found.done_with_garbage += garbage > 0 and shown.damage is None
    return found


def overwritten(data: bytes, suffix: str, chance: random.Random, places: int) -> bytes:
    """Put 40 random bytes over what is there, at so many places among the pictures."""
    hurt = bytearray(data)
    begin = data.index(_STARTS[suffix]) + 24
    last = data.rfind(_ENDS[suffix]) if suffix in _ENDS else -1
    end = (last if last > 0 else len(data)) - _BYTES
    for _ in range(places):
        place = chance.randrange(begin, end)
        hurt[place : place + _BYTES] = chance.randbytes(_BYTES)
    return bytes(hurt)


def without_a_packet(path: Path, number: int, copy: Path) -> None:
    """Copy a video but for one picture, as where a camera's network loses it."""
    with av.open(str(path)) as source, av.open(str(copy), "w") as target:
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        for place, packet in enumerate(source.demux(stream)):
            if packet.size and place != number:
                packet.stream = copied
                target.mux(packet)


def has_garbage(found: Samples, whole: Samples) -> bool:
    """Returns whether a sample differs visibly from the frame of its time."""
    truth = {round(at, 3): each for at, each in zip(whole.seconds, whole.pictures, strict=True)}
    pairs = zip(found.seconds, found.pictures, strict=True)
    return any(_differ(truth[round(at, 3)], each) for at, each in pairs)


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    """Returns whether a block of the pictures differs visibly."""
    if a.shape != b.shape:
        return True
    height, width = (length // _BLOCK * _BLOCK for length in a.shape[:2])
    far = np.abs(a[:height, :width].astype(np.int16) - b[:height, :width]).mean(axis=2)
    blocks = far.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).mean(axis=(1, 3))
    return bool(blocks.max() > _VISIBLE)
