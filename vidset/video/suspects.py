"""Tells which frames may be garbage after damage: they refer to what is missing or wrong."""

from bisect import bisect_left, bisect_right, insort
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from av.video.frame import VideoFrame

from vidset.video.packets import PacketList, in_turn

# Frames of which H.264 and HEVC refer to no more: ITU-T H.264, A.3.1, and H.265, A.4.2.
_MOST_REORDERED = 16


class Suspects:
    """Frames from damage up to the next keyframe, in the order of decoding.

    Args:
        packets: of the stream, in the order in which they are decoded.
        are_told: whether those that the container calls damaged are errors from the start.
        latest_before: the latest time among the stream's packets before these.
    """

    def __init__(
        self, packets: PacketList, *, are_told: bool, latest_before: int = PacketList.NO_PTS
    ):
        self._packets, self._latest_before = packets, latest_before
        told = packets.flags & (PacketList.DAMAGED * are_told)
        self._errors: list[int] = np.flatnonzero(told).tolist()
        self._keyframes = np.flatnonzero(packets.flags & PacketList.KEYFRAME).tolist()
        self._order, self._latest = np.empty(0, np.int64), np.empty(0, np.int64)

    def error(self, place: int) -> None:
        """The packet with this index did not decode well."""
        insort(self._errors, place)

    def error_at(self, pts: int | None, place: int) -> None:
        """The frame with this time did not; `place` is the packet that the decoder got last."""
        found = self._place(pts)
        self.error(place if found is None else found)

    def has(self, pts: int | None, fed: int) -> bool:
        """Returns whether the frame with this time may be garbage.

        Args:
            fed: the packet that the decoder had got last when the frame came out. Where the list
                does not tell times, it stands for the frame's own.
        """
        if not self._errors:
            return False
        place, times = self._place(pts), self._packets.pts
        if place is None:
            before = bisect_right(self._keyframes, fed)
            start = self._keyframes[before - 1] if before else 0
            return bisect_left(self._errors, start) < bisect_right(self._errors, fed)
        keyframes = self._keyframes[: bisect_right(self._keyframes, place)]
        # Frames that follow a keyframe in the file, but are shown before it, refer beyond it.
        start = next((each for each in reversed(keyframes) if times[each] <= times[place]), 0)
        errors = self._errors[bisect_left(self._errors, start) : bisect_right(self._errors, place)]
        return any(times[each] >= times[start] for each in errors)

    def settled(self, frames: Iterable[VideoFrame]) -> Iterator[VideoFrame]:
        """Hold frames back until what they may refer to has come out, which may be bad.

        A frame is decoded after frames that are shown after it, and their damage shows then. So
        many at most, for times that go back would have all of them wait.
        """
        waiting: deque[tuple[VideoFrame, int]] = deque()
        for frame in frames:
            place = self._place(frame.pts)
            if place is None or frame.pts is None:
                yield from (each for each, _ in waiting)
                waiting.clear()
                yield frame
                continue
            waiting.append((frame, self._last_before(place)))
            while waiting and (waiting[0][1] <= frame.pts or len(waiting) > _MOST_REORDERED):
                yield waiting.popleft()[0]
        yield from (each for each, _ in waiting)

    def _last_before(self, place: int) -> int:
        """The latest time among the packets up to this one."""
        if not len(self._latest):
            times = np.where(in_turn(self._packets), self._packets.pts, self._latest_before)
            self._latest = np.maximum(np.maximum.accumulate(times), self._latest_before)
        return int(self._latest[place])

    def _place(self, pts: int | None) -> int | None:
        times = self._packets.pts
        if pts is None:
            return None
        if not len(self._order):
            self._order = np.argsort(times, kind="stable")
        found = int(np.searchsorted(times, pts, sorter=self._order))
        if found == len(times) or times[self._order[found]] != pts:
            return None
        return int(self._order[found])
