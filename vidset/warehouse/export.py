"""The export of documents to the warehouse's tables, whoever runs it: Beam or a few processes.

    plan: what is to be read -> export_part: read, check, stage -> finish: merge, remember

What was written since the last export began is read, and what was ten minutes before, for a
document is seen some time after its `written_at`. Nothing that is read twice changes a row.
The watermark moves last: a run that breaks off is repaired by the next one.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from vidset.documents.documents import PART, Documents, Part, all_parts, parts_since
from vidset.documents.rows import ROWS, Row
from vidset.elements import DeadLetter
from vidset.errors import BadInputError
from vidset.naming import printable

OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Plan:
    """The reading plan of one export of one table.

    Attributes:
        source: the store's uri.
        started_at: by the store's clock; the watermark when all is done.
    """

    table: str
    source: str
    started_at: datetime
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Staged:
    """The outcome of a part: files that wait for the merge, and how many documents there were."""

    table: str
    files: tuple[str, ...]
    documents: int
    malformed: int


@dataclass(frozen=True, slots=True)
class Export:
    """A row of `exports`. The newest `started_at` of a source and table is the watermark."""

    source: str
    table_name: str
    started_at: datetime
    documents: int
    changed: int
    malformed: int

    def to_row(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


class Warehouse(Protocol):
    """The warehouse that rows go to. Each process that writes opens it."""

    def prepare(self) -> None:
        """Make what is missing of tables, columns and views.

        Raises:
            ValueError: a table differs from its schema by more than columns that are added.
        """
        ...

    def watermark(self, source: str, table: str) -> datetime | None:
        """Returns when the last export that was finished began."""
        ...

    def stage(self, table: str, rows: Iterable[Row]) -> tuple[str, ...]:
        """Write the rows where `merge` finds them; the files' names."""
        ...

    def merge(self, table: str, files: Sequence[str]) -> int:
        """Replace each key's row by the newest of these, if it is newer. Return how many were.

        All of them, or none. Again, it changes nothing. Nobody needs the files afterwards.
        """
        ...

    def remember(self, export: Export) -> None: ...

    def close(self) -> None: ...


def plan(
    documents: Documents, warehouse: Warehouse, table: str, parts: int, *, full: bool = False
) -> Plan:
    """Returns what to read of a table's collection, in about so many parts.

    Args:
        full: all documents, also those that have no proper `written_at`.
    """
    started_at = documents.now()
    last = None if full else warehouse.watermark(documents.uri, table)
    if last is None:
        number = documents.count(Part(table)) // PART + 1
        ranges = all_parts(table, min(parts, number))
    else:
        since = last - OVERLAP
        ranges = parts_since(documents.count, table, since, started_at, parts)
    return Plan(table, documents.uri, started_at, tuple(ranges))


def export_part(
    documents: Documents, warehouse: Warehouse, part: Part
) -> Iterator[DeadLetter | Staged]:
    """Stage the rows of a part; yields a dead letter for each malformed document, then the rest."""
    to_row, counts = ROWS[part.collection], {"documents": 0, "malformed": 0}
    letters: list[DeadLetter] = []

    def rows() -> Iterator[Row]:
        for name, document in documents.read(part):
            counts["documents"] += 1
            try:
                row = to_row(name, document)
            except BadInputError as error:
                counts["malformed"] += 1
                letters.append(_dead_letter(documents.uri, error, document))
            else:
                yield row

    files = warehouse.stage(part.collection, rows())
    yield from letters
    yield Staged(part.collection, files, **counts)


def finish(warehouse: Warehouse, planned: Plan, staged: Iterable[Staged]) -> Export:
    """Merge what all parts of the plan have staged, then move the watermark."""
    staged = list(staged)
    # In one order, so that of equally new rows the same one is taken each time.
    files = sorted(file for each in staged for file in each.files)
    export = Export(
        source=planned.source,
        table_name=planned.table,
        started_at=planned.started_at,
        documents=sum(each.documents for each in staged),
        changed=warehouse.merge(planned.table, files),
        malformed=sum(each.malformed for each in staged),
    )
    warehouse.remember(export)
    return export


def as_json(value: Any) -> str:
    """Return a row or document as JSON, with times and days as RFC 3339."""
    return json.dumps(value, ensure_ascii=False, default=_encode)


def _dead_letter(source: str, error: BadInputError, document: Any) -> DeadLetter:
    return DeadLetter(printable(f"{source}/{error.uri}"), error.reason, as_json(document))


def _encode(value: Any) -> str:
    # A document may hold anything that its store can; it is shown as it is.
    return value.isoformat() if isinstance(value, date | datetime) else repr(value)
