"""The memory of a collector over restarts: one SQLite file in a folder for its user alone.

Losing it loses no recording: they are hashed again, and uploads under way begin again.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vidset.upload.database import Database
from vidset.upload.identity import Identity
from vidset.upload.link import Link
from vidset.upload.naming import key_of
from vidset.upload.source import Digests

# Paths are bytes: not every file's name is text.
_TABLES = {
    "digests": (
        "path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, inode INTEGER, ctime_ns INTEGER, "
        "sha256 BLOB, crc32c BLOB, blocks BLOB"
    ),
    "names": (
        "place TEXT, collector TEXT, sha256 BLOB, name TEXT, PRIMARY KEY (place, collector, sha256)"
    ),
    "sessions": "uri TEXT PRIMARY KEY, token TEXT",
    "done": (
        "place TEXT, path BLOB, size INTEGER, mtime_ns INTEGER, inode INTEGER, ctime_ns INTEGER, "
        "PRIMARY KEY (place, path)"
    ),
    "links": "place TEXT PRIMARY KEY, piece_bytes INTEGER, timeout_seconds REAL",
    "mounts": "folder BLOB PRIMARY KEY, mount_point BLOB",
}
# What an earlier release remembered of files lacks a column: it is read from the files again.
_READ_ANEW = frozenset({"digests", "done"})
_LOCK_BYTES = 7  # Of a hash: an offset in a file, of which each byte is a lock.


class State:
    """Shared by all processes of this user that name the same folder.

    Args:
        tell: gets what a person should know: a path and a text.

    Raises:
        ValueError: the folder cannot be made, or is open to others.
    """

    def __init__(self, folder: Path, tell: Callable[[Path, str], None]):
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            mode = folder.stat().st_mode & 0o777
            if mode & 0o077:  # It holds what can write objects.
                raise ValueError(f"--state {folder}: wanted mode 700, got {mode:o}: chmod 700 it")
            # Opened once: closing it anywhere in this process would give up its locks.
            self._locks = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
            with self.locked("state.sqlite"):
                file = folder / "state.sqlite"
                self._database = Database(file, _TABLES, tell, begun_anew=_READ_ANEW)
        except (OSError, sqlite3.Error) as error:
            raise ValueError(f"--state {folder}: {error}") from None

    def close(self) -> None:
        self._database.close()
        os.close(self._locks)

    def digests(self, path: Path, identity: Identity) -> Digests | None:
        """Return the file's checksums, if it is still the one that was read."""
        found = self._database.read(
            "SELECT sha256, crc32c, blocks FROM digests "
            "WHERE (path, size, mtime_ns, inode, ctime_ns) = (?, ?, ?, ?, ?)",
            *(os.fsencode(path), *_columns(identity)),
        )
        return Digests(*found) if found else None

    def keep_digests(self, path: Path, identity: Identity, digests: Digests) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO digests VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(os.fsencode(path), *_columns(identity)),
            *(digests.sha256, digests.crc32c, digests.blocks),
        )

    def forget_digests(self, path: Path) -> None:
        self._database.write("DELETE FROM digests WHERE path = ?", os.fsencode(path))

    def forget_file(self, place: str, path: Path) -> None:
        """Forget a file that left: a recorder may make another of its name, size and time."""
        if self.knows(path):
            self.forget_digests(path)
        row = (place, os.fsencode(path))
        if self._database.read("SELECT 1 FROM done WHERE (place, path) = (?, ?)", *row):
            self._database.write("DELETE FROM done WHERE (place, path) = (?, ?)", *row)

    def knows(self, path: Path) -> bool:
        """Returns whether checksums of a file of this name are kept, of whatever content."""
        row = self._database.read("SELECT 1 FROM digests WHERE path = ?", os.fsencode(path))
        return row is not None

    def name(self, place: str, collector: str, sha256: bytes, proposed: str) -> str:
        """Return the name that this content got first. A copy with another mtime keeps it."""
        query = "SELECT name FROM names WHERE (place, collector, sha256) = (?, ?, ?)"
        key = (place, collector, sha256)
        if found := self._database.read(query, *key):
            return found[0]
        self._database.write("INSERT OR IGNORE INTO names VALUES (?, ?, ?, ?)", *key, proposed)
        found = self._database.read(query, *key)  # Another process may have been quicker.
        return found[0] if found else proposed

    def token(self, uri: str) -> str | None:
        """Return the token of the upload to this uri that is under way."""
        found = self._database.read("SELECT token FROM sessions WHERE uri = ?", uri)
        return found[0] if found else None

    def keep_token(self, uri: str, token: str) -> None:
        self._database.write("INSERT OR REPLACE INTO sessions VALUES (?, ?)", uri, token)

    def forget_token(self, uri: str) -> None:
        if self.token(uri) is not None:
            self._database.write("DELETE FROM sessions WHERE uri = ?", uri)

    def is_done(self, place: str, path: Path, identity: Identity) -> bool:
        return bool(
            self._database.read(
                "SELECT 1 FROM done WHERE (place, path, size, mtime_ns, inode, ctime_ns) "
                "= (?, ?, ?, ?, ?, ?)",
                *(place, os.fsencode(path), *_columns(identity)),
            )
        )

    def keep_done(self, place: str, path: Path, identity: Identity) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO done VALUES (?, ?, ?, ?, ?, ?)",
            *(place, os.fsencode(path), *_columns(identity)),
        )

    def link(self, place: str) -> Link:
        """Returns what the way to this place could carry last time."""
        found = self._database.read(
            "SELECT piece_bytes, timeout_seconds FROM links WHERE place = ?", place
        )
        return Link(*found) if found else Link()

    def keep_link(self, place: str, link: Link) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO links VALUES (?, ?, ?)",
            *(place, link.piece_bytes, link.timeout_seconds),
        )

    def mount_point(self, folder: Path) -> Path | None:
        """Returns where the disk of this folder was mounted when it was last used."""
        found = self._database.read(
            "SELECT mount_point FROM mounts WHERE folder = ?", os.fsencode(folder)
        )
        return Path(os.fsdecode(found[0])) if found else None

    def keep_mount_point(self, folder: Path, mount_point: Path) -> None:
        self._database.write(
            "INSERT OR REPLACE INTO mounts VALUES (?, ?)",
            *(os.fsencode(folder), os.fsencode(mount_point)),
        )

    @contextmanager
    def locked(self, uri: str) -> Iterator[None]:
        """Locks it for one process of this machine at a time; others wait."""
        place = int(key_of(uri)[: 2 * _LOCK_BYTES], 16)
        fcntl.lockf(self._locks, fcntl.LOCK_EX, 1, place)
        try:
            yield
        finally:
            fcntl.lockf(self._locks, fcntl.LOCK_UN, 1, place)


def _columns(identity: Identity) -> tuple[int, int, int, int]:
    return identity.size_bytes, identity.mtime_ns, identity.inode, identity.ctime_ns
