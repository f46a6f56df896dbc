"""Annotation documents, and a warehouse of a million frames."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from vidset.labeling.annotation import Annotation, Box, LabeledObject
from vidset.labeling.stores.store import Write
from vidset.naming import image_id
from vidset.tables.schemas import tables
from vidset.warehouse.duckdb import open_duckdb, ordering, quoted
from vidset.warehouse.folder import ParquetWarehouse

DOCUMENTS, OBJECTS = 100_000, 5
FRAMES, VIDEOS = 1_000_000, 2_000
_WRITES = 300


def documents(
    number: int, start: int = 0, revision: int = 1, written_at: datetime | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield documents of the hundred days up to yesterday."""
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
