"""Counts the reference pictures of an H.264 stream, to tell where one was lost.

A camera's network loses whole pictures, and what is recorded shows no gap. FFmpeg shows others in
their place, which it tells of at most in words. But reference pictures are numbered (ITU-T H.264,
7.4.3: frame_num), and each picture carries the number of the one before it, or the next.
"""

from vidset.video.bits import Bits, UnknownHeaderError, unescaped
from vidset.video.nal_units import nal_units

# Table 7-1: nal_unit_type.
_SLICE, _IDR_SLICE, _SEQUENCE, _PICTURE = 1, 5, 7, 8
_LENGTH_PLACE, _SETS_PLACE = 4, 5  # ISO/IEC 14496-15, 5.3.3.1.2
_HEAD_BYTES = 32
# 7.3.2.1.1: profiles whose sequence parameter sets tell of chroma.
_CHROMA_PROFILES = frozenset({44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244})
# A picture may end numbering (memory_management_control_operation 5): it goes on with these.
_RESTARTS = (0, 1)


class ReferenceCount:
    """Follows the numbers of reference pictures, packet by packet.

    Args:
        extradata: what the container says beside the packets, or None.
    """

    def __init__(self, extradata: bytes | None):
        # Of each sequence parameter set: the bits of a number, and of what may stand before it.
        self._sequences: dict[int, tuple[int, int]] = {}
        self._pictures: dict[int, int] = {}  # Which of them each picture parameter set is for.
        self._length_bytes, self._last = 0, None
        if not extradata:
            return
        if extradata[0] != 1 or len(extradata) <= _SETS_PLACE:
            self.lacks_one(extradata)
            return
        self._length_bytes = (extradata[_LENGTH_PLACE] & 3) + 1
        place = _SETS_PLACE
        for mask in (0x1F, 0xFF):
            count, place = extradata[place] & mask if place < len(extradata) else 0, place + 1
            for _ in range(count):
                begin = place + 2
                place = begin + int.from_bytes(extradata[place:begin])
                self._read(extradata[begin:place])

    @property
    def follows(self) -> bool:
        """Returns whether the last picture had a number that could be read."""
        return self._last is not None

    def begin_anew(self) -> None:
        """Expect any number next: what comes follows nothing."""
        self._last: int | None = None

    def lacks_one(self, packet: bytes) -> bool:
        """Returns whether a reference picture before this packet was lost."""
        for nal in nal_units(packet, self._length_bytes):
            if not nal:
                continue
            kind = nal[0] & 31
            if kind in (_SEQUENCE, _PICTURE):
                self._read(nal)
            elif kind in (_SLICE, _IDR_SLICE):
                return self._lacks_one(nal, is_reset=kind == _IDR_SLICE)
        return False

    def _lacks_one(self, nal: bytes, *, is_reset: bool) -> bool:
        bits = Bits(unescaped(nal[1:_HEAD_BYTES]))
        try:
            bits.codes(2)
            length, before = self._sequences[self._pictures[bits.code()]]
            bits.number(before)
            number = bits.number(length)
        except (KeyError, UnknownHeaderError):
            self._last = None
            return False
        last = self._last
        if nal[0] >> 5:  # nal_ref_idc: others are no reference.
            self._last = number
        if is_reset or last is None:
            return False
        same, following, after_one = (((last + step) % (1 << length)) for step in range(3))
        return number == after_one or number not in (same, following, *_RESTARTS)

    def _read(self, nal: bytes) -> None:
        """Take note of a parameter set."""
        bits = Bits(unescaped(nal[1:]))
        try:
            if nal and nal[0] & 31 == _SEQUENCE:
                number, lengths = _sequence(bits)
                self._sequences[number] = lengths
            elif nal and nal[0] & 31 == _PICTURE:
                number = bits.count(255)
                self._pictures[number] = bits.count(31)
        except UnknownHeaderError:  # Its pictures are not followed.
            self._pictures.clear()


def _sequence(bits: Bits) -> tuple[int, tuple[int, int]]:
    """7.3.2.1.1; of a stream that may leave numbers out (a layer of it, say), none are known.

    Raises:
        UnknownHeaderError: it ends early, or numbers may be left out.
    """
    profile = bits.number(24) >> 16
    number, before, chroma = bits.count(31), 0, 1
    if profile in _CHROMA_PROFILES:
        chroma = bits.count(3)
        before = 2 * (chroma == 3 and bits.flag())
        bits.codes(2)
        bits.flag()
        if bits.flag():
            for place in range(12 if chroma == 3 else 8):
                if bits.flag():
                    _skip_scaling(bits, 16 if place < 6 else 64)
    length = bits.count(12) + 4
    kind = bits.count(2)
    if kind == 0:
        bits.code()
    elif kind == 1:
        bits.flag()
        bits.codes(2)
        bits.codes(bits.count(255))
    bits.code()
    if bits.flag():  # gaps_in_frame_num_value_allowed_flag
        raise UnknownHeaderError
    return number, (length, before)


def _skip_scaling(bits: Bits, size: int) -> None:
    """7.3.2.1.1.1"""
    last = scale = 8
    for _ in range(size):
        if scale:
            code = bits.code()
            scale = (last + (code + 1) // 2 * (1 if code % 2 else -1)) % 256
        last = scale or last
