"""Frames wait for what they may refer to, and for no more."""

from types import SimpleNamespace

import numpy as np

from vidset.video.packets import PacketList
from vidset.video.suspects import Suspects


def settled(times):
    """The times of frames as they are let go, each with how many had come out by then."""
    packets = PacketList(np.array(times, np.int64), np.zeros(len(times), np.uint8))
    came = []

    def frames():
        for time in times:
            came.append(time)
            yield SimpleNamespace(pts=time)

    return [(frame.pts, len(came)) for frame in Suspects(packets, are_told=False).settled(frames())]


def test_frames_in_order_do_not_wait():
    assert settled([0, 1, 2]) == [(0, 1), (1, 2), (2, 3)]


def test_a_frame_waits_for_one_that_was_decoded_before_it():
    assert settled([0, 4, 2, 4 + 1]) == [(0, 1), (4, 2), (2, 4), (5, 4)]


def test_no_more_wait_than_a_decoder_reorders_when_times_go_back():
    found = settled([1000, *range(500)])
    assert [time for time, _ in found] == [1000, *range(500)]
    assert max(came - place for place, (_, came) in enumerate(found, 1)) == 16
