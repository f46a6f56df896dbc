"""The ingest's ledgers, packed or file by file, gathered into the warehouse's tables.

A query over thousands of small files would have to open each of them.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.elements import ledger_key
from vidset.ledger.packing import leave_packs
from vidset.ledger.rows import LedgerRows, Rows, in_batches
from vidset.memory import give_back
from vidset.parquet import read_parquet
from vidset.tables.schemas import tables
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.parts import Placed, divide, stage_parts

_KNOWN = pa.schema([("key", pa.string()), ("stamp", pa.string())])


def gather_ledgers(warehouse: ParquetWarehouse, out: str) -> int:
    """Bring `frames` and `videos` to what the ledgers below `out` say; how many videos changed.

    Only ledgers that are new or were replaced are read. Videos whose files are gone leave the
    tables.

    Raises:
        ValueError: a ledger file cannot be read.
    """
    rows = LedgerRows(out)
    found = {key: stamps.videos for key, stamps in rows.stamps.items()}
    with warehouse.locked():
        known = _known(warehouse)
        gone = known.keys() - found.keys()
        if gone:
            _leave_out(warehouse, gone)
        changed = [key for key, stamp in found.items() if known.get(key) != stamp]
        if changed or (not known and warehouse.has_rows("videos")):
            placed: list[Placed] = []
            videos = _stage(warehouse, "videos", _noted(rows, changed, placed, warehouse))
            parts = None if known else divide(placed)
            frames = rows.frames(warehouse.schema(tables()["frames"]).names, changed)
            # The frames come first: a video counts when its own row is there.
            if parts is None:
                staged = _stage(warehouse, "frames", frames)
                warehouse.gather(tables()["frames"], staged, anew=not known)
            else:
                staged = _stage_in_parts(warehouse, frames, parts)
                warehouse.gather_in_order(tables()["frames"], staged)
            warehouse.gather(tables()["videos"], videos, anew=not known)
        if gone or changed or not known:
            _remember(warehouse, found)
    give_back()
    leave_packs(out, rows)
    return len(changed) + len(gone)


def _leave_out(warehouse: ParquetWarehouse, gone: set[str]) -> None:
    """Take the videos with these keys out of the tables."""
    uris, generations = [], []
    videos = warehouse.read("videos", ["video_uri", "generation"])
    for uri, generation in zip(*(column.to_pylist() for column in videos.columns), strict=True):
        if ledger_key(uri, generation) in gone:
            uris.append(uri)
            generations.append(generation)
    if uris:
        rows = pa.table({"video_uri": uris, "generation": generations})
        # The videos go first: without its own row a video does not count.
        for name in "videos", "frames":
            warehouse.leave_out(tables()[name], rows)


def _noted(
    rows: LedgerRows, keys: Sequence[str], placed: list[Placed], warehouse: ParquetWarehouse
) -> Iterator[Rows]:
    """Yield the rows of `videos`, and note where each video stands in the order of the tables."""
    for some in rows.videos(warehouse.schema(tables()["videos"]).names, keys):
        for key, table in some.each():
            row = table.slice(0, 1).select(["uploaded_at", "video_uri", "samples"]).to_pylist()
            placed.append(_placed(key, **row[0]) if row else Placed(key, None, "", 0))
        yield some


def _placed(key: str, uploaded_at: datetime | None, video_uri: str, samples: int) -> Placed:
    return Placed(key, uploaded_at and uploaded_at.astimezone(UTC).date(), video_uri, samples)


def _stage_in_parts(
    warehouse: ParquetWarehouse, found: Iterator[Rows], parts: Mapping[str, int]
) -> list[str]:
    number = max(parts.values(), default=-1) + 1
    paths = [_path(warehouse, "frames") for _ in range(number)]
    try:
        stage_parts(found, parts, warehouse.schema(tables()["frames"]), paths)
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise ValueError(f"the ledger of frames cannot be read: {error}") from None
    return list(map(str, paths))


def _path(warehouse: ParquetWarehouse, table: str) -> Path:
    path = warehouse.staging / f"{table}-{uuid.uuid4().hex}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _stage(warehouse: ParquetWarehouse, table: str, found: Iterator[Rows]) -> list[str]:
    """Write the rows into one large file with the table's columns."""
    schema, path = warehouse.schema(tables()[table]), _path(warehouse, table)
    try:
        with pq.ParquetWriter(path, schema, compression="lz4") as writer:
            for batch in in_batches(found):
                writer.write_table(batch.cast(schema))
                # Arrow keeps what it has freed, a hundred megabytes here, and DuckDB comes next.
                pa.default_memory_pool().release_unused()
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise ValueError(f"the ledger of {table} cannot be read: {error}") from None
    return [str(path)]


def _known(warehouse: ParquetWarehouse) -> Mapping[str, str]:
    try:
        rows = read_parquet(warehouse.folder / "ledger_files.parquet")
    except FileNotFoundError:
        return {}
    if not rows.schema.equals(_KNOWN):
        return {}  # Of nobody's making: everything is gathered anew, and it is replaced.
    return dict(zip(rows["key"].to_pylist(), rows["stamp"].to_pylist(), strict=True))


def _remember(warehouse: ParquetWarehouse, found: Mapping[str, str]) -> None:
    rows = pa.table([list(found), list(found.values())], schema=_KNOWN)
    warehouse.put(warehouse.folder / "ledger_files.parquet", rows)
