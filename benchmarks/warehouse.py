"""The warehouse: exports of 100,000 annotation documents, and questions over a million frames."""

import json
import multiprocessing
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dataflow.documents import Part, all_parts, open_documents
from dataflow.naming import image_id
from dataflow.tables import tables
from dataflow.warehouse_duckdb import make_views, open_duckdb, ordering, quoted
from dataflow.warehouse_parquet import ParquetWarehouse
from labeling.annotation import Annotation, Box, LabeledObject
from labeling.store import Write
from labeling.store_sqlite import SqliteStore
from tests.emulators.firestore import firestore_server
from vidset.warehouse.export import Places, Request, Summary, export

DOCUMENTS, CHANGED, OBJECTS = 100_000, 100, 5
FIRESTORE_DOCUMENTS, PROJECT = 20_000, "benchmark-1"
FRAMES, VIDEOS, MEMORY = 1_000_000, 2_000, "512MB"
_WRITES = 300
_PROCESSES = os.cpu_count() or 1


def run(_: Sequence[Path]) -> None:
    """Without videos."""
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
    command = [sys.executable, "-m", "vidset", "export", "--quiet", "--store", str(request.store)]
    began = time.perf_counter()
    subprocess.run([*command, "--warehouse", str(request.warehouse)], check=True)
    print(f"  the command, with Python's start: {time.perf_counter() - began:.2f} s")
    size = sum(path.stat().st_size for path in (folder / "warehouse").rglob("*.parquet"))
    print(f"  {size / DOCUMENTS:.0f} bytes a document\n")


def from_firestore(folder: Path) -> None:
    from labeling.store_firestore import FirestoreStore

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
    summary = export(request, Places.of(request))
    found = time.perf_counter() - began, _cpu_seconds() - cpu
    assert summary.tables["annotations"].changed == changed, summary
    return found


def timed_into(request: Request, warehouse: Path) -> Summary:
    into = Request(None, request.store, str(warehouse))
    summary = export(into, Places.of(into))
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


def documents(
    number: int, start: int = 0, revision: int = 1, written_at: datetime | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of a hundred days up to yesterday."""
    dice, yesterday = random.Random(start), datetime.now(UTC) - timedelta(days=1)
    for place in range(start, start + number):
        name = f"cam{place % 40}/drive-{place // 50}/1700000000000000/{place:010d}.jpg"
        labels = tuple(
            LabeledObject(
                id=f"{place}-{each}",
                label=dice.choice(["car", "person", "bus", "bicycle"]),
                type="box",
                box=Box(*(round(dice.uniform(1, 900), 2) for _ in range(4))),
                attributes={"occluded": "no"},
            )
            for each in range(OBJECTS)
        )
        moment = yesterday - timedelta(seconds=86.4 * (place % DOCUMENTS))
        document = Annotation(
            image_id=image_id(name),
            image_uri=f"gs://images/{name}",
            image_width=1920,
            image_height=1080,
            objects=labels,
            vendor="scale",
            vendor_task_id=f"task-{place}",
            annotator="annotator",
            state="labeled",
            revision=revision,
            updated_at=moment,
            written_at=written_at or moment,
        ).to_document()
        yield document["image_id"], document


def put(store: Any, named: Iterator[tuple[str, dict[str, Any]]]) -> None:
    """Store them, whatever was there."""
    items = list(named)
    for start in range(0, len(items), _WRITES):
        some = items[start : start + _WRITES]
        there = store.get(*(("annotations", name) for name, _ in some))
        writes = [
            Write("annotations", name, document, stored.version if stored else None)
            for (name, document), stored in zip(some, there, strict=True)
        ]
        store.commit(writes)


def make_million(folder: Path) -> None:
    """2,000 videos with 500 samples, of which 2 in 5 are kept, and a quarter of these labeled."""
    ParquetWarehouse(str(folder)).prepare()
    with open_duckdb("4GB", str(folder)) as connection:
        for table, query in _million().items():
            named = tables()[table]
            path = folder / table / "00000001-base.parquet"
            connection.execute(f"CREATE TABLE made_{table} AS {query}")
            connection.execute(
                f"COPY (SELECT {', '.join(named.names)} FROM made_{table} {ordering(named)}) "  # noqa: S608
                f"TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)"
            )


def _million() -> dict[str, str]:
    samples = FRAMES // VIDEOS
    number = f"(video * {samples} + sample)"
    kept = "sample % 5 < 2"
    box = "{'x': random() * 900, 'y': random() * 900, 'width': 50.5, 'height': 20.25}"
    one = (
        "{'id': each::VARCHAR, 'label': ['car', 'person', 'bus'][1 + each % 3], 'type': 'box', "
        f"'box': {box}, 'points': []::STRUCT(x DOUBLE, y DOUBLE)[], "
        "'attributes': [{'name': 'occluded', 'value': '\"no\"'}]}"
    )
    frames = f"""
        SELECT 'gs://uploads/cam' || video % 40 || '/drive-' || video || '.mp4' AS video_uri,
          '17000000000' || video AS generation, 'cam' || video % 40 AS collector_id,
          sample::DOUBLE AS pts_seconds, {kept} AS kept,
          CASE WHEN {kept} THEN 'kept' ELSE 'near_duplicate' END AS reason,
          random() AS ssim, random() * 30 AS local_change, random() * 200 AS sharpness,
          random() * 255 AS brightness, md5({number}::VARCHAR)[:16] AS phash,
          1920::BIGINT AS width, 1080::BIGINT AS height,
          CASE WHEN {kept} THEN md5('i' || {number}) END AS image_id,
          CASE WHEN {kept} THEN 'gs://images/cam' || video % 40 || '/drive-' || video
            || '/17000000000' || video || '/' || printf('%010d', sample * 1000) || '.jpg'
          END AS image_uri,
          CASE WHEN {kept} THEN sha256('i' || {number}) END AS image_sha256, 's' AS settings_id,
          1.0::DOUBLE AS period_seconds, 0.9::DOUBLE AS similarity_threshold,
          5::BIGINT AS kept_at, 5::BIGINT AS kept_at_2, 5::BIGINT AS kept_at_5,
          5::BIGINT AS kept_at_10,
          TIMESTAMPTZ '2026-01-01 00:00:00+00' + to_hours(video) AS uploaded_at
        FROM range({VIDEOS}) AS videos(video), range({samples}) AS samples(sample)"""  # noqa: S608
    labeled = "FROM made_frames WHERE kept AND pts_seconds % 4 = 0"
    return {
        "frames": frames,
        "videos": """
            SELECT video_uri, generation, any_value(collector_id) AS collector_id,
              1000::BIGINT AS size_bytes, 'mp4' AS container, 'h264' AS codec,
              1920::BIGINT AS width, 1080::BIGINT AS height, 0::BIGINT AS rotation,
              '1:1' AS sample_aspect_ratio, 500.0::DOUBLE AS duration_seconds,
              count(*) AS samples, count(image_id) AS kept, 'done' AS status,
              NULL::VARCHAR AS "error", 's' AS settings_id, any_value(uploaded_at) AS uploaded_at
            FROM made_frames GROUP BY 1, 2""",
        "annotations": f"""
            SELECT image_id, image_uri, width AS image_width, height AS image_height,
              'labeled' AS state, [{one} FOR each IN range({OBJECTS})] AS objects,
              'scale' AS vendor, 't' AS vendor_task_id, 'a' AS annotator, 1::BIGINT AS revision,
              uploaded_at AS updated_at, uploaded_at AS written_at {labeled}""",
        "tasks": f"""
            SELECT image_id, image_uri, width AS image_width, height AS image_height,
              'completed' AS state, 'scale' AS vendor, 't' AS vendor_task_id,
              1::BIGINT AS attempts, 0.08::DOUBLE AS cost, uploaded_at::DATE AS booked_on,
              uploaded_at AS requested_at, uploaded_at AS dispatched_at,
              uploaded_at AS completed_at, NULL::TIMESTAMPTZ AS due_at,
              NULL::VARCHAR AS "error", uploaded_at AS written_at {labeled}""",
    }


def _cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


if __name__ == "__main__":
    ask(*sys.argv[1:])
