"""Reads the header of an HEVC slice segment (ITU-T H.265, 7.3.6).

Only to learn which blocks its data hold, and where they begin.
"""

from dataclasses import dataclass

from vidset.video.bits import Bits, UnknownHeaderError, index_bits, unescaped
from vidset.video.hevc.parameter_sets import (
    HEADER_BYTES,
    Picture,
    References,
    Sequence,
    references_of,
)

# Table 7-1: nal_unit_type.
VIDEO_TYPES, _IRAP_TYPES, _IDR_TYPES = range(32), range(16, 24), frozenset({19, 20})
SEQUENCE_TYPE, PICTURE_TYPE = 33, 34
# More is no header that is known.
_MOST_BYTES, _MOST_ENTRIES, _MOST_REFERENCES, _MOST_LONG_TERM = 4096, 1024, 15, 32
_B, _P, _LARGEST_TYPE = 0, 1, 2  # slice_type


def type_of(nal: bytes) -> int:
    return nal[0] >> 1 & 63


def is_of_first_layer(nal: bytes) -> bool:
    """Returns whether it belongs to the video itself, not to a second view or an alpha channel."""
    return len(nal) > HEADER_BYTES and not (nal[0] & 1 or nal[1] >> 3)


def is_irap(nal: bytes) -> bool:
    """Returns whether decoding may begin with the picture; its slices have one more flag."""
    return type_of(nal) in _IRAP_TYPES


def picture_of(nal: bytes) -> tuple[bool, int]:
    """Return whether a slice segment is the first of its picture, and its parameter set's number.

    Raises:
        UnknownHeaderError: it ends before.
    """
    bits = Bits(unescaped(nal[:16])[HEADER_BYTES:])
    is_first = bits.flag()
    if is_irap(nal):
        bits.flag()
    return is_first, bits.count(63)


@dataclass(frozen=True, slots=True)
class Slice:
    """The header of a slice segment.

    Attributes:
        address: the first block of its data, in raster order.
        is_dependent: whether it goes on with the header of the one before.
        flag_place: the bit behind which `dependent_slice_segment_flag` is, or would be.
        entry_place: the bit where the number of entry points is; None: there is none.
        rest: the bits between the entry points and the header's alignment.
        data: where the data begin, in the unescaped bytes behind the NAL unit's header.
        entries: lengths of the data's parts but the last, in bytes of the file.
        bits: of the header, up to its alignment.
    """

    address: int
    is_dependent: bool
    flag_place: int
    entry_place: int | None
    data: int
    entries: list[int]
    bits: str
    rest: str

    @classmethod
    def read(cls, nal: bytes, picture: Picture, sequence: Sequence) -> "Slice":
        """Read the header at the front of a NAL unit, whose bytes are those of the file.

        Raises:
            UnknownHeaderError: it ends early, or has what is not known here.
        """
        bits = Bits(unescaped(nal[:_MOST_BYTES])[HEADER_BYTES:])
        is_first = bits.flag()
        if is_irap(nal):
            bits.flag()
        bits.code()
        flag_place = bits.place
        address, is_dependent = 0, False
        if not is_first:
            is_dependent = picture.has_dependent and bits.flag()
            address = bits.number(index_bits(sequence.blocks))
            if not 0 < address < sequence.blocks:
                raise UnknownHeaderError
        if not is_dependent:
            _skip_independent(bits, type_of(nal), picture, sequence)
        entry_place, entries = None, list[int]()
        if picture.has_tiles or picture.has_rows:
            entry_place = bits.place
            if count := bits.count(_MOST_ENTRIES):
                length = bits.count(31) + 1
                entries = [bits.number(length) + 1 for _ in range(count)]
        rest = bits.place
        if picture.has_extension:
            bits.number(8 * bits.count(256))
        whole = bits.before(bits.place)
        if not bits.flag():
            raise UnknownHeaderError
        return cls(
            address=address,
            is_dependent=is_dependent,
            flag_place=flag_place,
            entry_place=entry_place,
            data=-(-bits.place // 8),
            entries=entries,
            bits=whole,
            rest=whole[rest:],
        )


def _skip_independent(bits: Bits, kind: int, picture: Picture, sequence: Sequence) -> None:
    """Skip the fields that only an independent slice segment has."""
    bits.number(picture.extra_bits)
    slice_type = bits.count(_LARGEST_TYPE)
    if picture.has_output:
        bits.flag()
    if sequence.has_planes:
        bits.number(2)
    in_use, has_motion = 0, False
    if kind not in _IDR_TYPES:
        in_use, has_motion = _skip_references(bits, sequence)
    is_filtered = False
    if sequence.has_offsets:
        is_filtered = bits.flag()
        is_filtered |= sequence.has_chroma and bits.flag()
    if slice_type in (_P, _B):
        _skip_prediction(bits, picture, sequence, slice_type == _B, in_use, has_motion=has_motion)
    bits.code()
    if picture.has_chroma_shifts:
        bits.codes(2)
    if picture.has_chroma_lists:
        bits.flag()
    is_unfiltered = picture.is_unfiltered
    if picture.can_override and bits.flag():
        is_unfiltered = bits.flag()
        if not is_unfiltered:
            bits.codes(2)
    if picture.filters_across and (is_filtered or not is_unfiltered):
        bits.flag()


def _skip_references(bits: Bits, sequence: Sequence) -> tuple[int, bool]:
    """Returns how many pictures this one may refer to, and whether it predicts motion from one."""
    bits.number(sequence.order_bits)
    sets = sequence.sets
    near: tuple[References, References]
    if not bits.flag():
        near = references_of(bits, sets, len(sets))
    else:
        number = bits.number(index_bits(len(sets)))
        if number >= len(sets):
            raise UnknownHeaderError
        near = sets[number]
    in_use = sum(used for part in near for _, used in part)
    if sequence.long_term is not None:
        listed = bits.count(_MOST_LONG_TERM) if sequence.long_term else 0
        for place in range(listed + bits.count(_MOST_LONG_TERM)):
            if place < listed:
                number = bits.number(index_bits(len(sequence.long_term)))
                if number >= len(sequence.long_term):
                    raise UnknownHeaderError
                in_use += sequence.long_term[number]
            else:
                bits.number(sequence.order_bits)
                in_use += bits.flag()
            if bits.flag():
                bits.code()
    return in_use, sequence.has_motion and bits.flag()


def _skip_prediction(
    bits: Bits, picture: Picture, sequence: Sequence, is_b: bool, in_use: int, *, has_motion: bool
) -> None:
    counts = list(picture.references[: 1 + is_b])
    if bits.flag():
        counts = [bits.count(_MOST_REFERENCES - 1) + 1 for _ in counts]
    if picture.has_lists and in_use > 1:
        for count in counts:
            if bits.flag():
                bits.number(count * index_bits(in_use))
    if is_b:
        bits.flag()
    if picture.has_cabac_choice:
        bits.flag()
    if has_motion:
        is_second = is_b and not bits.flag()
        if counts[is_second] > 1:
            bits.code()
    if picture.is_weighted[is_b]:
        _skip_weights(bits, counts, has_chroma=sequence.has_chroma)
    bits.code()


def _skip_weights(bits: Bits, counts: list[int], *, has_chroma: bool) -> None:
    """7.3.6.3"""
    bits.codes(1 + has_chroma)
    for count in counts:
        luma = [bits.flag() for _ in range(count)]
        chroma = [has_chroma and bits.flag() for _ in range(count)]
        for has_luma, has_both in zip(luma, chroma, strict=True):
            bits.codes(2 * has_luma + 4 * has_both)
