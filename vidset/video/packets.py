"""Plans which packets a decoder must be fed for the chosen samples."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from vidset.video.sampling import Sampling

_NEIGHBOURS, _STRAY_SECONDS, _STRAY_STEPS = 7, 1, 32
_MIN_STRAYS, _STRAY_SHARE, _REORDERED = 3, 50, 16


@dataclass(frozen=True, slots=True, eq=False)
class PacketList:
    """Every packet of a video stream in file (decoding) order; 9 bytes each.

    Attributes:
        pts: int64, presentation times in the stream's time base; `NO_PTS` where a packet has none.
        flags: uint8, a sum of `KEYFRAME`, `DISCARD` (decoded, but cut away by an edit list),
            `STRAY` (its time is far from those of its neighbours) and `DAMAGED` (the container
            says that bytes of it, or of a packet near it, are wrong).
    """

    pts: np.ndarray
    flags: np.ndarray

    NO_PTS = -(1 << 63)
    KEYFRAME, DISCARD, STRAY, DAMAGED = 1, 2, 4, 8


NO_PACKETS = PacketList(np.empty(0, np.int64), np.empty(0, np.uint8))


@dataclass(frozen=True, slots=True, eq=False)
class PacketPlan:
    """The packets to feed, by index in file order.

    Attributes:
        feed: bool; the others are passed over.
        wanted: bool; the packets whose frames are the samples. Always fed.
        starts: int64, ascending; the keyframes with which the stretches of fed packets begin, if
            they are shown.
        strays: the times of frames that come out of the decoder out of turn.
        first_pts: of the first frame shown, from which seconds are counted.
    """

    feed: np.ndarray
    wanted: np.ndarray
    starts: np.ndarray
    strays: frozenset[int]
    first_pts: int


def shown_packets(packets: PacketList) -> np.ndarray | None:
    """Indices of the packets whose frames are shown, by presentation time.

    None where the list does not say: without timestamps, or with repeated ones. What comes before
    the first keyframe, in file order or in time, cannot be decoded and is not shown.
    """
    keyframes = np.flatnonzero(packets.flags & PacketList.KEYFRAME)
    if len(keyframes) == 0:
        return None
    first = keyframes[0]
    if (packets.pts[first:] == PacketList.NO_PTS).any():
        return None
    is_stray = (packets.flags & PacketList.STRAY) != 0
    later = slice(keyframes[1:].min(initial=len(packets.pts)), None)
    if (packets.pts[later] < packets.pts[first])[~is_stray[later]].any():
        return None  # Not leading frames: the clock was set back.
    is_shown = (packets.flags & PacketList.DISCARD) == 0
    is_shown[:first] = False
    start = packets.pts[first] if not is_stray[first] else packets.pts[~is_stray].min()
    is_shown &= packets.pts >= start
    # A stray among the others would take the place of a frame that is there at its time.
    is_shown &= ~is_stray | (packets.pts > packets.pts[~is_stray].max(initial=int(start)))
    shown = np.flatnonzero(is_shown)
    shown = shown[np.argsort(packets.pts[shown], kind="stable")]
    if len(shown) == 0 or (np.diff(packets.pts[shown]) == 0).any():
        return None
    return shown


def in_turn(packets: PacketList) -> np.ndarray:
    """Bool: the packets whose frames are neither cut away nor come out of turn."""
    return (packets.flags & (PacketList.DISCARD | PacketList.STRAY)) == 0


def stray_packets(pts: np.ndarray, time_base: Fraction) -> np.ndarray:
    """Indices of the packets whose times a fault has moved, and no others: at most a few.

    Such a packet is far from those before it and from those after it, which agree with each other.
    A gap in a recording has its two sides apart, too.
    """
    if len(pts) < _NEIGHBOURS or (pts == PacketList.NO_PTS).any():
        return np.empty(0, np.int64)
    # Of three on each side, so that a neighbour may be a stray as well.
    middle = np.median(np.lib.stride_tricks.sliding_window_view(pts, 3), axis=1).astype(np.int64)
    before = np.concatenate([pts[1:2], pts[:2], middle[:-1]])
    after = np.concatenate([middle[1:], pts[-2:], pts[-2:-1]])
    # Frames are decoded out of turn, but never by so much.
    step = float(np.median(np.diff(np.sort(pts))))
    limit = max(float(_STRAY_SECONDS / time_base), _STRAY_STEPS * step)
    far = np.minimum(np.abs(pts - before), np.abs(pts - after))
    strays = np.flatnonzero((far > limit) & (np.abs(before - after) <= limit))
    # The last packet may follow a long gap, and the first may precede one.
    strays = strays[(strays < len(pts) - 1) & ((strays > 0) | (pts[strays] > after[strays]))]
    strays = np.array(
        [each for each in strays if not _is_gap(pts, int(each), int(before[each]), limit)], np.int64
    )
    return strays if len(strays) <= max(_MIN_STRAYS, len(pts) // _STRAY_SHARE) else strays[:0]


def _is_gap(pts: np.ndarray, place: int, before: int, limit: float) -> bool:
    """Returns whether the packets after this one come to its time, or those before it come from it.

    Around a gap, frames from after it may be decoded before the last ones from before it.
    """
    if pts[place] > before:
        later = pts[place + 1 : place + 1 + _REORDERED]
        level = np.median(later) if len(later) == _REORDERED else later.max()
        return bool(level >= pts[place] - limit)
    earlier = pts[max(0, place - _REORDERED) : place]
    level = np.median(earlier) if len(earlier) == _REORDERED else earlier.min(initial=pts[0])
    return bool(level <= pts[place] + limit)


def plan_packets(packets: PacketList, time_base: Fraction, sampling: Sampling) -> PacketPlan | None:
    """Choose the samples and what decoding them takes; None where every frame must be decoded."""
    shown = shown_packets(packets)
    if shown is None:
        return None
    is_key = (packets.flags & PacketList.KEYFRAME) != 0
    first_pts = int(packets.pts[shown[0]])
    ticks = packets.pts[shown] - first_pts
    wanted = shown[sampling.choose(ticks, is_key[shown], time_base)]
    starts = _starts(packets.pts, np.flatnonzero(is_key), wanted)
    if starts is None:
        return None
    feed = _cover(len(packets.pts), starts, wanted)
    is_wanted = np.zeros(len(packets.pts), bool)
    is_wanted[wanted] = True
    begins = np.flatnonzero(feed & ~np.concatenate([[False], feed[:-1]]))
    begins = begins[(packets.flags[begins] & (PacketList.DISCARD | PacketList.STRAY)) == 0]
    strays = packets.pts[(packets.flags & PacketList.STRAY) != 0]
    return PacketPlan(feed, is_wanted, begins, frozenset(strays.tolist()), first_pts)


def _starts(pts: np.ndarray, keyframes: np.ndarray, wanted: np.ndarray) -> np.ndarray | None:
    """The last keyframe at or before each wanted packet, in file order and in time.

    In time too, since the frames that follow a keyframe in the file but are shown before it
    (an open GOP's leading frames) refer to the GOP before.
    """
    places = np.searchsorted(keyframes, wanted, side="right") - 1
    while (late := (pts[keyframes[places]] > pts[wanted]) & (places >= 0)).any():
        places = places - late
    return None if (places < 0).any() else keyframes[places]


def _cover(length: int, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """True within any of the closed ranges."""
    edges = np.zeros(length + 1, np.int64)
    np.add.at(edges, starts, 1)
    np.add.at(edges, ends + 1, -1)
    return np.cumsum(edges[:-1]) > 0
