"""Documents in one SQLite file: a table for each collection, with the document as JSON."""

import base64
import errno
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any, get_args

from vidset.labeling.stores.documents import check_query, check_writes, in_pages, is_id
from vidset.labeling.stores.sqlite_queries import Row, field, matching, select_page
from vidset.labeling.stores.sqlite_schema import (
    check_store_file,
    check_store_schema,
    document_of,
)
from vidset.labeling.stores.store import Collection, ConflictError, Key, Query, Stored, Write
from vidset.labeling.timestamps import format_timestamp

# Kept in the file's header: whose file it is, and which schema it has.
APPLICATION, _SCHEMA = 0x76647374, 1
# For the queries that there are. The id comes last so that a page begins where the last one ended.
_INDEXES: dict[Collection, list[tuple[str, ...]]] = {
    "tasks": [
        ("state", "due_at"),
        ("state", "requested_at"),
        ("state", "vendor"),
        ("booked_on",),
        ("written_at",),
    ],
    "annotations": [("written_at",)],
    "answers": [("image_id",), ("vendor", "annotation_id")],
    "predictions": [("written_at",)],
}
# Stores that were made before there was this one get it when they are opened.
_LATER_INDEXES: tuple[Collection, ...] = ("predictions",)
_BUSY_SECONDS = 30
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_CORRUPT_VTAB, sqlite3.SQLITE_ERROR)
# No document can have this key: see store_documents.
_BYTES = "__bytes__"


class SqliteStore:
    """A `Store` in a file, for any number of threads and processes of one machine.

    Power loss may take the last commits, never a part of one. Times come back as RFC 3339.
    """

    def __init__(self, path: str | Path):
        """Make the file and its folder when they are not there; only the user can read it.

        Raises:
            ValueError: it cannot be made, or it is something else, or of another schema.
        """
        self._path = Path(path).expanduser().absolute()
        # Connections that nobody uses now: each serves one thread at a time.
        self._idle: list[sqlite3.Connection] = []
        check_store_file(self._path)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            _make(self._path)
        except OSError as error:
            raise ValueError(f"no store can be made at {self._path}: {error}") from None
        try:
            with self._transaction() as connection:
                _prepare(connection, self._path)
            with self._connection() as connection:
                _switch_to_wal(connection)
        except sqlite3.DatabaseError as error:
            self.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise ValueError(f"{self._path} is no SQLite database") from None
            if error.sqlite_errorcode in _DAMAGED:
                raise ValueError(f"{self._path} is damaged: {error}") from None
            raise
        except ValueError:
            self.close()
            raise

    def get(self, *keys: Key) -> list[Stored | None]:
        with self._connection() as connection:
            return [_get(connection, *key) for key in keys]

    def commit(self, writes: Sequence[Write]) -> list[Any]:
        check_writes(writes)
        documents = [_to_json(write.document) for write in writes]
        with self._transaction() as connection:
            return list(map(_write, [connection] * len(writes), writes, documents))

    def find(self, query: Query) -> Iterator[Stored]:
        check_query(query)

        def read(after: Row | None, size: int) -> list[Row]:
            # A cursor left open would keep the file's log from being cut, and writes of this
            # thread from being made.
            with self._connection() as connection:
                return connection.execute(*select_page(query, after, size)).fetchall()

        return map(_stored, in_pages(read, query.limit))

    def count(self, query: Query) -> int:
        return self._aggregate("count(*)", query)

    def total(self, query: Query, of: str) -> float:
        return self._aggregate(f"total({field(of)})", query)

    def erase(self, keys: Sequence[Key]) -> None:
        """Delete documents, and overwrite where they stood in the file and in its log.

        Raises:
            ValueError: somebody reads the log, so that they stand in it still. They are deleted;
                the next call, of no documents too, overwrites them.
        """
        with self._connection() as connection:
            connection.execute("PRAGMA secure_delete = ON")
            try:
                with self._inside(connection):
                    for collection, name in keys:
                        sql = f"DELETE FROM {collection} WHERE id = ?"  # noqa: S608
                        connection.execute(sql, [name])
                [is_busy, *_] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                connection.execute("PRAGMA secure_delete = OFF")
        if is_busy:
            raise ValueError(
                f"{self._path}: wanted to overwrite what was erased, but another program reads it "
                "all the time; try again when it has ended"
            )

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    def _aggregate(self, what: str, query: Query) -> Any:
        check_query(query)
        conditions, parameters = matching(query.equals)
        sql = f"SELECT {what} FROM {query.collection} WHERE {' AND '.join(conditions)}"  # noqa: S608
        with self._connection() as connection:
            return connection.execute(sql, parameters).fetchone()[0]

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # Once people are told that their work is kept, a loss of power does not take it.
            connection.execute("PRAGMA synchronous = FULL")
        try:
            yield connection
        except sqlite3.OperationalError as error:
            if "malformed JSON" in str(error):
                raise ValueError(f"{self._path} is damaged: a document is no JSON") from None
            raise
        finally:
            self._idle.append(connection)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing, and nobody else writes meanwhile, in any process."""
        with self._connection() as connection, self._inside(connection):
            yield connection

    @staticmethod
    @contextmanager
    def _inside(connection: sqlite3.Connection) -> Iterator[None]:
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:  # A full disk has ended it already.
                connection.execute("ROLLBACK")
            raise


def _make(path: Path) -> None:
    """Make an empty file that only the user can read, unless there is one.

    One that is there is not opened: closing it would end the locks that SQLite holds on it for
    other connections of this process, and another process would then delete the log that they use.

    Raises:
        OSError: it cannot be made or written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path)) from None
        if not os.access(path, os.R_OK | os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)) from None


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    found = tuple(
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("application_id", "user_version")
    )
    if found == (APPLICATION, _SCHEMA):
        check_store_schema(connection, path)
        for collection in _LATER_INDEXES:
            _make_indexes(connection, collection)
        return
    if found != (0, 0) or connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
        wanted = f"application {APPLICATION}, schema {_SCHEMA}"
        raise ValueError(
            f"{path} is of another program or version: wanted {wanted}, "
            f"got application {found[0]}, schema {found[1]}"
        )
    for collection in get_args(Collection):
        connection.execute(
            f"CREATE TABLE {collection} "
            "(id TEXT PRIMARY KEY, document TEXT NOT NULL, version INTEGER NOT NULL)"
        )
        _make_indexes(connection, collection)
    connection.execute(f"PRAGMA application_id = {APPLICATION}")
    connection.execute(f"PRAGMA user_version = {_SCHEMA}")


def _make_indexes(connection: sqlite3.Connection, collection: Collection) -> None:
    for names in _INDEXES.get(collection, []):
        fields = ", ".join([*map(field, names), "id"])
        connection.execute(
            f"CREATE INDEX IF NOT EXISTS {collection}_by_{'_and_'.join(names)} "
            f"ON {collection} ({fields})"
        )


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Readers and a writer do not wait for each other then."""
    deadline = monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Here SQLite itself does not wait for another who is just making the file.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)


def _get(connection: sqlite3.Connection, collection: Collection, name: str) -> Stored | None:
    if not is_id(name):  # An id from outside may be anything; it is no document's.
        return None
    sql = f"SELECT id, document, version FROM {collection} WHERE id = ?"  # noqa: S608
    row = connection.execute(sql, [name]).fetchone()
    return row and _stored(row)


def _write(connection: sqlite3.Connection, write: Write, document: str) -> int:
    if write.version is None:
        version = 1
        sql = f"INSERT INTO {write.collection} VALUES (?, ?, ?) ON CONFLICT DO NOTHING"  # noqa: S608
        done = connection.execute(sql, [write.id, document, version])
    else:
        version = write.version + 1
        sql = (
            f"UPDATE {write.collection} SET document = ?, version = ? WHERE id = ? AND version = ?"  # noqa: S608
        )
        done = connection.execute(sql, [document, version, write.id, write.version])
    if not done.rowcount:
        wanted = "no document yet" if write.version is None else f"version {write.version}"
        raise ConflictError(f"{write.collection}/{write.id}: wanted {wanted}, got another")
    return version


def _stored(row: Row) -> Stored:
    return Stored(id=row[0], document=_from_json(row[1]), version=row[2])


def _to_json(document: Mapping[str, Any]) -> str:
    return json.dumps(dict(document), ensure_ascii=False, separators=(",", ":"), default=_encode)


def _encode(value: datetime | bytes) -> str | dict[str, str]:
    if isinstance(value, datetime):
        return format_timestamp(value)
    return {_BYTES: base64.b64encode(value).decode()}


def _from_json(text: str) -> dict[str, Any]:
    # Looking at each map takes thrice the time, and few documents have bytes.
    has_bytes = isinstance(text, str) and f'"{_BYTES}"' in text
    return document_of(text, "the store of labels", _decode if has_bytes else None)


def _decode(value: dict[str, Any]) -> Any:
    return base64.b64decode(value[_BYTES]) if _BYTES in value else value
