"""Tells how large a Parquet file's pages are when unpacked, by their own headers.

The counts in a file's footer may lie. A page's header cannot: the decoder makes room for what it
says, and stops there. The headers are Thrift's compact protocol; which field means what is in
https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift
"""

from dataclasses import dataclass
from typing import Any, BinaryIO

_HEADER_BYTES = 1 << 14
_MOST_PAGES = 200_000
_MOST_DEPTH = 4
_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 12
_VARINTS = (4, 5, 6)
# PageHeader's fields, and `num_values` in the headers of data pages.
_UNPACKED, _PACKED, _DATA, _DATA_2, _VALUES = 2, 3, 5, 8, 1


@dataclass(slots=True)
class Pages:
    """Attributes:
    size_bytes: of all pages, unpacked.
    values: in all data pages, those of lists and the missing ones included.
    most_text_bytes: what all values can come to, if they are texts: none is longer than the pages
        of its column, but a dictionary's may be there any number of times.
    """

    size_bytes: int = 0
    values: int = 0
    most_text_bytes: int = 0


def count_pages(file: BinaryIO, chunks: list[tuple[int, int]]) -> Pages:
    """Add up the pages of column chunks, each given by where it begins and ends in the file.

    Raises:
        ValueError: a header cannot be read, or there are too many.
    """
    found, number = Pages(), 0
    for start, end in chunks:
        place, size_before, values_before = start, found.size_bytes, found.values
        while place < end:
            number += 1
            if number > _MOST_PAGES:
                raise ValueError(f"wanted at most {_MOST_PAGES:,} pages, got more")
            file.seek(place)
            reader = _Reader(file.read(_HEADER_BYTES))
            try:
                header = reader.struct(0)
                packed, unpacked = header[_PACKED], header[_UNPACKED]
            except (IndexError, KeyError):
                raise ValueError(f"the page at byte {place} has no header") from None
            if packed < 0 or unpacked < 0:
                raise ValueError(f"the page at byte {place} has a size below 0")
            found.size_bytes += unpacked
            for kind in _DATA, _DATA_2:
                values = header.get(kind, {}).get(_VALUES, 0)
                if values < 0:
                    raise ValueError(f"the page at byte {place} has {values} values")
                found.values += values
            place += reader.place + packed
        length = found.size_bytes - size_before
        found.most_text_bytes += (found.values - values_before) * length
    return found


class _Reader:
    """Reads one struct; what is asked for that is not there is an IndexError."""

    def __init__(self, data: bytes):
        self._data = data
        self.place = 0

    def struct(self, depth: int) -> dict[int, Any]:
        fields, last, data = {}, 0, self._data
        while head := data[self.place]:
            self.place += 1
            step, kind = head >> 4, head & 15
            last = last + step if step else self._number()
            # Most are numbers of one byte, and a small file has a hundred of them.
            if kind in _VARINTS and (byte := data[self.place]) < 0x80:
                self.place += 1
                fields[last] = byte >> 1 ^ -(byte & 1)
            else:
                fields[last] = self._value(kind, depth)
        self.place += 1
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > _MOST_DEPTH:
            raise IndexError("nested too deep")
        if kind in (_TRUE, _FALSE):
            return kind == _TRUE
        if kind in _VARINTS:
            return self._number()
        if kind == _STRUCT:
            return self.struct(depth + 1)
        if kind in (_LIST, _SET):
            head = self._byte()
            count = self._varint() if head >> 4 == 15 else head >> 4
            if count > len(self._data):
                raise IndexError("longer than the header")
            return [self._value(head & 15, depth + 1) for _ in range(count)]
        length = {_BYTE: 1, _DOUBLE: 8}.get(kind)
        if length is None and kind != _BINARY:
            raise IndexError("of no known kind")
        length = self._varint() if length is None else length
        self.place += length
        return None

    def _number(self) -> int:
        found = self._varint()
        return found >> 1 ^ -(found & 1)

    def _varint(self) -> int:
        found = shift = 0
        while True:
            byte = self._byte()
            found |= (byte & 0x7F) << shift
            if byte < 0x80:
                return found
            shift += 7
            if shift > 63:
                raise IndexError("longer than a number")

    def _byte(self) -> int:
        byte = self._data[self.place]
        self.place += 1
        return byte
