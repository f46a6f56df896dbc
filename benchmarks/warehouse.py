"""The warehouse: exports of 100,000 annotation documents, and questions over a million frames."""

import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.warehouse_rows import DOCUMENTS, FRAMES, OBJECTS, documents, make_million, put
from tests.emulators.firestore import firestore_server
from vidset.documents.documents import Part, all_parts
from vidset.documents.open import open_documents
from vidset.elements import DeadLetter
from vidset.labeling.stores.sqlite import SqliteStore
from vidset.warehouse.duckdb import make_views, open_duckdb
from vidset.warehouse.sync import Places, Request, Summary, sync

CHANGED, MEMORY = 100, "512MB"
FIRESTORE_DOCUMENTS, PROJECT = 20_000, "benchmark-1"
_PROCESSES = os.cpu_count() or 1


def export(request: Request) -> Summary:
    """Malformed documents would be an error here."""
    letters: list[DeadLetter] = []
    summary = sync(request, Places.of(request), letters.append)
    if letters:
        raise ValueError(letters[0])
    return summary


def run(_: Sequence[Path]) -> None:
    """Runs without videos."""
    print("## The warehouse\n")
    for section in from_sqlite, from_firestore, questions:
        with tempfile.TemporaryDirectory() as folder:
            section(Path(folder))


def from_sqlite(folder: Path) -> None:
    store = SqliteStore(folder / "labels.sqlite")
    put(store, documents(DOCUMENTS))
    request = Request(None, f"sqlite:{folder}/labels.sqlite", str(folder / "warehouse"))
    first = timed(request, DOCUMENTS)
    print(
        f"SQLite -> Parquet: {DOCUMENTS} documents of {OBJECTS} objects in {first[0]:.2f} s, "
        f"{first[1]:.2f} CPU s: {DOCUMENTS / first[0]:.0f} documents/s (aim: 20,000)"
    )
    changed = documents(CHANGED, start=DOCUMENTS // 2, revision=2, written_at=datetime.now(UTC))
    put(store, changed)
    second = timed(request, CHANGED)
    print(
        f"  again, {CHANGED} changed: {second[0] * 1000:.0f} ms, {second[1] * 1000:.0f} CPU ms: "
        f"{second[0] / first[0]:.1%} of the first, {second[1] / first[1]:.1%} in CPU (aim: 2 %)"
    )
    third = timed(request, 0)
    print(f"  again, none changed: {third[0] * 1000:.0f} ms, {third[1] * 1000:.0f} CPU ms")
    store.close()
    command = [sys.executable, "-m", "vidset", "sync", "--quiet", "--store", str(request.store)]
    began = time.perf_counter()
    subprocess.run([*command, "--warehouse", str(request.warehouse)], check=True)
    print(f"  the command, with Python's start: {time.perf_counter() - began:.2f} s")
    size = sum(path.stat().st_size for path in (folder / "warehouse").rglob("*.parquet"))
    print(f"  {size / DOCUMENTS:.0f} bytes a document\n")


def from_firestore(folder: Path) -> None:
    from vidset.labeling.stores.firestore import FirestoreStore

    with firestore_server(folder=folder) as server:
        os.environ["FIRESTORE_EMULATOR_HOST"] = server.address
        store = FirestoreStore(PROJECT, "(default)")
        put(store, documents(FIRESTORE_DOCUMENTS))
        store.close()
        request = Request(None, f"firestore://{PROJECT}", "")
        ways: Mapping[str, Callable[[], object]] = {
            "bare parallel read, by the client library": lambda: bare_read(_by_client),
            "bare parallel read, as the export reads": lambda: bare_read(_by_messages),
            "the export, to Parquet": lambda: timed_into(request, folder / f"{time.time_ns()}"),
        }
        speeds = {name: [] for name in ways}
        for _ in range(3):
            for name, way in ways.items():
                began = time.perf_counter()
                way()
                speeds[name].append(FIRESTORE_DOCUMENTS / (time.perf_counter() - began))
    best = {name: max(each) for name, each in speeds.items()}
    bare, as_we_read, ours = best.values()
    print(f"Firestore emulator, {FIRESTORE_DOCUMENTS} documents, {_PROCESSES} processes:")
    for name, speed in best.items():
        print(f"  {name}: {speed:.0f} documents/s")
    print(f"  export / bare: {ours / bare:.0%} and {ours / as_we_read:.0%} (aim: 80 %)\n")


def questions(folder: Path) -> None:
    make_million(folder)
    print(f"{FRAMES} frames, DuckDB's memory limit {MEMORY}:")
    asked = {
        "all columns and rows": (
            "CREATE OR REPLACE TEMP TABLE t AS SELECT * FROM dataset_candidates"
        ),
        "grouped": (
            "SELECT collector_id, count(*), avg(sharpness), sum(object_count) "
            "FROM dataset_candidates GROUP BY 1"
        ),
        "filtered": (
            "SELECT image_uri, objects FROM dataset_candidates "
            "WHERE annotation_state = 'labeled' AND sharpness > 190"
        ),
        "collector_scorecard": "SELECT * FROM collector_scorecard",
        "objects by label": "SELECT label, count(*) FROM objects GROUP BY 1",
    }
    for name, query in asked.items():
        # In a process of its own: memory is what one question takes.
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.warehouse", str(folder), query],
            check=True,
            capture_output=True,
            text=True,
        )
        found = json.loads(done.stdout)
        print(
            f"  {name}: {found['seconds']:.2f} s, {found['cpu']:.2f} CPU s, "
            f"peak memory {found['megabytes']:.0f} MB"
        )
    print()


def ask(folder: str, query: str) -> None:
    with tempfile.TemporaryDirectory() as temporary, open_duckdb(MEMORY, temporary) as connection:
        connection.execute("SET threads = 2")
        make_views(connection, Path(folder))
        seconds = []
        for _ in range(3):
            began, cpu = time.perf_counter(), time.process_time()
            connection.execute(query).fetchall()
            seconds.append((time.perf_counter() - began, time.process_time() - cpu))
    # Not ru_maxrss, which a process takes over from the one that started it.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
    print(json.dumps({"seconds": min(seconds)[0], "cpu": min(seconds)[1], "megabytes": peak}))


def timed(request: Request, changed: int) -> tuple[float, float]:
    """Seconds and CPU seconds of an export, which changes so many rows."""
    began, cpu = time.perf_counter(), _cpu_seconds()
    summary = export(request)
    found = time.perf_counter() - began, _cpu_seconds() - cpu
    assert summary.tables["annotations"].changed == changed, summary
    return found


def timed_into(request: Request, warehouse: Path) -> Summary:
    into = Request(None, request.store, str(warehouse))
    summary = export(into)
    assert summary.tables["annotations"].changed == FIRESTORE_DOCUMENTS, summary
    return summary


def bare_read(read: Callable[[Part], int]) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(_PROCESSES, mp_context=context) as processes:
        found = sum(processes.map(read, all_parts("annotations", _PROCESSES)))
    assert found == FIRESTORE_DOCUMENTS, found


def _by_messages(part: Part) -> int:
    return sum(1 for _ in open_documents(f"firestore://{PROJECT}").read(part))


def _by_client(part: Part) -> int:
    from google.cloud.firestore import Client, FieldFilter

    client = Client(project=PROJECT)
    query: Any = client.collection(part.collection)
    for operator, name in (">", part.after_id), ("<=", part.up_to_id):
        if name:
            reference = client.document(part.collection, name)
            query = query.where(filter=FieldFilter("__name__", operator, reference))
    return sum(1 for snapshot in query.stream() if snapshot.to_dict())


def _cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    ask(*sys.argv[1:])
