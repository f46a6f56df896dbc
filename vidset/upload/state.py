"""What a collector remembers over restarts: one SQLite file in a folder for its user alone.

Losing it loses no recording: they are hashed again, and uploads under way begin anew.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vidset.upload.identity import Identity
from vidset.upload.naming import key_of
from vidset.upload.source import Digests

# Paths are bytes: not every file's name is text.
_TABLES = """
CREATE TABLE IF NOT EXISTS digests (
  path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER,
  sha256 BLOB, crc32c BLOB, blocks BLOB);
CREATE TABLE IF NOT EXISTS names (
  place TEXT, collector TEXT, sha256 BLOB, name TEXT, PRIMARY KEY (place, collector, sha256));
CREATE TABLE IF NOT EXISTS sessions (uri TEXT PRIMARY KEY, token TEXT);
CREATE TABLE IF NOT EXISTS done (
  place TEXT, path BLOB, size INTEGER, mtime_ns INTEGER, inode INTEGER,
  PRIMARY KEY (place, path));
"""


class State:
    """Shared by all processes of this user that name the same folder.

    Raises:
        ValueError: the folder cannot be made, or is open to others.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            (folder / "locks").mkdir(mode=0o700, exist_ok=True)
            mode = folder.stat().st_mode & 0o777
            if mode & 0o077:  # It holds what can write objects.
                raise ValueError(f"--state {folder}: wanted mode 700, got {mode:o}: chmod 700 it")
            descriptor = os.open(folder / "state.sqlite", os.O_RDWR | os.O_CREAT, 0o600)
            os.close(descriptor)
            self._database = sqlite3.connect(
                folder / "state.sqlite", timeout=60, isolation_level=None
            )
            self._database.executescript(_TABLES)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"--state {folder}: {error}") from None

    def close(self) -> None:
        self._database.close()

    def digests(self, path: Path, identity: Identity) -> Digests | None:
        """Of the file, if it is still the one that was read."""
        found = self._database.execute(
            "SELECT sha256, crc32c, blocks FROM digests "
            "WHERE (path, size, mtime_ns, inode) = (?, ?, ?, ?)",
            (os.fsencode(path), *_columns(identity)),
        ).fetchone()
        return found and Digests(*found)

    def keep_digests(self, path: Path, identity: Identity, digests: Digests) -> None:
        self._write(
            "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?)",
            *(os.fsencode(path), *_columns(identity)),
            *(digests.sha256, digests.crc32c, digests.blocks),
        )

    def name(self, place: str, collector: str, sha256: bytes, proposed: str) -> str:
        """The name that this content got first. A copy with another mtime keeps it."""
        self._write(
            "INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)", place, collector, sha256, proposed
        )
        return self._database.execute(
            "SELECT name FROM names WHERE (place, collector, sha256) = (?, ?, ?)",
            (place, collector, sha256),
        ).fetchone()[0]

    def token(self, uri: str) -> str | None:
        """Of the upload to this uri that is under way."""
        found = self._database.execute(
            "SELECT token FROM sessions WHERE uri = ?", (uri,)
        ).fetchone()
        return found and found[0]

    def keep_token(self, uri: str, token: str) -> None:
        self._write("INSERT OR REPLACE INTO sessions VALUES (?, ?)", uri, token)

    def forget_token(self, uri: str) -> None:
        self._write("DELETE FROM sessions WHERE uri = ?", uri)

    def is_done(self, place: str, path: Path, identity: Identity) -> bool:
        return bool(
            self._database.execute(
                "SELECT 1 FROM done WHERE (place, path, size, mtime_ns, inode) = (?, ?, ?, ?, ?)",
                (place, os.fsencode(path), *_columns(identity)),
            ).fetchone()
        )

    def keep_done(self, place: str, path: Path, identity: Identity) -> None:
        self._write(
            "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?)",
            *(place, os.fsencode(path), *_columns(identity)),
        )

    @contextmanager
    def locked(self, uri: str) -> Iterator[None]:
        """For one process of this machine at a time; others wait."""
        with (self._folder / "locks" / key_of(uri)).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _write(self, statement: str, *values: object) -> None:
        self._database.execute(statement, values)


def _columns(identity: Identity) -> tuple[int, int, int]:
    return identity.size_bytes, identity.mtime_ns, identity.inode
