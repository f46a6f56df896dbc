"""The numbers of H.264's reference pictures: those of intact videos have no gaps."""

import random

import av
import pytest

from tests.chaos.counts import times
from tests.videos import INTACT, video
from vidset.video.h264 import ReferenceCount

# Of a camera's profile and others, in records and with start codes.
_NAMES = [
    *("fps_50.mp4", "b_pyramid.mp4", "b_strict.mkv", "open_gop.ts", "refresh.mkv", "h264.h264"),
    *("h264.flv", "b_frames_h264.avi", "h264_fragments.mp4", "10_bit_444.mp4", "422.mkv"),
    *("rgb.mkv", "grey.mp4", "no_b_frames.mp4", "uneven.mp4"),
]


def packets_of(name: str) -> tuple[bytes | None, list[bytes], list[bool]]:
    """What stands beside the packets, they, and which of them are keyframes."""
    with av.open(str(video(name))) as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        extradata = stream.codec_context.extradata
        return extradata, [bytes(packet) for packet in packets], [p.is_keyframe for p in packets]


@pytest.mark.parametrize("name", _NAMES)
def test_an_intact_video_lacks_no_picture(name):
    assert name in INTACT
    extradata, packets, _ = packets_of(name)
    references = ReferenceCount(extradata)
    assert [references.lacks_one(packet) for packet in packets] == [False] * len(packets)
    assert references.follows


@pytest.mark.parametrize("name", ["no_b_frames.mp4", "h264.h264", "h264.flv"])
def test_a_lost_picture_is_told_by_the_next(name):
    extradata, packets, keyframes = packets_of(name)
    told = 0
    for lost in range(2, 40):
        references = ReferenceCount(extradata)
        rest = packets[:lost] + packets[lost + 1 :]
        lacks = [references.lacks_one(packet) for packet in rest]
        assert not any(lacks[:lost])
        told += lacks[lost]
        references.begin_anew()
        assert not references.lacks_one(rest[lost])
    if name == "no_b_frames.mp4":  # Each picture refers to the one before it.
        assert told >= 38 - 2 * sum(keyframes[2:40])
    assert told > 5


@times(300, 20_000)
def test_damaged_headers_are_followed_no_more(count):
    extradata, packets, _ = packets_of("fps_50.mp4")
    assert extradata is not None
    chance = random.Random(5)
    for _ in range(count):
        hurt = bytearray(extradata)
        for _ in range(3):
            hurt[chance.randrange(len(hurt))] = chance.randrange(256)
        references = ReferenceCount(bytes(hurt[: chance.randrange(1, len(hurt) + 1)]))
        told = [references.lacks_one(chance.randbytes(8) + each[:40]) for each in packets[:5]]
        assert set(told) <= {True, False}
