"""A SQLite file that is good to have and no reason to stop: it may be damaged, or its disk full."""

import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

_CANNOT_WRITE = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY}
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY = 0xFF  # Of an error's code; the rest is detail.


class Database:
    """What cannot be written is kept in memory until something can be written again.

    A file that is damaged, or another release's, is put aside and begun anew. That is seen when it
    is opened, and for one process at a time.

    Args:
        tables: the columns of each, as SQL.
        tell: gets what a person should know: a path and a text.

    Raises:
        sqlite3.Error, OSError: it cannot be opened.
    """

    def __init__(self, path: Path, tables: Mapping[str, str], tell: Callable[[Path, str], None]):
        self._path, self._tell = path, tell
        self._memory: sqlite3.Connection | None = None
        self._unwritten: list[tuple[str, tuple[object, ...]]] = []
        self._disk = _open(path)
        if not _is_ours(self._disk, tables):
            self._disk.close()
            _put_aside(path, tell)
            self._disk = _open(path)
        for table, columns in tables.items():
            self.write(f"CREATE TABLE IF NOT EXISTS {table} ({columns})")

    def close(self) -> None:
        self._disk.close()

    def read(self, query: str, *values: object) -> tuple[Any, ...] | None:
        """The first row."""
        return (self._memory or self._disk).execute(query, values).fetchone()

    def write(self, statement: str, *values: object) -> None:
        self._unwritten.append((statement, values))
        try:
            with self._disk:
                for each in self._unwritten:
                    self._disk.execute(*each)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & _PRIMARY not in _CANNOT_WRITE:
                raise
            if self._memory is None:
                self._tell(self._path, f"{error}: what it is to remember is kept in memory")
                self._memory = sqlite3.connect(":memory:", isolation_level=None)
                self._disk.backup(self._memory)
            self._memory.execute(statement, values)
        else:
            self._unwritten.clear()
            self._memory = None


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    return sqlite3.connect(path, timeout=60)


def _is_ours(database: sqlite3.Connection, tables: Mapping[str, str]) -> bool:
    """Whether it is whole, and each of the tables has these columns, or is not there yet."""
    wanted = sqlite3.connect(":memory:")
    try:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            return False
        for table, columns in tables.items():
            wanted.execute(f"CREATE TABLE {table} ({columns})")
            if _columns(database, table) not in ([], _columns(wanted, table)):
                return False
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
