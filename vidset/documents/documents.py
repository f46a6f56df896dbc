"""Reads what the labeling broker stores, tasks and annotations, in parts side by side.

`open.open_documents` opens a store from a uri. Documents are never deleted, and each has
`written_at`, the time of its last write, so that what has changed is what was written since.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, Protocol

# A part with fewer documents is not worth dividing.
PART = 2_000
# By the first two hex digits of the ids.
_MOST_PARTS = 256
_SHORTEST = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Part:
    """A range of a collection: of ids, or of `written_at`.

    Attributes:
        after_id, up_to_id: exclusive, inclusive; None: no bound.
        since, before: inclusive, exclusive. `before` None: what is written meanwhile, too.
    """

    collection: str
    after_id: str | None = None
    up_to_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None


class Documents(Protocol):
    """The documents of one store. Each process that reads opens its own."""

    uri: str
    """The same for the same store, however it was named."""

    def now(self) -> datetime:
        """Returns the time by the store's clock."""
        ...

    def count(self, part: Part) -> int:
        """Count the documents in a range of `written_at`, or in a whole collection."""
        ...

    def read(self, part: Part) -> Iterator[tuple[str, dict[str, Any]]]:
        """The documents' ids and what they hold. One that is changed meanwhile may come as it was
        before, as it is after, or twice."""
        ...

    def close(self) -> None: ...


def all_parts(collection: str, number: int) -> list[Part]:
    """The whole collection in about so many parts of one size, for ids that are hashes."""
    number = max(1, min(number, _MOST_PARTS))
    cuts = [f"{_MOST_PARTS * place // number:02x}" for place in range(1, number)]
    bounds = [None, *cuts, None]
    return [Part(collection, after_id=after, up_to_id=up_to) for after, up_to in pairwise(bounds)]


def parts_since(
    count: Callable[[Part], int], collection: str, since: datetime, now: datetime, number: int
) -> list[Part]:
    """Returns what was written since then, in about so many parts, as far as that is worth while.

    Many documents may have been written in a moment, so that it is their number that is divided
    and not the time.
    """
    whole = Part(collection, since=since)
    documents = count(whole)
    most = max(PART, -(-documents // number))

    def divide(since: datetime, before: datetime) -> Iterator[Part]:
        part = Part(collection, since=since, before=before)
        if before - since <= _SHORTEST or count(part) <= most:
            yield part
            return
        middle = since + (before - since) / 2
        yield from divide(since, middle)
        yield from divide(middle, before)

    if documents <= PART or number == 1 or since >= now:
        return [whole]
    *first, last = divide(since, now)
    return [*first, Part(collection, since=last.since)]
