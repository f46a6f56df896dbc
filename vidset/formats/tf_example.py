"""Reads a serialised tf.train.Example: features of texts, floats or whole numbers, by name.

https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/example/feature.proto
https://protobuf.dev/programming-guides/encoding/

Its few messages take no protobuf library. A feature is unpacked when it is asked for.
"""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vidset.formats.reading import MOST_OBJECTS

_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
_TEXTS, _FLOATS, _INTEGERS = 1, 2, 3
_MOST_FEATURES = 10_000
_KINDS = {_TEXTS: "texts", _FLOATS: "floats", _INTEGERS: "whole numbers"}
Field = tuple[int, int, memoryview | int]


@dataclass(frozen=True, slots=True)
class Features:
    """The features of an example, still packed; one that is not there has no values."""

    packed: Mapping[str, memoryview]
    place: str

    @property
    def names(self) -> list[str]:
        return list(self.packed)

    def texts(self, name: str) -> list[bytes]:
        return [
            bytes(value) for value in self._values(name, _TEXTS) if isinstance(value, memoryview)
        ]

    def one(self, name: str) -> bytes | None:
        """The only text of a feature; None where there is none."""
        return next(iter(self.texts(name)), None)

    def text(self, name: str) -> str:
        """The only text of a feature as such; empty where there is none.

        Raises:
            ValueError: it is no UTF-8.
        """
        try:
            return (self.one(name) or b"").decode()
        except UnicodeDecodeError:
            raise ValueError(f"{self.place}: wanted {name} as a text in UTF-8") from None

    def floats(self, name: str) -> list[float]:
        found: list[float] = []
        for value in self._values(name, _FLOATS):
            data = bytes(value) if isinstance(value, memoryview) else b""
            if len(data) % 4:
                raise ValueError(f"{self.place}: wanted {name} as floats of 32 bits")
            self._check(name, len(found) + len(data) // 4)
            found += struct.unpack(f"<{len(data) // 4}f", data)
        return found

    def integers(self, name: str) -> list[int]:
        found: list[int] = []
        for value in self._values(name, _INTEGERS):
            if isinstance(value, int):
                found.append(_signed(value))
            else:
                at = 0
                while at < len(value):
                    number, at = _varint(value, at, self.place)
                    found.append(_signed(number))
                    self._check(name, len(found))
            self._check(name, len(found))
        return found

    def _values(self, name: str, kind: int) -> Iterator[memoryview | int]:
        """Raises ValueError: the feature is of another kind."""
        packed = self.packed.get(name)
        number = 0
        for told, _, values in _fields(packed, self.place) if packed is not None else ():
            if told != kind or isinstance(values, int):
                wanted, got = _KINDS[kind], _KINDS.get(told, "something else")
                raise ValueError(f"{self.place}: wanted {name} as {wanted}, got {got}")
            for _, _, value in _fields(values, self.place):
                number += 1
                self._check(name, number)
                yield value

    def _check(self, name: str, number: int) -> None:
        if number > MOST_OBJECTS:
            raise ValueError(f"{self.place}: wanted at most {MOST_OBJECTS:,} values of {name}")


def features_in(data: bytes, place: str) -> Features:
    """Return the features of an example.

    Raises:
        ValueError: it is none, or has too many features.
    """
    found: dict[str, memoryview] = {}
    for _, _, features in _fields(memoryview(data), place):
        for _, _, entry in _fields(_message(features, place), place):
            if len(found) >= _MOST_FEATURES:
                raise ValueError(f"{place}: wanted at most {_MOST_FEATURES:,} features, got more")
            parts = {number: value for number, _, value in _fields(_message(entry, place), place)}
            name, feature = parts.get(1), parts.get(2)
            if isinstance(name, memoryview) and isinstance(feature, memoryview):
                found[bytes(name).decode(errors="replace")] = feature
    return Features(found, place)


def _message(value: memoryview | int, place: str) -> memoryview:
    if isinstance(value, int):
        raise ValueError(f"{place}: wanted a tf.train.Example, got other data")
    return value


def _fields(data: memoryview, place: str) -> Iterator[Field]:
    """Yield the number, the kind and the value of each field of a message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at, place)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at, place)
            yield number, kind, value
            continue
        if kind == _BYTES:
            length, at = _varint(data, at, place)
        else:
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, len(data) + 1)
        if length > len(data) - at:
            raise ValueError(f"{place}: wanted a tf.train.Example, got other or damaged data")
        yield number, kind, data[at : at + length]
        at += length


def _varint(data: memoryview, at: int, place: str) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at, value = at + 1, value | (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError(f"{place}: wanted a tf.train.Example, got other or damaged data")


def _signed(value: int) -> int:
    """Protobuf writes whole numbers of 64 bits in two's complement."""
    value &= (1 << 64) - 1
    return value - (1 << 64) if value >> 63 else value
