"""Finds where in a file the packets are: what lies between them may be missing."""

from array import array

import numpy as np
from av.packet import Packet

# What may stand between two packets: the heads of a cluster and a block (Matroska), of a fragment
# (MP4), and in that no more than so much for each packet of the fragment.
_MAX_CLUSTER_HEAD_BYTES = 256
_MAX_FRAGMENT_HEAD_BYTES = 4096
_HEAD_BYTES_PER_PACKET = 48
# Plain, with a time code before each (Blu-ray), with error correction behind each.
_TS_PACKET_BYTES = (188, 192, 204)


class Spans:
    """The places of all streams' packets in the file."""

    def __init__(self) -> None:
        self._starts, self._sizes = array("q"), array("q")

    def add(self, packet: Packet) -> None:
        if packet.pos is not None and packet.pos >= 0:
            self._starts.append(packet.pos)
            self._sizes.append(packet.size)

    def hole(self, format_name: str, size: int) -> str | None:
        """Says where bytes of a file of `size` are missing; None if nothing shows that any are.

        A demuxer passes over what it cannot read, without an error.
        """
        if format_name == "mpegts":
            if any(self._are_steps_of(step, size) for step in _TS_PACKET_BYTES):
                return None
            return "bytes are missing, in the middle or at the end"
        if format_name.startswith("mov"):
            hole, limit = self._largest_hole(size), _MAX_FRAGMENT_HEAD_BYTES
        else:  # What follows the last packet is no concern of Matroska's: its index may be long.
            hole, limit = self._largest_hole(), _MAX_CLUSTER_HEAD_BYTES
        return f"{hole} bytes between the frames are unreadable" if hole > limit else None

    def _are_steps_of(self, size: int, end: int) -> bool:
        """Returns whether from the first packet to `end` all lie at multiples of `size` bytes."""
        starts = np.append(np.frombuffer(self._starts, np.int64), end)
        return not ((starts - starts[0]) % size).any()

    def _largest_hole(self, end: int = 0) -> int:
        """Returns its bytes, without what the heads of the packets that follow take.

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
