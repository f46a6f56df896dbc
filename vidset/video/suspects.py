"""Tells which frames may be garbage after a decoder has raised, for want of others."""

from bisect import bisect_left, bisect_right

import numpy as np

from vidset.video.packets import PacketList


class Suspects:
    """Frames from one at which the decoder raised up to the next keyframe.

    Args:
        packets: of the stream, in the order in which they are decoded.
    """

    def __init__(self, packets: PacketList):
        self._packets = packets
        self._errors: list[int] = []
        self._keyframes = np.flatnonzero(packets.flags & PacketList.KEYFRAME).tolist()
        self._order = np.empty(0, np.int64)

    def error(self, place: int) -> None:
        """The decoder raised at the packet with this index; they come in ascending order."""
        self._errors.append(place)

    def __contains__(self, pts: int | None) -> bool:
        """Returns whether the frame with this time may be garbage."""
        if not self._errors:
            return False
        place = self._place(pts)
        if place is None:
            return True
        times = self._packets.pts
        keyframes = self._keyframes[: bisect_right(self._keyframes, place)]
        # Frames that follow a keyframe in the file, but are shown before it, refer beyond it.
        start = next((each for each in reversed(keyframes) if times[each] <= times[place]), 0)
        errors = self._errors[bisect_left(self._errors, start) : bisect_right(self._errors, place)]
        return any(times[each] >= times[start] for each in errors)

    def _place(self, pts: int | None) -> int | None:
        times = self._packets.pts
        if not len(self._order):
            self._order = np.argsort(times, kind="stable")
        if pts is None:
            return None
        found = int(np.searchsorted(times, pts, sorter=self._order))
        if found == len(times) or times[self._order[found]] != pts:
            return None
        return int(self._order[found])
