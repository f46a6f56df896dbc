"""A vendor's JSON, checked where it is read: every error tells the place, the wanted, the got.

Servers store whatever an API client sends them, so nothing about an answer can be trusted.
"""

import math
from datetime import datetime
from typing import Any

from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.http import shortened

_MOST = 2**63 - 1  # Stores hold integers of 64 bits.


class JsonObject:
    """A JSON object and its place. Methods raise InvalidAnswerError for what is not as asked."""

    __slots__ = ("place", "values")

    def __init__(self, value: Any, place: str):
        if not isinstance(value, dict):
            raise unlike(place, "an object", value)
        self.values, self.place = value, place

    def path(self, name: str) -> str:
        return f"{self.place}.{name}"

    def has(self, name: str) -> bool:
        return self.values.get(name) is not None

    def text(self, name: str) -> str:
        return checked_text(self.values.get(name), self.path(name))

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def texts(self, name: str) -> list[str]:
        values, path = self.list(name), self.path(name)
        return [checked_text(value, f"{path}[{i}]") for i, value in enumerate(values)]

    def number(self, name: str) -> int | float:
        """Finite, and as it is: an integer stays one."""
        value = self.values.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _MOST:
            return value
        if isinstance(value, float) and math.isfinite(value):
            return value
        raise unlike(self.path(name), "a finite number", value)

    def real(self, name: str) -> float:
        """Return a finite number as a float."""
        value, real = self.values.get(name), math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                real = float(value)
            except OverflowError:
                real = math.inf
        if not math.isfinite(real):
            raise unlike(self.path(name), "a finite number", value)
        return real

    def size(self, name: str) -> float:
        size = self.real(name)
        if size < 0:
            raise InvalidAnswerError(f"{self.path(name)} must not be negative, got {size:g}")
        return size

    def id(self, name: str) -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= _MOST:
            raise unlike(self.path(name), "a number from 1", value)
        return value

    def flag(self, name: str) -> bool:
        value = self.values.get(name)
        if not isinstance(value, bool):
            raise unlike(self.path(name), "true or false", value)
        return value

    def moment(self, name: str) -> datetime:
        text = self.text(name)
        try:
            return parse_timestamp(text)
        except ValueError:
            raise unlike(self.path(name), "a time with its zone", text) from None

    def object(self, name: str) -> "JsonObject":
        return JsonObject(self.values.get(name), self.path(name))

    def optional_object(self, name: str) -> "JsonObject":
        return self.object(name) if self.has(name) else JsonObject({}, self.path(name))

    def list(self, name: str) -> list[Any]:
        value = self.values.get(name)
        if not isinstance(value, list):
            raise unlike(self.path(name), "a list", value)
        return value

    def objects(self, name: str) -> "list[JsonObject]":
        values, path = self.list(name), self.path(name)
        return [JsonObject(value, f"{path}[{i}]") for i, value in enumerate(values)]

    def one_or_more(self, name: str) -> "list[JsonObject]":
        """Return the objects of a field that holds one object or a list of them."""
        value = self.values.get(name)
        return self.objects(name) if isinstance(value, list) else [self.object(name)]


def checked_text(value: Any, path: str, *, may_be_empty: bool = False) -> str:
    """Return a text that a store can hold, and that is not empty unless it may be."""
    if not isinstance(value, str) or not (value or may_be_empty):
        raise unlike(path, "a text", value)
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can escape half a character.
        raise InvalidAnswerError(f"{path} must be Unicode, got half a character") from None
    return value


def unlike(path: str, wanted: str, value: Any) -> InvalidAnswerError:
    if value is None or isinstance(value, bool | float):
        got = str(value)
    elif isinstance(value, str):
        got = ascii(shortened(value)[:80])
    else:
        got = type(value).__name__
    return InvalidAnswerError(f"{path} must be {wanted}, got {got}")
