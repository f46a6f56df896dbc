"""Where in a file the packets are: what lies between them may be missing."""

from array import array

import numpy as np
from av.packet import Packet

# What a packet's own head takes, in the head of a fragment.
_HEAD_BYTES_PER_PACKET = 48


class Spans:
    """Where in the file the packets are, those of all streams."""

    def __init__(self) -> None:
        self._starts, self._sizes = array("q"), array("q")

    def add(self, packet: Packet) -> None:
        if packet.pos is not None and packet.pos >= 0:
            self._starts.append(packet.pos)
            self._sizes.append(packet.size)

    def are_steps_of(self, size: int, end: int) -> bool:
        """Whether from the first packet to `end` all lie at multiples of `size` bytes."""
        starts = np.append(np.frombuffer(self._starts, np.int64), end)
        return not ((starts - starts[0]) % size).any()

    def largest_hole(self, end: int = 0) -> int:
        """In bytes, without what the heads of the packets that follow take.

        What stands before `end`, if given, may be an index of all the fragments.
        """
        starts, sizes = (np.frombuffer(part, np.int64) for part in (self._starts, self._sizes))
        order = np.argsort(starts, kind="stable")
        ends = np.maximum.accumulate((starts + sizes)[order]) if len(order) else starts
        holes = np.append(starts[order], end)[1:] - ends
        places = np.flatnonzero(holes > 0)
        followers = np.diff(np.append(places, len(holes)))
        if end:
            followers[-1:] += len(places)
        return int(np.max(holes[places] - _HEAD_BYTES_PER_PACKET * followers, initial=0))
