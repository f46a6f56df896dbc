"""A video in segments that can be decoded apart: arithmetic on the packet plan."""

from dataclasses import dataclass, replace

import numpy as np

from vidset.video.packets import PacketList, PacketPlan, in_turn


@dataclass(frozen=True, slots=True)
class Segment:
    """A range of packets.

    Attributes:
        begin, end: packet indices, half open.
        is_last: whether no segment follows it.
    """

    begin: int
    end: int
    is_last: bool


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """All that decoding a segment takes.

    Attributes:
        begin: the index of its first packet in the file.
        packets, plan: its part of each; indices count from its first packet.
        latest_before: the latest time among the packets before it.
        is_last: whether no segment follows it.
    """

    begin: int
    packets: PacketList
    plan: PacketPlan
    latest_before: int
    is_last: bool


def part_of(plan: PacketPlan, packets: PacketList, segment: Segment | None = None) -> Part:
    """Return what decoding a segment takes; None is all of the video."""
    if segment is None:
        return Part(0, packets, plan, PacketList.NO_PTS, is_last=True)
    begin, end = segment.begin, segment.end
    is_here = (plan.starts >= begin) & (plan.starts < end)
    part = replace(
        plan,
        feed=plan.feed[begin:end],
        wanted=plan.wanted[begin:end],
        starts=plan.starts[is_here] - begin,
    )
    before, here = (
        PacketList(packets.pts[each], packets.flags[each])
        for each in (slice(begin), slice(begin, end))
    )
    latest = int(before.pts.max(where=in_turn(before), initial=PacketList.NO_PTS))
    return Part(begin, here, part, latest, segment.is_last)


def split(plan: PacketPlan, packets: PacketList, samples_each: int) -> list[Segment]:
    """Cut the plan where the decoder is emptied anyway, into segments of so many samples or more.

    Decoding the segments one by one, each with a fresh decoder, takes the very steps that decoding
    the whole plan takes. All that is fed of one segment is shown before all samples of the next.
    """
    whole = [Segment(0, len(plan.feed), is_last=True)]
    if plan.strays or not plan.feed.any():
        return whole
    edges = np.diff(np.concatenate([[0], plan.feed.view(np.int8), [0]]))
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    # Of each stretch: the last time that is fed, and the first that is due.
    fed = np.where(plan.feed, packets.pts, np.iinfo(np.int64).min)
    last_fed = np.maximum.accumulate(np.maximum.reduceat(fed, begins))
    due = np.where(plan.wanted, packets.pts, np.iinfo(np.int64).max)
    due[plan.starts] = np.minimum(due[plan.starts], packets.pts[plan.starts])
    first_due = np.minimum.accumulate(np.minimum.reduceat(due, begins)[::-1])[::-1]
    can_begin = np.isin(begins, plan.starts)
    can_begin[1:] &= last_fed[:-1] < first_due[1:]
    counts = np.add.reduceat(plan.wanted.astype(np.int64), begins)
    cuts, samples = [0], 0
    for stretch in range(len(begins)):
        if samples >= samples_each and can_begin[stretch]:
            cuts.append(stretch)
            samples = 0
        samples += int(counts[stretch])
    last = len(cuts) - 1
    return [
        Segment(
            int(begins[cut]) if place else 0,
            int(ends[cuts[place + 1] - 1]) if place < last else len(plan.feed),
            is_last=place == last,
        )
        for place, cut in enumerate(cuts)
    ]


def stretch_up_to(plan: PacketPlan, place: int) -> Segment:
    """Returns the packets up to the one at `place`, from where the decoder was empty."""
    before = np.flatnonzero(~plan.feed[:place])
    return Segment(int(before[-1]) + 1 if len(before) else 0, place + 1, is_last=True)
