"""The ingest job as a process of its own, and what it has written so far."""

import io
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from tests.programs.started import Started
from vidset.storage.open import open_store


@contextmanager
def running_job(log: Path, *arguments: str) -> Iterator[Started]:
    """`python -m vidset.beam.ingest_job`, killed at the end whatever happens."""
    with log.open("wb") as output:
        process = Started(arguments, output, output, module="vidset.beam.ingest_job")
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


class Process(Protocol):
    def poll(self) -> int | None: ...


def wait_for(what: Callable[[], bool], process: Process, log: Path) -> None:
    """Until it is true; fails with the job's log when the job ends or ten minutes are over."""
    deadline, asked = time.monotonic() + 600, time.monotonic()
    while not what():
        ended = process.poll() is not None
        if ended or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-4000:]
            raise AssertionError(f"the job {'ended' if ended else 'gave nothing'}:\n{tail}")
        # Looking may take long, and would take the processor from what is waited for.
        time.sleep(max(0.3, 4 * (time.monotonic() - asked)))
        asked = time.monotonic()


def rows(place: str, table: str) -> list[dict]:
    """All rows of a ledger kept in files."""
    store = open_store(place)
    tables = [
        pq.read_table(io.BytesIO(store.read(stored.name)))
        for stored in store.list(f"{table}/")
        if stored.name.endswith(".parquet")
    ]
    return [row for each in tables for row in each.to_pylist()]


def objects(place: str) -> dict[str, bytes]:
    store = open_store(place)
    return {stored.name: store.read(stored.name) for stored in store.list()}


def results(place):
    """Images by name, and all rows but for where the images are and the ids made of that."""
    tables = {name: rows(place, name) for name in ("frames", "videos")}
    for row in tables["frames"]:
        row["image_uri"] = row["image_uri"] and row["image_uri"].removeprefix(place)
        row["image_id"] = row["image_id"] and len(row["image_id"])
    in_order = {
        name: sorted(found, key=lambda row: (row["video_uri"], row.get("pts_seconds")))
        for name, found in tables.items()
    }
    return objects(f"{place}/images"), in_order
