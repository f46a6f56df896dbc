"""Overwritten bytes: no picture that the video does not show becomes a sample, where it is told."""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.chaos.counts import times
from tests.decoded import samples
from tests.videos import video
from vidset.errors import UndecodableVideoError

_PLACES, _BYTES = 3, 40
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


def found_in(path: Path, count: int, folder: Path) -> Found:
    original = path.read_bytes()
    whole = samples(path, 0.001)
    truth = dict(zip(whole.seconds, whole.pictures, strict=True))
    found = Found()
    for seed in range(count):
        hurt = folder / f"hurt{path.suffix}"
        hurt.write_bytes(_overwritten(original, path.suffix, random.Random(f"{path.name} {seed}")))
        found.files += 1
        try:
            shown = samples(hurt, 0.1)
        except UndecodableVideoError:
            continue
        found.samples += len(shown.seconds)
        pairs = zip(shown.seconds, shown.pictures, strict=True)
        garbage = sum(_differ(truth[at], each) for at, each in pairs if at in truth)
        found.garbage += garbage
        found.done_with_garbage += garbage > 0 and shown.damage is None
    return found


@times(4, 40)
@pytest.mark.parametrize("name", ["h264_faststart.mp4", "mpeg4_faststart.mp4", "av1_faststart.mp4"])
def test_what_refers_to_damage_is_no_sample(name, count, tmp_path):
    """These pictures are so small that 40 bytes may be all of one, which is not always told."""
    found = found_in(video(name), count, tmp_path)
    assert found.done_with_garbage == 0
    assert found.garbage <= found.samples * 0.08
    assert found.samples > 10 * count


@times(6, 40)
def test_most_damaged_vp9_is_not_called_done(count, tmp_path):
    """It has no checksums: what decodes to other pictures without a contradiction is not seen."""
    assert found_in(video("vp9.webm"), count, tmp_path).done_with_garbage <= count // 3


@times(2, 40)
@pytest.mark.parametrize("name", ["hevc.mkv", "vp9.mkv", "mjpeg.mkv"])
def test_the_checksums_of_a_matroska_tell_what_decoders_do_not(name, count, tmp_path):
    found = found_in(video(name), count, tmp_path)
    assert found.garbage == 0


@times(3, 40)
def test_hevc_with_checksums_of_its_pictures_is_not_called_done(count, tmp_path):
    path = video("hevc_with_checksums.mp4")
    assert samples(path).damage is None
    assert found_in(path, count, tmp_path).done_with_garbage == 0


def _overwritten(data: bytes, suffix: str, chance: random.Random) -> bytes:
    hurt = bytearray(data)
    begin = data.index(_STARTS[suffix]) + 24
    last = data.rfind(_ENDS[suffix]) if suffix in _ENDS else -1
    end = (last if last > 0 else len(data)) - _BYTES
    for _ in range(_PLACES):
        place = chance.randrange(begin, end)
        hurt[place : place + _BYTES] = chance.randbytes(_BYTES)
    return bytes(hurt)


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    """Returns whether a block of the pictures differs visibly."""
    if a.shape != b.shape:
        return True
    height, width = (length // _BLOCK * _BLOCK for length in a.shape[:2])
    far = np.abs(a[:height, :width].astype(np.int16) - b[:height, :width]).mean(axis=2)
    blocks = far.reshape(height // _BLOCK, _BLOCK, width // _BLOCK, _BLOCK).mean(axis=(1, 3))
    return bool(blocks.max() > _VISIBLE)
