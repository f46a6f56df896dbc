"""A copy of an SQLite store in one file, made and put back while the store is served."""

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from vidset.labeling.stores.sqlite import APPLICATION
from vidset.labeling.stores.sqlite_schema import check_store_file, check_store_schema
from vidset.storage.writing import sync_file, sync_folder

# Few pages at a time, so that those who write meanwhile need not wait.
_PAGES = 256
Report = Callable[[int, int], None]


def backup_store(store: Path, file: Path, report: Report | None = None) -> int:
    """Copy the store into `file`, which must not exist. Returns the number of bytes.

    What is committed while the copy is made is in it as well, or not at all. The file appears when
    it is whole: stopped halfway, this leaves nothing under its name.

    Args:
        report: is told how many pages are copied, and how many there are.

    Raises:
        ValueError: there is no store, or `file` exists or cannot be made.
    """
    if not store.is_file():
        raise ValueError(f"{store}: there is no store to back up")
    if file.exists():
        raise ValueError(f"{file} exists already; a backup replaces nothing")
    part = file.with_name(f"{file.name}.part")
    try:
        part.unlink(missing_ok=True)
        with closing(_opened(store)) as source, closing(sqlite3.connect(part)) as copy:
            _check_is_store(source, store)
            source.backup(copy, pages=_PAGES, progress=_progress(report))
            copy.execute("PRAGMA journal_mode = DELETE")  # One file, with no log beside it.
            _check_is_whole(copy, part)
        part.chmod(0o600)
        sync_file(part)
        os.link(part, file)  # Unlike a rename, it replaces nothing.
        sync_folder(file.parent)
    except OSError as error:
        raise ValueError(f"{file}: the backup cannot be written: {error.strerror}") from None
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def restore_store(file: Path, store: Path, report: Report | None = None) -> None:
    """Put a backup in the place of a store, in one step for all who use the store.

    A store that is there is replaced: back it up first.

    Raises:
        ValueError: `file` is no whole backup of a store, or the store cannot be written.
    """
    if not file.is_file():
        raise ValueError(f"{file}: there is no such backup")
    with closing(_opened(file)) as source:
        _check_is_store(source, file)
        _check_is_whole(source, file)
        try:
            store.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(store, os.O_RDWR | os.O_CREAT, 0o600))
        except OSError as error:
            raise ValueError(f"{store}: it cannot be written: {error.strerror}") from None
        with closing(sqlite3.connect(store, timeout=30)) as target:
            source.backup(target, progress=_progress(report))


def store_file(uri: str) -> Path:
    """Return the file of a store by its uri. Raises ValueError for a store that is no file."""
    scheme, _, path = uri.partition(":")
    if scheme != "sqlite" or not path:
        raise ValueError(f"{uri}: only a store in a file (sqlite:PATH) is backed up and restored")
    return Path(path).expanduser().absolute()


def _opened(path: Path) -> sqlite3.Connection:
    """Open a database to read from it alone."""
    check_store_file(path)
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)


def _check_is_store(connection: sqlite3.Connection, path: Path) -> None:
    try:
        [application] = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is no store of vidset: {error}") from None
    if application != APPLICATION:
        raise ValueError(f"{path} is no store of vidset: another program's database")
    try:
        check_store_schema(connection, path)
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _check_is_whole(connection: sqlite3.Connection, path: Path) -> None:
    try:
        [result] = connection.execute("PRAGMA integrity_check(1)").fetchone()
    except sqlite3.DatabaseError as error:
        result = str(error)
    if result != "ok":
        raise ValueError(f"{path} is damaged: {result}")


def _progress(report: Report | None) -> Callable[[int, int, int], None]:
    return lambda _, left, all_pages: report(all_pages - left, all_pages) if report else None
