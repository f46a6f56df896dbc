"""Scale's JSON, checked where it is read: every error tells the place, the wanted, the got."""

import math
from datetime import datetime
from typing import Any

from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.timestamps import parse_timestamp
from vidset.labeling.vendors.http import shortened


class JsonObject:
    """A JSON object and its place. Methods raise InvalidAnswerError for what is not as asked."""

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

    def number(self, name: str) -> float:
        value, number = self.values.get(name), math.nan
        if isinstance(value, int | float) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                number = math.inf
        if not math.isfinite(number):
            raise unlike(self.path(name), "a finite number", value)
        return number

    def size(self, name: str) -> float:
        size = self.number(name)
        if size < 0:
            raise InvalidAnswerError(f"{self.path(name)} must not be negative, got {size:g}")
        return size

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

    def objects(self, name: str) -> list["JsonObject"]:
        values, path = self.values.get(name), self.path(name)
        if not isinstance(values, list):
            raise unlike(path, "a list", values)
        return [JsonObject(value, f"{path}[{i}]") for i, value in enumerate(values)]


def checked_text(value: Any, path: str, *, may_be_empty: bool = False) -> str:
    """A text that a store can hold, and that is not empty unless it may be."""
    if not isinstance(value, str) or not (value or may_be_empty):
        raise unlike(path, "a text", value)
    try:
        value.encode()
    except UnicodeEncodeError:  # JSON can escape half a character, which nothing can store.
        raise InvalidAnswerError(f"{path} must be Unicode, got half a character") from None
    return value


def unlike(path: str, wanted: str, value: Any) -> InvalidAnswerError:
    got = ascii(shortened(value)[:80]) if isinstance(value, str) else type(value).__name__
    return InvalidAnswerError(f"{path} must be {wanted}, got {got}")
