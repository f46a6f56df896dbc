"""Damaged videos give the frames that decode and say so; what is no video says that.

What cannot be told, and is not asserted here: an MPEG-TS, MPEG-PS or bare stream that is cut
between two of its packets; a fragmented MP4 that is cut between two fragments; a Matroska without
its first cluster, or from which bytes were taken out, not overwritten (about 1 in 50 goes unseen);
flipped bits that decode to another picture or time (see test_garbage.py).
After a hole in an AVI, times are too early by its length: the format only counts. (ffprobe agrees.)
"""

import random
import re
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests import oracle
from tests.decoded import Samples, samples
from tests.videos import video
from vidset.errors import UndecodableVideoError

DAMAGES = {
    "cut": lambda data, place, _: data[: place | 1],  # Odd: not between two packets of an MPEG-TS.
    "zeros": lambda data, place, size: data[:place] + bytes(size) + data[place + size :],
    "hole": lambda data, place, size: data[:place] + data[place + size :],
}


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param("h264_faststart.mp4", "cut short: the index lists 150 frames", id="mp4"),
        pytest.param("h264_fragments.mp4", "cut short: the index lists", id="fragmented mp4"),
        pytest.param("h264.mkv", r"cut short: the header says 5.00 s, [23]", id="mkv"),
        pytest.param("vp9.webm", r"cut short: the header says 3.00 s, [12]", id="webm"),
        pytest.param("mpeg4.avi", r"cut short: the header says 3.00 s, 1", id="avi"),
        pytest.param("h264.flv", r"cut short: the header says 5.[01]\d s, [23]", id="flv"),
        pytest.param("hevc.ts", "bytes are missing", id="ts"),
        pytest.param("h264.h264", None, id="bare stream: only by its last frame"),
    ],
)
def test_a_video_cut_short_gives_the_frames_before_the_cut(name, damage, tmp_path):
    whole = samples(video(name), 0.1)
    cut = samples(cut_at(tmp_path, name, 0.6), 0.1)
    assert 0.4 < len(cut.seconds) / len(whole.seconds) < 0.8
    # Of the last ones the packets, or those that are shown earlier but stored later, are missing.
    for second in cut.seconds[:-2]:
        assert cut.hashes[second] == whole.hashes[second]
    assert cut.damage is not None
    assert damage is None or matches(damage, cut.damage)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("h264_faststart.mp4", id="h264, mp4"),
        pytest.param("hevc_faststart.mp4", id="hevc, mp4"),
        pytest.param("av1_faststart.mp4", id="av1, mp4"),
        pytest.param("mpeg4.mov", id="mpeg4, mov"),
        pytest.param("h264.mkv", id="h264, mkv"),
        pytest.param("vp9.webm", id="vp9, webm"),
        pytest.param("h264.ts", id="h264, ts"),
        pytest.param("mpeg2.ts", id="mpeg2, ts"),
    ],
)
def test_zeros_between_two_keyframes_cost_no_frames_before_and_after(name, tmp_path):
    """From a third to two thirds of the way from the keyframe at 1 s to the one at 2 s."""
    whole = samples(video(name), 0.1)
    data = video(name).read_bytes()
    start, end = oracle.keyframe_places(video(name), around=(0.9, 1.9))
    place, size = start + (end - start) // 3, (end - start) // 3
    hurt = samples(written(tmp_path, name, DAMAGES["zeros"](data, place, size)), 0.1)
    assert hurt.damage is not None
    before = [second for second in whole.seconds if second < 1]
    after = [second for second in whole.seconds if second > 2.02]
    for second in before + after:
        assert hurt.hashes[second] == whole.hashes[second]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("h264_faststart.mp4", id="h264"),
        pytest.param("mpeg4.avi", id="mpeg4"),
        pytest.param("av1_faststart.mp4", id="av1"),
        pytest.param("packed.avi", id="packed mpeg4"),
    ],
)
def test_flipped_bits_that_the_decoder_sees_are_told(name, tmp_path):
    data = bytearray(video(name).read_bytes())
    for place in range(len(data) // 5, len(data) * 4 // 5, 101):
        data[place] ^= 0x10
    hurt = samples(written(tmp_path, name, bytes(data)), 0.1)
    assert hurt.damage is not None
    assert hurt.seconds


def test_an_mpeg_ts_that_starts_within_a_group_of_pictures_gives_what_follows_it(tmp_path):
    data = video("h264.ts").read_bytes()
    found = samples(written(tmp_path, "late.ts", data[188 * (len(data) // 188 // 2) :]), 0.5)
    assert found.seconds[:3] == pytest.approx([0, 0.5005, 1.001], abs=1e-4)
    assert matches("frames before the first keyframe cannot be decoded", found.damage)
    whole = samples(video("h264.ts"), 0.5)
    assert np.array_equal(found.pictures, whole.pictures[-len(found.pictures) :])


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        pytest.param("starts_in_a_refresh.mp4", r"\d of 17 samples do not decode", id="mp4"),
        pytest.param("starts_in_a_refresh.ts", r"\d of 16 samples do not decode", id="ts"),
    ],
)
def test_a_gradual_refresh_cut_within_gives_the_frames_after_it(name, damage):
    """The first keyframe is none: the decoder shows nothing until the refresh is through."""
    found = samples(video(name), 0.1)
    assert found.seconds == oracle.shown(video(name)).seconds(Fraction(1, 10))
    assert matches(damage, found.damage)


def test_a_broken_sample_gives_way_to_the_next_whole_frame(tmp_path):
    name = "mjpeg.avi"
    whole = samples(video(name), 0.01)
    data = bytearray(video(name).read_bytes())
    # Frame 15 of 30 a second, due at 0.5 s: the 16th JPEG loses its head.
    place = -1
    for _ in range(16):
        place = data.index(b"\xff\xd8\xff", place + 1)
    data[place : place + 400] = bytes(400)
    hurt = samples(written(tmp_path, name, bytes(data)), 0.5)
    assert hurt.seconds == pytest.approx([0, 16 / 30, 1, 1.5, 2, 2.5])
    assert hurt.damage is not None
    assert np.array_equal(hurt.pictures[1], whole.pictures[16])


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        pytest.param("empty.mp4", b"", "not a readable video", id="empty"),
        pytest.param("text.mp4", b"Buy milk.\n" * 500, "not a readable video", id="text"),
        pytest.param("noise.mp4", random.Random(1).randbytes(9000), "not a readable", id="noise"),
        pytest.param("zeros.mp4", bytes(9000), "not a readable video", id="zeros"),
    ],
)
def test_what_is_no_video_is_undecodable(name, data, reason, tmp_path):
    with pytest.raises(UndecodableVideoError, match=reason) as raised:
        samples(written(tmp_path, name, data))
    assert raised.value.uri == name


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        pytest.param("sound.mp4", "no video stream, only audio", id="audio only"),
        pytest.param(
            "sound_with_cover.m4a", "no video stream, only a cover picture, audio", id="cover"
        ),
    ],
)
def test_sound_is_undecodable(name, reason):
    with pytest.raises(UndecodableVideoError, match=reason):
        samples(video(name))


@pytest.mark.parametrize(
    "playlist",
    [
        pytest.param(
            "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:2,\n{}\n#EXT-X-ENDLIST\n", id="hls"
        ),
        pytest.param("ffconcat version 1.0\nfile '{}'\n", id="ffconcat"),
    ],
)
def test_a_playlist_that_names_another_file_is_refused(playlist, tmp_path):
    """An upload must not make the worker read other files or addresses."""
    path = written(tmp_path, "list.mp4", playlist.format(video("small.ts")).encode())
    with pytest.raises(UndecodableVideoError, match="not a readable video"):
        samples(path)


def test_an_mp4_without_its_index_is_undecodable(tmp_path):
    data = video("fps_29_97.mp4").read_bytes()
    path = written(tmp_path, "no_index.mp4", data[: data.index(b"moov") - 4])
    with pytest.raises(UndecodableVideoError, match="not a readable video"):
        samples(path)


def test_a_video_of_which_no_frame_decodes_is_undecodable(tmp_path):
    data = video("one_frame.mp4").read_bytes()
    start = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    path = written(tmp_path, "broken.mp4", data[:start] + bytes(end - start) + data[end:])
    with pytest.raises(UndecodableVideoError):
        samples(path)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("how", ["cut", "zeros"])
@pytest.mark.parametrize(
    "name",
    [
        *("h264_faststart.mp4", "av1_faststart.mp4", "h264_fragments.mp4", "h264.mkv", "vp9.webm"),
        *("hevc.ts", "mpeg4.avi", "b_frames_h264.avi"),
    ],
)
def test_frames_lost_anywhere_are_never_lost_silently(name, how, seed, tmp_path):
    """Behind the first fifth, where the headers stand, and before an index at the end."""
    data, chance = video(name).read_bytes(), random.Random(f"{name} {how} {seed}")
    place = chance.randrange(len(data) // 5, len(data) * 4 // 5)
    data = DAMAGES[how](data, place, chance.choice([200, 4000, 12000]))
    hurt = samples_if_any(written(tmp_path, name, data))
    if hurt is not None and len(hurt.seconds) < len(samples(video(name), 0.1).seconds):
        assert hurt.damage is not None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    "name",
    [
        *("h264_faststart.mp4", "hevc_faststart.mp4", "av1_faststart.mp4", "h264_fragments.mp4"),
        *("h264.mkv", "vp9.webm", "h264.ts", "hevc.ts", "mpeg4.avi", "packed.avi", "h264.flv"),
        *("mpeg2.mpg", "h264.h264"),
    ],
)
def test_damage_anywhere_gives_frames_in_order_or_an_undecodable_video(name, seed, tmp_path):
    """Flipped bits, the more the higher the seed, or a hole; in the headers too."""
    data, chance = bytearray(video(name).read_bytes()), random.Random(f"{name} {seed}")
    if seed == 0:
        data = DAMAGES["hole"](data, chance.randrange(len(data)), 1000)
    for _ in range(3**seed if seed else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    hurt = samples_if_any(written(tmp_path, name, bytes(data)))
    if hurt is not None:
        assert all(a < b for a, b in pairwise(hurt.seconds))


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def samples_if_any(path: Path) -> Samples | None:
    try:
        return samples(path, 0.1)
    except UndecodableVideoError:
        return None


def cut_at(folder: Path, name: str, share: float) -> Path:
    data = video(name).read_bytes()
    return written(folder, name, DAMAGES["cut"](data, int(len(data) * share), 0))


def matches(pattern: str, damage: str | None) -> bool:
    return damage is not None and re.search(pattern, damage) is not None
