"""Keeps a place's ledgers as tables in a file: a place that was seen before is there at once.

The file is a copy, in the cache folder of the user alone: what lies in a place may come from people
whom one does not know. It has the stamp of each ledger file that it was made from. Whoever deletes
it loses time and nothing else. `vidset forget` deletes it.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from vidset.engines.engine import Report, Work
from vidset.engines.processes import Processes
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.rows import LedgerRows, in_batches
from vidset.ledger.stamps import Stamps
from vidset.storage.writing import unfinished_name
from vidset.view.filling import NUMBERED, create_table, insert

# Fewer videos are read as quickly.
LEAST_VIDEOS = 64
# So large a part of the videos may have come since then; they are read beside it.
_MOST_NEW = 0.2
_MEMORY = "512MB"
# What was added is held in memory until so many rows are written.
_WRITTEN_ROWS = 61_440
_NAME = "ledgers"
_ENDING = ".duckdb"


@dataclass(frozen=True, slots=True, eq=False)
class Snapshot:
    """A file with the tables `frames` and `videos`, as the ledgers were that have these stamps.

    Attributes:
        frames: how many there are; their numbers `n` go from 0 on.
    """

    path: Path
    stamps: Mapping[str, Stamps]
    frames: int

    def is_of(self, stamps: Mapping[str, Stamps]) -> bool:
        """Return whether nothing of it has changed since then, and not much has come."""
        is_there = all(stamps.get(key) == each for key, each in self.stamps.items())
        return is_there and len(stamps) - len(self.stamps) <= _MOST_NEW * len(self.stamps)


def read_snapshot(folder: Path) -> Snapshot | None:
    """Return what was kept in a folder; None where nothing is, or it cannot be used."""
    path = folder / _name()
    if not path.is_file():
        return None
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            rows = connection.execute("SELECT key, videos, frames FROM stamps").fetchall()
            found = connection.execute("SELECT COUNT(*) FROM frames").fetchone()
    except duckdb.Error:  # It is damaged, or of a killed machine: it is made anew.
        return None
    stamps = {key: Stamps(videos, frames) for key, videos, frames in rows}
    return Snapshot(path, stamps, found[0] if found else 0)


def make_snapshot(place: str, folder: Path, check: Callable[[], None]) -> Snapshot | None:
    """Keep a place's ledgers, in place of what was kept. Returns it, as `read_snapshot` does.

    A process of its own does so, which gives back all memory that this took.

    Args:
        folder: of the user's own.
        check: is called now and then, and may raise to stop it.

    Raises:
        TaskError: a ledger cannot be read, the folder not be written to, or the disk is full.
        TaskLostError: the process died.
    """
    with Processes(1, _open_writing) as processes:
        processes.run((place, folder), lambda _: check())
    return read_snapshot(folder)


def _open_writing() -> Work:
    return _write_snapshot


def _write_snapshot(task: tuple[str, Path], report: Report) -> None:
    place, folder = task
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _clear(folder)
    path = folder / _name()
    unfinished = folder / unfinished_name(path.name)
    try:
        _write(unfinished, LedgerRows(place), report)
        os.replace(unfinished, path)
    finally:
        for each in (unfinished, unfinished.with_name(f"{unfinished.name}.wal")):
            with suppress(FileNotFoundError):
                each.unlink()


def _write(path: Path, rows: LedgerRows, report: Report) -> None:
    config: dict[str, Any] = {"memory_limit": _MEMORY, "temp_directory": "", "threads": 1}
    waiting = 0
    with duckdb.connect(str(path), config=config) as connection:
        path.chmod(0o600)
        connection.execute("CREATE SEQUENCE numbers START 0 MINVALUE 0")
        create_table(connection, "frames", FRAMES, is_numbered=True)
        create_table(connection, "videos", VIDEOS)
        with_frames = [key for key, stamps in rows.stamps.items() if stamps.frames]
        for table in in_batches(rows.frames(FRAMES.names, with_frames)):
            report(len(table))
            insert(connection, "frames", table, select=NUMBERED)
            waiting += len(table)
            del table
            pa.default_memory_pool().release_unused()
            if waiting >= _WRITTEN_ROWS:
                connection.execute("CHECKPOINT")
                waiting = 0
        for table in in_batches(rows.videos(VIDEOS.names, list(rows.stamps))):
            insert(connection, "videos", table)
        connection.register("new_rows", _table(rows.stamps))
        connection.execute("CREATE TABLE stamps AS FROM new_rows")
        connection.unregister("new_rows")


def _table(stamps: Mapping[str, Stamps]) -> pa.Table:
    columns: dict[str, Iterable[str]] = {
        "key": list(stamps),
        "videos": [each.videos for each in stamps.values()],
        "frames": [each.frames for each in stamps.values()],
    }
    return pa.table(columns, schema=pa.schema([(name, pa.string()) for name in columns]))


def _name() -> str:
    """Another DuckDB, or other columns of the ledgers, have a file of another name."""
    known = f"{duckdb.__version__}\n{FRAMES}\n{VIDEOS}"
    return f"{_NAME}-{hashlib.sha256(known.encode()).hexdigest()[:16]}{_ENDING}"


def _clear(folder: Path) -> None:
    """Delete what another vidset, or one that was killed, has left. Who reads it still has it."""
    for each in folder.iterdir():
        if each.name.lstrip(".").startswith(f"{_NAME}-") and each.name != _name():
            with suppress(FileNotFoundError):
                each.unlink()
