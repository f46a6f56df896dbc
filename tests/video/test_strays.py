"""A frame whose time a fault has moved keeps to itself: what follows it stays where it is."""

from fractions import Fraction

import av
import numpy as np
import pytest

from tests.decoded import samples
from tests.videos import video
from vidset.video.packets import stray_packets

_SECOND = Fraction(1, 10)


def moved(path, places, seconds):
    """The packets of a video with the times of some of them moved."""
    with av.open(str(video("fps_12_5.mp4"))) as source, av.open(str(path), "w") as copy:
        stream = copy.add_stream_from_template(source.streams.video[0])
        packets = (packet for packet in source.demux(video=0) if packet.size)
        for place, packet in enumerate(packets):
            packet.stream = stream
            if place in places:
                packet.pts += round(seconds / packet.time_base)
            copy.mux(packet)
    return path


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
@pytest.mark.parametrize(
    ("places", "seconds", "number"),
    [
        pytest.param([32], 12, "1 frames", id="some seconds"),
        pytest.param([32], 600, "1 frames", id="minutes"),
        pytest.param([32], 90000, "1 frames", id="more than a day"),
        pytest.param([32, 33], 600, "2 frames", id="two in a row"),
        pytest.param([20, 40], 600, "2 frames", id="two apart"),
    ],
)
def test_a_time_that_is_far_off_moves_no_other(places, seconds, number, suffix, tmp_path):
    found = samples(moved(tmp_path / f"a.{suffix}", places, seconds))
    assert found.seconds[:6] == pytest.approx([0, 1.04, 2, 3.04, 4, 5.04], abs=0.1)
    assert found.damage == f"{number} have times far from those of their neighbours"


@pytest.mark.parametrize(
    "pts",
    [
        pytest.param([0, 1, 2, 3, 4, 604, 605, 606, 607], id="a gap"),
        pytest.param([0, 1, 2, 3, 300, 604, 605, 606, 607], id="a frame between two gaps"),
        pytest.param([0, 1, 600, 601, 602, 603, 604, 605, 606], id="a gap near the start"),
        pytest.param([0, 1, 2, 3, 4, 5, 6, 605, 606], id="a gap near the end"),
        pytest.param([0, 600, 601, 602, 603, 604, 605, 606], id="a gap after the first"),
        pytest.param([0, 1, 2, 3, 4, 5, 6, 606], id="a gap before the last"),
        pytest.param([0, 3, 1, 2, 204, 4, 5, 207, 206, 205], id="a gap among frames out of turn"),
        pytest.param([0, 2, 207, 205, 4, 206, 209, 208], id="a frame from before a gap comes late"),
        pytest.param([0, 16, 8, 4, 2, 1, 3, 6, 5, 7, 12, 10, 9, 11, 14], id="decoded out of turn"),
        pytest.param(
            [0, 0, 0, 0, 5000, 5000, 5000, 5000, 5000], id="the same time again and again"
        ),
    ],
)
def test_gaps_and_the_order_of_decoding_are_no_fault(pts):
    assert stray_packets(np.array(pts, np.int64), _SECOND).tolist() == []


@pytest.mark.parametrize(
    ("pts", "strays"),
    [
        pytest.param([0, 1, 2, 900, 4, 5, 6, 7], [3], id="late"),
        pytest.param([100, 101, 102, -900, 104, 105, 106, 107], [3], id="before 0"),
        pytest.param([900, 1, 2, 3, 4, 5, 6, 7], [0], id="the first"),
        pytest.param([0, 900, 2, 3, 4, 5, 6, 7], [1], id="the second"),
        pytest.param([0, 1, 2, 3, 4, 5, 900, 7], [6], id="the last but one"),
        pytest.param([0, 1, 2, 900, 901, *range(5, 22)], [3, 4], id="two in a row"),
    ],
)
def test_a_time_far_from_both_its_sides_is_a_fault(pts, strays):
    assert stray_packets(np.array(pts, np.int64), _SECOND).tolist() == strays


@pytest.mark.parametrize(
    ("share", "said"),
    [
        pytest.param(5, "the header says 30.00 s, the index 6.00 s", id="too long"),
        pytest.param(0.25, "the header says 1.50 s, the index 6.00 s", id="too short"),
    ],
)
def test_a_duration_that_the_index_denies_is_told(share, said, tmp_path):
    data = bytearray(video("fps_12_5.mp4").read_bytes())
    place = data.index(b"mdhd") + 20  # ISO/IEC 14496-12, 8.4.2, version 0.
    duration = int.from_bytes(data[place : place + 4])
    data[place : place + 4] = int(duration * share).to_bytes(4)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    found = samples(path)
    assert found.damage == said
    assert len(found.seconds) == 6


def test_an_index_without_the_times_of_all_frames_is_told(tmp_path):
    data = bytearray(video("fps_12_5.mp4").read_bytes())
    place = data.index(b"ctts") + 8  # ISO/IEC 14496-12, 8.6.1.3.
    count = int.from_bytes(data[place : place + 4])
    data[place : place + 4] = (count // 2).to_bytes(4)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert "the index has the times of" in (samples(path).damage or "")
