"""Reads and writes the bits of headers of H.264 and HEVC (ITU-T H.265, 7.3.1.1 and 9.2)."""

import re

_ESCAPED = re.compile(rb"\0\0(?=[\0-\3])")


class UnknownHeaderError(ValueError):
    """A header is damaged, or has what is not known here."""


def unescaped(data: bytes) -> bytes:
    """Return the bytes without those that keep start codes away (7.3.1.1)."""
    return data.replace(b"\0\0\3", b"\0\0")


def escaped(data: bytes) -> bytes:
    return _ESCAPED.sub(b"\0\0\3", data)


class Bits:
    """Reads bits and codes (9.2) from the front of some bytes.

    Raises:
        UnknownHeaderError: they end, or a code is longer than any that is allowed.
    """

    def __init__(self, data: bytes):
        self._value, self._length, self.place = int.from_bytes(data), 8 * len(data), 0

    def number(self, bits: int) -> int:
        self.place += bits
        if self.place > self._length:
            raise UnknownHeaderError
        return self._value >> (self._length - self.place) & ((1 << bits) - 1)

    def flag(self) -> bool:
        return bool(self.number(1))

    def code(self) -> int:
        """An unsigned Exp-Golomb code: ue(v)."""
        rest = self._value & ((1 << (self._length - self.place)) - 1)
        zeros = self._length - self.place - rest.bit_length()
        self.place += zeros
        if zeros > 32:
            raise UnknownHeaderError
        return self.number(zeros + 1) - 1

    def codes(self, count: int) -> None:
        for _ in range(count):
            self.code()

    def count(self, most: int) -> int:
        """A code that says how many of something follow."""
        count = self.code()
        if count > most:
            raise UnknownHeaderError
        return count

    def before(self, place: int) -> str:
        """Return the bits up to a place, as 0 and 1."""
        return format(self._value >> (self._length - place), f"0{place}b") if place else ""


def coded(value: int) -> str:
    """Return the bits of an unsigned Exp-Golomb code."""
    bits = format(value + 1, "b")
    return "0" * (len(bits) - 1) + bits


def index_bits(count: int) -> int:
    """Return how many bits tell one of so many things: Ceil(Log2(count))."""
    return max(count - 1, 0).bit_length()
