"""What is decoded for the samples, on packet lists written out.

A packet is written as its pts: "K5" is a keyframe, "-5" is cut away by an edit list, "?" has none.
"""

from fractions import Fraction

import numpy as np
import pytest

from vidset.video.packets import PacketList, plan_packets, shown_packets
from vidset.video.sampling import Sampling


def packet_list(text: str) -> PacketList:
    packets = text.split()
    pts = [PacketList.NO_PTS if "?" in p else int(p.strip("-K")) for p in packets]
    flags = [PacketList.KEYFRAME * ("K" in p) + PacketList.DISCARD * ("-" in p) for p in packets]
    return PacketList(np.array(pts, np.int64), np.array(flags, np.uint8))


def planned(text: str, every: int):
    """The packets to feed, those of them that are samples, and where stretches begin."""
    plan = plan_packets(packet_list(text), Fraction(1), Sampling(Fraction(every)))
    assert plan is not None
    packets = np.array(text.split())
    return (
        " ".join(packets[plan.feed]),
        " ".join(packets[plan.wanted]),
        packet_list(text).pts[plan.starts].tolist(),
    )


CLOSED = "K0 1 2 3 K4 5 6 7 K8 9 10 11"


@pytest.mark.parametrize(
    ("packets", "every", "fed", "wanted", "starts"),
    [
        pytest.param(CLOSED, 4, "K0 K4 K8", "K0 K4 K8", [0, 4, 8], id="keyframes alone"),
        pytest.param(CLOSED, 5, "K0 K4 5 K8 9 10", "K0 5 10", [0, 4, 8], id="without the tails"),
        pytest.param(CLOSED, 8, "K0 K8", "K0 K8", [0, 8], id="a whole group is left out"),
        pytest.param(CLOSED, 1, CLOSED, CLOSED, [0], id="every frame"),
        pytest.param(
            CLOSED, 3, "K0 1 2 3 K4 5 6 K8 9", "K0 3 6 9", [0, 8], id="neighbours are one stretch"
        ),
        pytest.param(
            "K0 4 2 1 3 K5 9 7 6 8",
            3,
            "K0 4 2 1 3 K5 9 7 6",
            "K0 3 9 6",
            [0],
            id="b-frames: what is stored before, not shown before",
        ),
        pytest.param(
            "K0 1 2 K5 3 4 6 7",
            4,
            "K0 1 2 K5 3 4",
            "K0 4",
            [0],
            id="open gop: a leading frame needs the group before",
        ),
        pytest.param("K0 1 2 K5 3 4 6 7", 6, "K0 K5 3 4 6", "K0 6", [0, 5], id="open gop: others"),
        pytest.param("K0 -1 2 3 K4", 2, "K0 -1 2 K4", "K0 2 K4", [0, 4], id="cut in the middle"),
        pytest.param("-K0 -1 2 3 K4 5", 2, "-K0 -1 2 K4", "2 K4", [4], id="cut on no keyframe"),
        pytest.param("-K0 -1 K2 3 4", 2, "K2 3 4", "K2 4", [2], id="cut on a keyframe"),
        pytest.param(
            "K90 91 92 K93", 3, "K90 K93", "K90 K93", [90, 93], id="a start that is not 0"
        ),
        pytest.param("1 2 K3 4 5 K6", 3, "K3 K6", "K3 K6", [3, 6], id="a start on no keyframe"),
        pytest.param("K5 3 4 6 7 K8", 2, "K5 3 4 6 7", "K5 7", [5], id="a start with an open gop"),
        pytest.param("K0 1 K500 501", 1, "K0 1 K500 501", "K0 1 K500 501", [0], id="a gap"),
    ],
)
def test_a_plan_feeds_from_the_last_keyframe_to_the_sample(packets, every, fed, wanted, starts):
    assert planned(packets, every) == (fed, wanted, starts)


def test_a_plan_counts_from_the_first_frame_shown():
    packets = packet_list("-K0 -3 2 1 K4 5")
    plan = plan_packets(packets, Fraction(1), Sampling(Fraction(1)))
    assert plan is not None
    assert plan.first_pts == 1


@pytest.mark.parametrize(
    "packets",
    [
        pytest.param("K? ? ?", id="no pts"),
        pytest.param("K0 1 ? 3", id="one without a pts"),
        pytest.param("K0 1 1 2", id="a pts twice"),
        pytest.param("0 1 2 3", id="no keyframe"),
        pytest.param("-K0 -1 -2", id="everything cut away"),
        pytest.param("", id="no packets"),
        pytest.param("K50 51 K52 K2 3 4", id="the clock set back"),
    ],
)
def test_packets_that_do_not_tell_what_is_shown_give_no_plan(packets):
    assert shown_packets(packet_list(packets)) is None
    assert plan_packets(packet_list(packets), Fraction(1), Sampling(Fraction(1))) is None


@pytest.mark.parametrize(
    ("packets", "shown"),
    [
        pytest.param("K0 3 1 2", [0, 2, 3, 1], id="in the order of time"),
        pytest.param("? 1 K2 3", [2, 3], id="from the first keyframe on"),
        pytest.param("K5 3 4 6", [0, 3], id="not before it in time"),
        pytest.param("-K0 2 -1 3", [1, 3], id="not what is cut away"),
    ],
)
def test_shown_packets_are_indices_by_presentation_time(packets, shown):
    found = shown_packets(packet_list(packets))
    assert found is not None
    assert found.tolist() == shown
