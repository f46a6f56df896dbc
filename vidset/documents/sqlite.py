"""Documents of the labeling broker's SQLite file. It is read, never written."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from vidset.documents.documents import Part
from vidset.labeling.stores.sqlite_schema import (
    check_store_file,
    check_store_schema,
    document_of,
)

# What the broker keeps in the file's header; tests/contracts compares.
APPLICATION, SCHEMA = 0x76647374, 1
_PAGE = 2_000
_BUSY_SECONDS = 30
# As it stands in the broker's index, for SQLite compares the texts.
_WRITTEN_AT = "json_extract(document, '$.written_at')"
_COLLECTIONS = frozenset(("annotations", "predictions", "tasks"))


class SqliteDocuments:
    """Times come as RFC 3339, as they were written.

    Raises:
        ValueError: there is no such file, or it is something else.
    """

    def __init__(self, path: str):
        self.uri = f"sqlite:{path}"
        check_store_file(path)
        try:
            self._connection = sqlite3.connect(
                f"file:{quote(path)}?mode=ro",
                uri=True,
                timeout=_BUSY_SECONDS,
                isolation_level=None,
                check_same_thread=False,
            )
            found = tuple(
                self._connection.execute(f"PRAGMA {name}").fetchone()[0]
                for name in ("application_id", "user_version")
            )
        except sqlite3.Error as error:
            raise ValueError(f"{path} is no store of labels: {error}") from None
        if found != (APPLICATION, SCHEMA):
            raise ValueError(
                f"{path} is of another program or version: wanted application {APPLICATION}, "
                f"schema {SCHEMA}, got application {found[0]}, schema {found[1]}"
            )
        try:
            check_store_schema(self._connection, path)
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{path} is damaged: {error}") from None

    def now(self) -> datetime:
        return datetime.now(UTC)

    def count(self, part: Part) -> int:
        conditions, parameters = ["true"], []
        for moment, condition in (part.since, ">= ?"), (part.before, "< ?"):
            if moment is not None:
                conditions.append(f"{_WRITTEN_AT} {condition}")
                parameters.append(_format(moment))
        sql = f"SELECT count(*) FROM {_table(part)} WHERE {' AND '.join(conditions)}"  # noqa: S608
        return self._ask(sql, parameters)[0][0]

    def read(self, part: Part) -> Iterator[tuple[str, dict[str, Any]]]:
        # In pages: a cursor left open would keep the file's log from being cut.
        page = _page_by_id if part.since is None else _page_by_time
        after: tuple[Any, ...] | None = None
        while True:
            rows = self._ask(*page(part, after))
            for row in rows:
                yield row[0], document_of(row[1], f"{self.uri}, {part.collection} {row[0]}")
            if len(rows) < _PAGE:
                return
            after = rows[-1]

    def states(self, part: Part) -> dict[str, int]:
        """Count the documents of the part's collection by their `state`."""
        state = "json_extract(document, '$.state')"
        sql = f"SELECT {state}, count(*) FROM {_table(part)} GROUP BY 1"  # noqa: S608
        return {str(state): number for state, number in self._ask(sql)}

    def quarantined(self, most: int) -> tuple[int, list[tuple[str, str, str]]]:
        """Count the answers of vendors that could not be used and that nobody has settled.

        Returns:
            How many, and name, vendor and reason of the `most` oldest.
        """
        fields = ", ".join(f"json_extract(document, '$.{name}')" for name in ("vendor", "reason"))
        rest = (
            "FROM quarantine WHERE json_extract(document, '$.part_of') IS NULL "
            "AND json_extract(document, '$.resolved_at') IS NULL"
        )
        order = "ORDER BY json_extract(document, '$.received_at'), id LIMIT ?"
        [[number]] = self._ask(f"SELECT count(*) {rest}")
        found = self._ask(f"SELECT id, {fields} {rest} {order}", [most]) if number else []
        return number, [(str(id_), str(vendor), str(why)) for id_, vendor, why in found]

    def _ask(self, sql: str, parameters: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise ValueError(f"{self.uri} cannot be read: {error}") from None

    def close(self) -> None:
        self._connection.close()


def _page_by_id(part: Part, after: tuple[Any, ...] | None) -> tuple[str, list[Any]]:
    conditions, parameters = ["true"], []
    if after is not None or part.after_id is not None:
        conditions.append("id > ?")
        parameters.append(part.after_id if after is None else after[0])
    if part.up_to_id is not None:
        conditions.append("id <= ?")
        parameters.append(part.up_to_id)
    sql = (
        f"SELECT id, document FROM {_table(part)} "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} ORDER BY id LIMIT {_PAGE}"
    )
    return sql, parameters


def _page_by_time(part: Part, after: tuple[Any, ...] | None) -> tuple[str, list[Any]]:
    conditions = [f"{_WRITTEN_AT} >= ?"]
    parameters = [_format(part.since) if after is None else after[2]]
    if after is not None:  # Not (time, id) > (?, ?): there SQLite does not see the index.
        conditions.append(f"({_WRITTEN_AT} > ? OR id > ?)")
        parameters += [after[2], after[0]]
    if part.before is not None:
        conditions.append(f"{_WRITTEN_AT} < ?")
        parameters.append(_format(part.before))
    sql = (
        f"SELECT id, document, {_WRITTEN_AT} FROM {_table(part)} "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} ORDER BY {_WRITTEN_AT}, id LIMIT {_PAGE}"
    )
    return sql, parameters


def _table(part: Part) -> str:
    if part.collection not in _COLLECTIONS:
        raise ValueError(f"wanted one of {sorted(_COLLECTIONS)}, got {part.collection!r}")
    return part.collection


def _format(moment: datetime | None) -> str:
    """Formats a time as the broker writes it: as a text that sorts."""
    assert moment is not None  # noqa: S101 (of a part by time)
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"
