"""The fields of documents, each checked: what is wrong is told with the field's place.

Every function raises BadInputError where a field is missing, or not what its name says.
"""

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, NoReturn

from vidset.errors import BadInputError

Document = Mapping[str, Any]
_NUMBERS = frozenset((int, float))


def value(place: str, document: Document, field: str) -> Any:
    """Return a field, whatever it holds."""
    try:
        return document[field]
    except KeyError:
        raise BadInputError(f"lacks the field {field}", place) from None


def text(place: str, document: Document, field: str) -> str:
    """Return a text that tables take."""
    found = value(place, document, field)
    if type(found) is not str or not is_unicode(found):
        refuse(f"{place}.{field}", "a text", found)
    return found


def is_unicode(given: str) -> bool:
    """Tell whether tables take a text: JSON can say lone surrogates, which none takes."""
    if given.isascii():
        return True
    try:
        given.encode()
    except UnicodeEncodeError:
        return False
    return True


def text_or_none(place: str, document: Document, field: str) -> str | None:
    """Return a text, or None."""
    return None if value(place, document, field) is None else text(place, document, field)


def one_of(place: str, document: Document, field: str, known: frozenset[str]) -> str:
    """Return one of the known texts."""
    found = text(place, document, field)
    if found not in known:
        refuse(f"{place}.{field}", f"one of {', '.join(sorted(known))}", found)
    return found


def integer(place: str, document: Document, field: str) -> int:
    """Return an integer of 64 bits."""
    found = value(place, document, field)
    if type(found) is not int or not -(2**63) <= found < 2**63:
        refuse(f"{place}.{field}", "an integer of 64 bits", found)
    return found


def integer_or_none(place: str, document: Document, field: str) -> int | None:
    """Return an integer of 64 bits, or None."""
    return None if value(place, document, field) is None else integer(place, document, field)


def number(place: str, given: Any) -> float:
    """Return what was given as a finite number."""
    try:
        found = float(given) if type(given) in _NUMBERS else math.nan  # True is no number.
    except OverflowError:  # JSON's integers have no end.
        found = math.inf
    if not math.isfinite(found):
        refuse(place, "a finite number", given)
    return found


def number_or_none(place: str, document: Document, field: str) -> float | None:
    """Return a finite number, or None."""
    found = value(place, document, field)
    return None if found is None else number(f"{place}.{field}", found)


def time(place: str, document: Document, field: str) -> datetime:
    """Return a time in UTC. A SQLite file has RFC 3339, Firestore a datetime of its own class."""
    found = value(place, document, field)
    try:
        moment = datetime.fromisoformat(found if type(found) is str else found.isoformat())
        if moment.tzinfo is None:
            refuse(f"{place}.{field}", "a time with its zone", found)
        return moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    except (AttributeError, TypeError, ValueError, OverflowError):
        refuse(f"{place}.{field}", "a time", found)


def time_or_none(place: str, document: Document, field: str) -> datetime | None:
    """Return a time in UTC, or None."""
    return None if value(place, document, field) is None else time(place, document, field)


def day_or_none(place: str, document: Document, field: str) -> date | None:
    """Return a day, or None."""
    found = text_or_none(place, document, field)
    try:
        return None if found is None else date.fromisoformat(found)
    except ValueError:
        refuse(f"{place}.{field}", "a day such as 2026-01-31", found)


def refuse(place: str, wanted: str, got: Any) -> NoReturn:
    """Raise BadInputError with what was wanted and what was got."""
    raise BadInputError(f"wanted {wanted}, got {repr(got)[:80]}", place)
