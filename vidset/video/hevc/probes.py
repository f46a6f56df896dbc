"""Has FFmpeg's HEVC decoder tell damage that it passes over in silence.

Overwritten bytes decode to something else, which ends too early, too late, or where it should. To
FFmpeg, none of it is an error: blocks that no slice gave show what was in memory. But it refuses a
*dependent* slice segment (ITU-T H.265, 7.4.7.1) if the block before it was not decoded, and says
so: "Previous slice segment missing". So probes are put into the stream, which change no picture:
dependent slice segments whose data cannot be decoded.

- One behind each slice segment, at the second block after its data: it must be refused, or decoding
  went on too long.
- One at the first block after its data: it must be taken.
- Behind the last data of a picture, one at its last block: it must be taken.

Where decoding runs past the end of the data, it reads on in what was put there, ones, which soon
end a slice. A picture with an entry point for each row of blocks ("wavefronts") becomes one slice
segment a row, so that the end of each row is told. The flag that allows dependent slice segments is
set in the picture parameter sets, and put into the headers of all slices but the first of each
picture, where it would be missing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

from vidset.video.bits import UnknownHeaderError, coded, escaped, index_bits, unescaped
from vidset.video.hevc.parameter_sets import HEADER_BYTES, Picture, Sequence
from vidset.video.hevc.slices import (
    PICTURE_TYPE,
    SEQUENCE_TYPE,
    VIDEO_TYPES,
    Slice,
    is_irap,
    is_of_first_layer,
    picture_of,
    type_of,
)
from vidset.video.nal_units import START, nal_units

# ISO/IEC 14496-15, 8.3.3.1: where the record says how long lengths are, and how many arrays follow.
_LENGTH_PLACE, _ARRAYS_PLACE, _RECORD_BYTES = 21, 22, 23
# No arithmetic code begins with ones (9.3.2.5), and a decoder that reads on in them ends the slice.
_ONES = b"\xff"
_TAIL = _ONES * 4096
# A row of blocks begins with a code of its own. Behind another row, it must not be found where that
# one's data end, and must be found elsewhere. Behind a slice, it must be found anywhere.
_SLICE_TAIL = b"\x55" * 512
_ROW_TAIL = _ONES * 3 + _SLICE_TAIL
_RASL_TYPES, _DISPOSABLE_TYPES = frozenset({8, 9}), frozenset(range(0, 16, 2))


@dataclass(slots=True)
class Told:
    """Tells what a decoder must say of the probes in a packet.

    Attributes:
        refused: how many probes it must refuse.
        may_be_passed_over: whether it may pass over them, with pictures that refer to others from
            before the one with which decoding began.
        has_picture: whether there is a picture in the packet at all.
    """

    refused: int = 0
    may_be_passed_over: bool = False
    has_picture: bool = True


class Probes:
    """Puts probes into the packets of one stream, as a decoder gets them.

    Args:
        extradata: what the container says beside the packets, or None.

    Attributes:
        extradata: what the decoder must be given in its place.
    """

    def __init__(self, extradata: bytes | None):
        self._sequences: dict[int, Sequence] = {}
        self._pictures: dict[int, Picture] = {}
        self._length_bytes = 0  # Of each NAL unit's length; 0: they have start codes.
        self.read_extradata(extradata)

    def read_extradata(self, extradata: bytes | None) -> None:
        """Begin with, or go on with, what a container says beside the packets."""
        self.extradata = extradata
        if extradata and extradata[0] == 1 and len(extradata) >= _RECORD_BYTES:
            self._length_bytes = (extradata[_LENGTH_PLACE] & 3) + 1
            self.extradata = self._of_record(extradata)
        elif extradata:
            self.extradata, _ = self.put_into(extradata)

    def _of_record(self, record: bytes) -> bytes:
        """The decoder's record in an MP4 or Matroska file, with flags in its parameter sets."""
        changed, place = bytearray(record), _RECORD_BYTES
        for _ in range(record[_ARRAYS_PLACE]):
            count, place = int.from_bytes(record[place + 1 : place + 3]), place + 3
            for _ in range(count if place < len(record) else 0):
                begin = place + 2
                place = begin + int.from_bytes(record[place:begin])
                changed[begin:place] = self._seen(record[begin:place])
        return bytes(changed)

    def _seen(self, nal: bytes) -> bytes:
        """Take note of a parameter set. Returns what the decoder must see, which is as long."""
        kind = type_of(nal) if is_of_first_layer(nal) else None
        try:
            if kind == SEQUENCE_TYPE:
                number, sequence = Sequence.read(nal)
                self._sequences[number] = sequence
            elif kind == PICTURE_TYPE:
                number, picture = Picture.read(nal)
                if picture.sequence not in self._sequences:
                    raise UnknownHeaderError
                self._pictures[number] = picture
                byte, bit = divmod(picture.dependent_place, 8)
                flagged = bytearray(nal)
                flagged[HEADER_BYTES + byte] |= 0x80 >> bit
                return bytes(flagged)
        except UnknownHeaderError:
            # Without them, pictures get no probes.
            self._sequences.clear()
            self._pictures.clear()
        return nal

    def put_into(self, packet: bytes, *, skips: bool = False) -> tuple[bytes, Told]:
        """Return a packet with probes, and what must be said of them.

        Args:
            skips: whether the decoder passes over pictures that no other refers to.
        """
        nals, told = _Nals(), Told()
        units = [
            (type_of(each) if is_of_first_layer(each) else None, each)
            for each in nal_units(packet, self._length_bytes)
        ]
        last = max(
            (place for place, (kind, _) in enumerate(units) if kind in VIDEO_TYPES), default=None
        )
        for place, (kind, nal) in enumerate(units):
            if kind in (SEQUENCE_TYPE, PICTURE_TYPE):
                nals.add(self._seen(nal))
            elif kind not in VIDEO_TYPES or (skips and kind in _DISPOSABLE_TYPES):
                nals.add(nal)
            else:
                told.may_be_passed_over |= kind in _RASL_TYPES
                self._add_segment(nals, nal, is_last=place == last)
        nals.end_picture()
        told.refused = nals.refused
        # Where start codes are told apart by FFmpeg, it may leave over what ends a stream.
        told.has_picture = not self._length_bytes or any(
            type_of(each) in VIDEO_TYPES for _, each in units if each
        )
        # Where nothing is as it should be, the decoder gets what is there.
        return self._joined(nals.nals) or packet, told

    def _add_segment(self, nals: "_Nals", nal: bytes, *, is_last: bool) -> None:
        try:
            is_first, number = picture_of(nal)
            picture = self._pictures[number]
            sequence = self._sequences[picture.sequence]
        except (UnknownHeaderError, KeyError):
            nals.add(nal)  # The decoder will say what it thinks of it.
            return
        probe = _Probe(nal, number, sequence)
        if is_first:
            nals.begin_picture(probe, has_tiles=picture.has_tiles)
        if is_first and not picture.has_rows:
            nals.add_segment(nal + _TAIL, 0)
            return
        try:
            segment = Slice.read(nal, picture, sequence)
            tail = _TAIL if is_last or not picture.has_rows else _SLICE_TAIL
            parts = list(_parts(nal, segment, picture, sequence, probe, tail))
        except UnknownHeaderError:
            nals.add_segment(nal, None)
            return
        is_checked = segment.is_dependent
        for address, part in parts:
            nals.add_segment(part, address, is_checked=is_checked)
            is_checked = True

    def _joined(self, nals: list[bytes]) -> bytes:
        if not self._length_bytes:
            return b"".join(START + nal for nal in nals)
        return b"".join(len(nal).to_bytes(self._length_bytes) + nal for nal in nals)


class _Probe:
    """A dependent slice segment of a picture that holds no data, at any of its blocks."""

    def __init__(self, nal: bytes, number: int, sequence: Sequence):
        self._head, self.blocks = nal[:HEADER_BYTES], sequence.blocks
        # The flag of random access pictures is repeated as it is.
        flag = str(nal[HEADER_BYTES] >> 6 & 1) if is_irap(nal) else ""
        self._bits, self._length = f"0{flag}{coded(number)}1", index_bits(sequence.blocks)

    def header(self, address: int) -> str:
        return self._bits + format(address, f"0{self._length}b")

    def at(self, address: int) -> bytes:
        # What may follow in the header, no entry points and no extension, is ones, too.
        return self._head + escaped(_packed(self.header(address), "1")) + _ONES * 8


class _Nals:
    """The NAL units of a packet with probes among them."""

    def __init__(self):
        self.nals: list[bytes] = []
        self.refused = 0
        self._probe: _Probe | None = None
        self._has_tiles = False
        self._end = 0  # The place behind the picture's last segment.
        self._slice = 0  # The first block of the picture's last slice.

    def add(self, nal: bytes) -> None:
        self.nals.append(nal)

    def begin_picture(self, probe: _Probe, *, has_tiles: bool) -> None:
        self.end_picture()
        self._probe, self._has_tiles, self._slice = probe, has_tiles, 0

    def add_segment(self, nal: bytes, address: int | None, *, is_checked: bool = False) -> None:
        """Add a segment.

        Args:
            address: of its first block; None: it is not known.
            is_checked: whether the decoder refuses it itself if the block before is missing.
        """
        probe = self._probe
        if address and probe is not None:
            # With tiles, the block that is decoded next is not the next in raster order.
            if address + 1 < probe.blocks and not self._has_tiles:
                self.add(probe.at(address + 1))
                self.refused += 1
            if not is_checked:  # After the other: it takes back that its block was decoded.
                self.add(probe.at(address))
                self._slice = address
        self.add(nal)
        self._end = len(self.nals)

    def end_picture(self) -> None:
        last = self._probe.blocks - 1 if self._probe is not None else 0
        if self._probe is not None and self._slice < last:  # Else it holds one block, the last.
            self.nals.insert(self._end, self._probe.at(last))
        self._probe = None


def _parts(
    nal: bytes, segment: Slice, picture: Picture, sequence: Sequence, probe: _Probe, tail: bytes
) -> Iterator[tuple[int, bytes]]:
    """Yield a segment as the decoder gets it, or its rows, with their first blocks.

    Raises:
        UnknownHeaderError: its entry points lie beyond its data or the picture.
    """
    head, place, end = nal[:HEADER_BYTES], segment.flag_place, segment.entry_place
    # The flag that says that it is none of the dependent segments.
    flag = "0" if segment.address and not picture.has_dependent else ""
    start = segment.bits[:place] + flag
    if not picture.has_rows or picture.has_tiles:
        header = _packed(start + segment.bits[place:] + "1", "0")
        data = unescaped(nal)[HEADER_BYTES + segment.data :]
        yield segment.address, head + escaped(header + data) + tail
        return
    # Entry points count the bytes as they are in the file.
    data = nal[len(escaped(unescaped(nal)[: HEADER_BYTES + segment.data])) :]
    ends = [*accumulate(segment.entries), len(data)]
    row = segment.address // sequence.width
    if ends != sorted(ends) or (row + len(ends)) * sequence.width > sequence.blocks:
        raise UnknownHeaderError
    header = start + segment.bits[place:end] + "1" + segment.rest
    address, begin = segment.address, 0
    for number, stop in enumerate(ends, start=1):
        part = _packed(header + "1", "0") + unescaped(data[begin:stop])
        yield address, head + escaped(part) + (tail if stop == len(data) else _ROW_TAIL)
        address, begin = (row + number) * sequence.width, stop
        header = probe.header(address) + "1" + "1" * picture.has_extension


def _packed(bits: str, filling: str) -> bytes:
    bits += filling * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)
