"""One long video decoded by several nodes, as if by one: segments wait in a store that all share.

Nodes decode segments and leave their samples there. One node then judges them in order, as
`vidset.spread.spreading` does. What is missing there, it decodes itself, so that it never matters
for what comes out which node has done what.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from vidset.settings import ExtractionSettings
from vidset.spread.helping import Ended, Sent, open_helper
from vidset.spread.shared import Shared
from vidset.spread.spreading import MIN_SAMPLES, Again, SpreadFrame
from vidset.video.decoding import DecodingElsewhereError, Video
from vidset.video.feeding import PlanFailedError
from vidset.video.packets import PacketList, PacketPlan
from vidset.video.segments import Segment, part_of, split

# Of a segment, at least; with images of 1080p, some 20 MB wait.
_SAMPLES_EACH = 32
# Of all samples of a segment, which whoever decodes it holds at once: some 170 MB, as above.
_MOST_PIXELS = 1 << 29
_PLAN = "plan"


@dataclass(frozen=True, slots=True, eq=False)
class Planned:
    """A video's plan, for those that decode.

    Attributes:
        content: names the bytes that were planned.
    """

    content: str
    packets: PacketList
    plan: PacketPlan
    segments: list[Segment]


def plan_segments(
    shared: Shared, video: Video, content: str, settings: ExtractionSettings, uri: str
) -> int:
    """Leave the plan of a video for others. Returns how many segments it has; 0: not worth it."""
    plan = video.plan(settings.sampling_of(uri))
    # A measure of whole pictures would have each of them decoded once more.
    if plan is None or settings.measure.load() is not None:
        return 0
    segments = split(plan, video.packets, _SAMPLES_EACH)
    if np.count_nonzero(plan.wanted) < MIN_SAMPLES or len(segments) < 2:
        return 0
    samples = max(np.count_nonzero(plan.wanted[each.begin : each.end]) for each in segments)
    if samples * video.info.width * video.info.height > _MOST_PIXELS:
        return 0  # Its keyframes are too far from each other.
    shared.put(_PLAN, Planned(content, video.packets, plan, segments))
    return len(segments)


def decode_part(
    shared: Shared,
    source: str | BinaryIO,
    content: str,
    settings: ExtractionSettings,
    uri: str,
    *,
    stream: int,
    part: int,
    parts: int,
) -> None:
    """Decode one of so many parts of the segments, and leave their samples for others."""
    planned: Planned | None = shared.get(_PLAN)
    if planned is None or planned.content != content:
        return
    work = open_helper(source, uri, stream, settings)
    number = len(planned.segments)
    for place in range(number * part // parts, number * (part + 1) // parts):
        sent: list[Sent] = []
        segment = planned.segments[place]
        ended = work(part_of(planned.plan, planned.packets, segment), sent.append)
        shared.put(_name(place), (sent, ended))


@dataclass(frozen=True, slots=True)
class Joined:
    """Gives what nodes have decoded; `decode` is what `Video.sample` takes.

    Attributes:
        path: of the video, for what is decoded again or not there.
    """

    shared: Shared
    path: str
    uri: str
    content: str
    video: Video
    settings: ExtractionSettings
    stream: int = 0

    def decode(self, plan: PacketPlan) -> Iterator[tuple[int, Any]]:
        """Yield the samples of a plan in order, with their times in ticks.

        Raises:
            DecodingElsewhereError: nothing was planned, or for another content.
            PlanFailedError: as from `Video.segment`.
        """
        packets = self.video.packets
        planned: Planned | None = self.shared.get(_PLAN)
        if planned is None or not self._is_same(planned, plan):
            raise DecodingElsewhereError
        again = Again(self.path, self.uri, self.stream, packets, plan)
        work = None
        for place, segment in enumerate(planned.segments):
            found: tuple[list[Sent], Ended] | None = self.shared.get(_name(place))
            if found is None:
                if work is None:
                    work = open_helper(self.path, self.uri, self.stream, self.settings)
                samples: list[Sent] = []
                found = samples, work(part_of(plan, packets, segment), samples.append)
            sent, ended = found
            for each in sent:
                yield each.pts, SpreadFrame(each, again)
            if ended.damage is not None:
                self.video.damaged(ended.damage)
            if ended.has_failed:
                raise PlanFailedError

    def _is_same(self, planned: Planned, plan: PacketPlan) -> bool:
        pairs = (
            (planned.packets.pts, self.video.packets.pts),
            (planned.packets.flags, self.video.packets.flags),
            (planned.plan.feed, plan.feed),
            (planned.plan.wanted, plan.wanted),
        )
        return planned.content == self.content and all(np.array_equal(*pair) for pair in pairs)


def _name(place: int) -> str:
    return f"{place:06}"
