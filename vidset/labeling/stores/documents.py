"""The rules that both stores have for documents and queries, and how `find` reads on.

The rules are Firestore's, so that one store takes what the other takes:
https://firebase.google.com/docs/firestore/quotas#limits
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from vidset.labeling.stores.store import Query, Write

Row = TypeVar("Row")
PAGE = 300
_MAX_WRITES = 400
_MAX_DEPTH = 20
_MAX_NAME_BYTES = 1500
_RESERVED = re.compile(r"__.*__", re.DOTALL)
_FIELD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def is_id(text: str) -> bool:
    """Returns whether a document can have this id."""
    return _is_name(text) and text not in (".", "..") and "/" not in text


def check_writes(writes: Sequence[Write]) -> None:
    """Returns whether a store can take them, whatever it holds.

    Raises:
        ValueError: it cannot; with the place in the document.
    """
    if len(writes) > _MAX_WRITES:
        raise ValueError(f"wanted at most {_MAX_WRITES} writes in a commit, got {len(writes)}")
    places = [f"{write.collection}/{write.id}" for write in writes]
    repeated = sorted({place for place in places if places.count(place) > 1})
    if repeated:
        raise ValueError(f"wanted one write for a document in a commit, got more for {repeated}")
    for place, write in zip(places, writes, strict=True):
        if not is_id(write.id):
            _refuse(place, "an id of 1 to 1500 bytes without slash, . or __...__", write.id)
        _check_map(write.document, place, depth=0)


def check_query(query: Query) -> None:
    """Raises ValueError when the query's parts do not go together."""
    for name in filter(None, [*query.equals, query.order_by]):
        if not _FIELD.fullmatch(name):
            _refuse(f"a query of {query.collection}", "the name of a field", name)
    for name in query.after_id, query.up_to_id:
        if name is not None and not is_id(name):
            _refuse(f"a query of {query.collection}", "a range of ids", name)
    if query.order_by is None and (query.since or query.until):
        raise ValueError(f"a query of {query.collection}: since and until need order_by")
    if query.order_by is not None and (query.after_id or query.up_to_id):
        raise ValueError(f"a query of {query.collection}: a range of ids excludes order_by")


def in_pages(read: Callable[[Row | None, int], list[Row]], limit: int | None) -> Iterator[Row]:
    """The rows of one page after the other, at most `limit`.

    Args:
        read: the next rows, so many, after that row; None: from the start.
    """
    last, left = None, math.inf if limit is None else limit
    while left > 0:
        size = int(min(PAGE, left))
        page = read(last, size)
        yield from page
        if len(page) < size:
            return
        last, left = page[-1], left - size


def _check_map(document: Mapping[str, Any], place: str, depth: int) -> None:
    for key, value in document.items():
        if not _is_name(key):
            _refuse(place, "keys that are texts of 1 to 1500 bytes, not __...__", key)
        _check(value, f"{place}.{key}", depth)


def _check(value: Any, place: str, depth: int) -> None:
    if isinstance(value, dict | list | tuple):
        if depth == _MAX_DEPTH:
            _refuse(place, f"at most {_MAX_DEPTH} lists and maps in each other", value)
        if isinstance(value, dict):
            _check_map(value, place, depth + 1)
            return
        for number, item in enumerate(value):
            if isinstance(item, list | tuple):
                _refuse(f"{place}[{number}]", "no list in a list", item)
            _check(item, f"{place}[{number}]", depth + 1)
    elif wanted := _wanted_instead_of(value):
        _refuse(place, wanted, value)


def _wanted_instead_of(value: Any) -> str | None:
    wanted = None
    if isinstance(value, str):
        wanted = None if _is_unicode(value) else "Unicode, without lone surrogates"
    elif isinstance(value, int):  # A boolean is one.
        wanted = None if -(2**63) <= value < 2**63 else "an integer of 64 bits"
    elif isinstance(value, float):
        wanted = None if math.isfinite(value) else "a finite number"
    elif isinstance(value, datetime):
        wanted = "a time with its zone" if value.tzinfo is None else None
    elif value is not None and not isinstance(value, bytes):
        wanted = "a text, number, boolean, time, list, map, bytes or None"
    return wanted


def _is_name(text: Any) -> bool:
    return (
        isinstance(text, str)
        and _is_unicode(text)
        and 0 < len(text.encode()) <= _MAX_NAME_BYTES
        and not _RESERVED.fullmatch(text)
    )


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(place: str, wanted: str, got: Any) -> NoReturn:
    raise ValueError(f"{place}: wanted {wanted}, got {repr(got)[:80]}")
