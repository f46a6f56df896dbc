"""A SQLite file that is good to have and no reason to stop.

It may be damaged, locked by a program that hangs, or its disk may be full, at any time.
"""

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_CANNOT_WRITE = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_READONLY,
    }
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR})
_PRIMARY = 0xFF  # Of an error's code; the rest is detail.
_LOCKED_SECONDS = 10.0


class Database:
    """A database that keeps in memory what cannot be written, until it can be again.

    A file that is damaged is put aside and begun again, when it is opened or whenever it is seen.

    Args:
        tables: the columns of each, as SQL.
        tell: gets what a person should know: a path and a text.
        begun_anew: tables that are emptied where an earlier release gave them fewer columns.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        tables: Mapping[str, str],
        tell: Callable[[Path, str], None],
        begun_anew: frozenset[str] = frozenset(),
    ):
        self._path, self._tables, self._tell = path, tables, tell
        self._memory: sqlite3.Connection | None = None
        self._unwritten: list[tuple[str, tuple[object, ...]]] = []
        self._disk = _open(path)
        if not _is_ours(self._disk, tables, begun_anew):
            self._disk.close()
            _put_aside(path, tell)
            self._disk = _open(path)
        self._create()

    def close(self) -> None:
        self._disk.close()

    def read(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row."""
        try:
            return (self._memory or self._disk).execute(query, values).fetchone()
        except sqlite3.DatabaseError as error:
            self._recover(error)
        return (self._memory or self._disk).execute(query, values).fetchone()

    def write(self, statement: str, *values: object) -> None:
        self._unwritten.append((statement, values))
        try:
            self._write_all()
        except sqlite3.DatabaseError as error:
            self._recover(error)
            if self._memory is not None:
                self._memory.execute(statement, values)
            else:
                self._write_all()

    def _write_all(self) -> None:
        with self._disk:
            for each in self._unwritten:
                self._disk.execute(*each)
        self._unwritten.clear()
        self._memory = None

    def _create(self) -> None:
        for table, columns in self._tables.items():
            self.write(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def _recover(self, error: sqlite3.DatabaseError) -> None:
        """Go on in memory, or with a new file.

        Raises:
            sqlite3.DatabaseError: neither helps: it is a fault of ours.
        """
        code = error.sqlite_errorcode & _PRIMARY
        if code in _CANNOT_WRITE:
            if self._memory is None:
                self._tell(self._path, f"{error}: what it is to remember is kept in memory")
                self._memory = self._copied()
            return
        if code not in _DAMAGED or (code == sqlite3.SQLITE_ERROR and self._is_whole()):
            raise error
        self._disk.close()
        _put_aside(self._path, self._tell)
        self._disk = _open(self._path)
        self._memory = None
        unwritten, self._unwritten = self._unwritten, []
        self._create()
        self._unwritten = unwritten

    def _copied(self) -> sqlite3.Connection:
        """Returns what the disk has, in memory; what cannot be read is found out again."""
        memory = sqlite3.connect(":memory:", isolation_level=None)
        for table, columns in self._tables.items():
            memory.execute(f"CREATE TABLE {table} ({columns})")
        # Not by SQLite's backup: it waits for ever where the file is locked.
        self._disk.execute("PRAGMA busy_timeout = 0")
        try:
            for table in self._tables:
                rows = self._disk.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608
                if rows:
                    places = ", ".join("?" * len(rows[0]))
                    memory.executemany(f"INSERT INTO {table} VALUES ({places})", rows)  # noqa: S608
        except sqlite3.DatabaseError:
            return memory  # Less is known: recordings are hashed again, and found at the store.
        finally:
            self._disk.execute(f"PRAGMA busy_timeout = {round(_LOCKED_SECONDS * 1000)}")
        return memory

    def _is_whole(self) -> bool:
        """Returns whether the tables are there: somebody may have emptied the file."""
        return all(_columns(self._disk, table) for table in self._tables)


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return sqlite3.connect(path, timeout=_LOCKED_SECONDS)


def _is_ours(
    database: sqlite3.Connection, tables: Mapping[str, str], begun_anew: frozenset[str]
) -> bool:
    """Returns whether it is whole, and each table has these columns or is not there yet."""
    wanted = sqlite3.connect(":memory:")
    try:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            return False
        for table, columns in tables.items():
            wanted.execute(f"CREATE TABLE {table} ({columns})")
            there, ours = _columns(database, table), _columns(wanted, table)
            if there in ([], ours):
                continue
            if table not in begun_anew or not {each[1] for each in there} < {c[1] for c in ours}:
                return False
            database.execute(f"DROP TABLE {table}")
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & _PRIMARY not in _DAMAGED:
            raise
        return False
    return True


def _columns(database: sqlite3.Connection, table: str) -> list[tuple[Any, ...]]:
    return database.execute(f"PRAGMA table_info({table})").fetchall()


def _put_aside(path: Path, tell: Callable[[Path, str], None]) -> None:
    aside = path.with_name(f"{path.name}.damaged")
    path.replace(aside)
    path.with_name(f"{path.name}-journal").unlink(missing_ok=True)  # It is the other's.
    tell(path, f"damaged, or another release's: begun anew; what was there is {aside.name}")
