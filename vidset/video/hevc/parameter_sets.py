"""Reads the parameter sets of an HEVC stream (ITU-T H.265, 7.3.2).

Only what the headers of slices depend on. Blocks are the standard's coding tree blocks, of 16, 32
or 64 samples on a side.
"""

from dataclasses import dataclass

from vidset.video.bits import Bits, UnknownHeaderError, unescaped

HEADER_BYTES = 2  # Of a NAL unit.
_PROFILES = frozenset({1, 2, 3, 4})  # Of others (screen content), slices have more fields.
_MOST_SUB_LAYERS, _MOST_SETS, _MOST_PICTURES, _MOST_TILES = 7, 64, 16, 1024

References = list[tuple[int, bool]]
"""Distances in output order, and whether the picture itself refers to them."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """A sequence parameter set (7.3.2.2): what slices depend on."""

    width: int
    """In blocks."""
    blocks: int
    """A picture has so many."""
    has_chroma: bool
    has_planes: bool
    order_bits: int
    has_offsets: bool
    """Sample adaptive offset."""
    sets: list[tuple[References, References]]
    """Short-term reference picture sets: before and after the picture."""
    long_term: list[bool] | None
    """For each long-term picture, whether it is in use; None: there are none."""
    has_motion: bool
    """Temporal motion vector prediction."""

    @classmethod
    def read(cls, nal: bytes) -> tuple[int, "Sequence"]:
        """Returns its number and itself.

        Raises:
            UnknownHeaderError: as of `Bits`, or of a profile that is not known here.
        """
        bits = Bits(unescaped(nal)[HEADER_BYTES:])
        bits.number(4)
        _skip_profile(bits, sub_layers := bits.number(3))
        number, chroma = bits.count(15), bits.count(3)
        has_planes = chroma == 3 and bits.flag()
        width, height = bits.code(), bits.code()
        if bits.flag():  # The window that is shown.
            bits.codes(4)
        bits.codes(2)
        order_bits = bits.count(12) + 4
        bits.codes(3 * (sub_layers + 1 if bits.flag() else 1))
        side = 1 << (bits.count(3) + 3 + bits.count(3))
        bits.codes(4)
        if bits.flag() and bits.flag():
            _skip_scaling(bits)
        bits.flag()
        has_offsets = bits.flag()
        if bits.flag():  # PCM
            bits.number(8)
            bits.codes(2)
            bits.flag()
        sets: list[tuple[References, References]] = []
        count = bits.count(_MOST_SETS)
        for _ in range(count):
            sets.append(references_of(bits, sets, count))
        long_term = None
        if bits.flag():
            long_term = [
                bool(bits.number(order_bits + 1) & 1) for _ in range(bits.count(_MOST_PICTURES * 2))
            ]
        columns, rows = -(-width // side), -(-height // side)
        return number, cls(
            width=columns,
            blocks=columns * rows,
            has_chroma=chroma > 0 and not has_planes,
            has_planes=has_planes,
            order_bits=order_bits,
            has_offsets=has_offsets,
            sets=sets,
            long_term=long_term,
            has_motion=bits.flag(),
        )


def _skip_profile(bits: Bits, sub_layers: int) -> None:
    if sub_layers >= _MOST_SUB_LAYERS:
        raise UnknownHeaderError
    bits.flag()
    bits.number(3)
    if bits.number(5) not in _PROFILES:
        raise UnknownHeaderError
    bits.number(88)
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.number(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.number(88 * has_profile + 8 * has_level)


def _skip_scaling(bits: Bits) -> None:
    """7.3.4"""
    for size in range(4):
        for _ in range(0, 6, 3 if size == 3 else 1):
            if bits.flag():
                bits.codes((size > 1) + min(64, 1 << (4 + 2 * size)))
            else:
                bits.code()


def references_of(
    bits: Bits, sets: list[tuple[References, References]], count: int
) -> tuple[References, References]:
    """A short-term reference picture set, 7.3.7 and 7.4.8, as told by the earlier ones."""
    if not (sets and bits.flag()):
        numbers = bits.count(_MOST_PICTURES), bits.count(_MOST_PICTURES)
        parts: list[References] = []
        for sign, number in zip((-1, 1), numbers, strict=True):
            parts.append([])
            distance = 0
            for _ in range(number):
                distance += sign * (bits.code() + 1)
                parts[-1].append((distance, bits.flag()))
        return parts[0], parts[1]
    # Only in a slice, whose set follows those of the sequence, may it be another than the last.
    back = bits.code() + 1 if len(sets) == count else 1
    if back > len(sets):
        raise UnknownHeaderError
    before, after = sets[-back]
    sign = -1 if bits.flag() else 1
    shift = sign * (bits.code() + 1)
    told = [(used := bits.flag(), used or bits.flag()) for _ in range(len(before + after) + 1)]
    of_before, of_after, of_itself = told[: len(before)], told[len(before) : -1], told[-1]

    def moved(references: References, flags: list[tuple[bool, bool]]) -> References:
        pairs = zip(references, flags, strict=True)
        return [(far + shift, used) for (far, _), (used, is_kept) in pairs if is_kept]

    own = [(shift, of_itself[0])] if of_itself[1] else []
    early = moved(after, of_after)[::-1] + own + moved(before, of_before)
    late = moved(before, of_before)[::-1] + own + moved(after, of_after)
    return [each for each in early if each[0] < 0], [each for each in late if each[0] > 0]


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture parameter set (7.3.2.3): what slices depend on."""

    sequence: int
    has_dependent: bool
    dependent_place: int
    """The bit of the unescaped NAL unit, behind its header, that says so."""
    has_output: bool
    extra_bits: int
    has_cabac_choice: bool
    references: tuple[int, int]
    has_chroma_shifts: bool
    is_weighted: tuple[bool, bool]
    """In P and in B slices."""
    has_tiles: bool
    has_rows: bool
    """Wavefronts: each row of blocks begins anew, at an entry point."""
    filters_across: bool
    can_override: bool
    is_unfiltered: bool
    has_lists: bool
    has_extension: bool
    has_chroma_lists: bool

    @classmethod
    def read(cls, nal: bytes) -> tuple[int, "Picture"]:
        """Returns its number and itself.

        Raises:
            UnknownHeaderError: as of `Bits`, or it has an extension that is not known here.
        """
        bits = Bits(unescaped(nal)[HEADER_BYTES:])
        number, sequence = bits.count(63), bits.count(15)
        place = bits.place
        has_dependent, has_output, extra_bits = bits.flag(), bits.flag(), bits.number(3)
        bits.flag()
        has_cabac_choice = bits.flag()
        references = bits.count(14) + 1, bits.count(14) + 1
        bits.code()
        bits.flag()
        can_skip = bits.flag()
        if bits.flag():
            bits.code()
        bits.codes(2)
        has_chroma_shifts = bits.flag()
        is_weighted = bits.flag(), bits.flag()
        bits.flag()
        has_tiles, has_rows = bits.flag(), bits.flag()
        if has_tiles:
            cuts = bits.count(_MOST_TILES) + bits.count(_MOST_TILES)
            if not bits.flag():
                bits.codes(cuts)
            bits.flag()
        filters_across = bits.flag()
        can_override = is_unfiltered = False
        if bits.flag():
            can_override, is_unfiltered = bits.flag(), bits.flag()
            bits.codes(0 if is_unfiltered else 2)
        if bits.flag():
            _skip_scaling(bits)
        has_lists = bits.flag()
        bits.code()
        has_extension, has_chroma_lists = bits.flag(), False
        if bits.flag():
            has_range, others = bits.flag(), bits.number(7)
            if others & 0b0011111:  # Several layers of video do not change the first.
                raise UnknownHeaderError
            if has_range:
                bits.codes(int(can_skip))
                bits.flag()
                has_chroma_lists = bits.flag()
        return number, cls(
            sequence=sequence,
            has_dependent=has_dependent,
            dependent_place=place,
            has_output=has_output,
            extra_bits=extra_bits,
            has_cabac_choice=has_cabac_choice,
            references=references,
            has_chroma_shifts=has_chroma_shifts,
            is_weighted=is_weighted,
            has_tiles=has_tiles,
            has_rows=has_rows,
            filters_across=filters_across,
            can_override=can_override,
            is_unfiltered=is_unfiltered,
            has_lists=has_lists,
            has_extension=has_extension,
            has_chroma_lists=has_chroma_lists,
        )
