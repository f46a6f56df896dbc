"""Documents in Firestore or in one SQLite file, behind one interface.

Every write is conditional: on a version that was read, or on the document's absence. Several
writes are stored together or not at all. That is all the locking there is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

# answers: by Answer.key. state: what the broker remembers of itself (budget, watermarks).
Collection = Literal["tasks", "annotations", "answers", "predictions", "quarantine", "state"]
Key = tuple[Collection, str]
Value = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A document as it was read; `version` is for the store alone to understand."""

    id: str
    document: dict[str, Any]
    version: Any


@dataclass(frozen=True, slots=True)
class Write:
    """Store a whole document; `version` None: only if there is none yet."""

    collection: Collection
    id: str
    document: Mapping[str, Any]
    version: Any = None


@dataclass(frozen=True, slots=True)
class Query:
    """Documents whose fields equal `equals`, in the order of their time `order_by`, if any.

    Attributes:
        since, until: of `order_by`, both inclusive.
        after_id, up_to_id: without `order_by`, a range of ids: `after_id` exclusive, `up_to_id`
            inclusive.
    """

    collection: Collection
    equals: Mapping[str, Value] = field(default_factory=dict)
    order_by: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after_id: str | None = None
    up_to_id: str | None = None
    limit: int | None = None


class ConflictError(Exception):
    """A document is not as the write wants it: read again."""


class Store(Protocol):
    """Documents hold texts, numbers, booleans, None, aware datetimes, lists and maps of these.

    A list holds no list, as in Firestore. Datetimes come back as datetimes or as RFC 3339.
    Safe for use by several threads.
    """

    def get(self, *keys: Key) -> list[Stored | None]:
        """The documents, in the order of the keys; None for one that is not there."""
        ...

    def commit(self, writes: Sequence[Write]) -> list[Any]:
        """Store all of them, or none; their new versions. At most 400 writes.

        Raises:
            ConflictError: a condition does not hold.
        """
        ...

    def find(self, query: Query) -> Iterator[Stored]:
        """Page by page: memory is constant. Without `order_by`, in the order of the ids."""
        ...

    def count(self, query: Query) -> int:
        """Counted by the store, which sends no document. Only `equals` matters."""
        ...

    def total(self, query: Query, of: str) -> float:
        """The sum of a field, by the store. Only `equals` matters."""
        ...

    def close(self) -> None: ...


class ErasingStore(Store, Protocol):
    """A store that can forget documents. The broker itself never deletes any."""

    def erase(self, keys: Sequence[Key]) -> None:
        """Delete documents for good. One that is not there is no fault."""
        ...
