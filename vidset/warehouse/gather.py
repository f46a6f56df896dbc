"""The ingest's ledgers, packed or file by file, gathered into the warehouse's tables.

A query over thousands of small files would have to open each of them.
"""

import uuid
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.elements import ledger_key
from vidset.ledger.packing import leave_packs
from vidset.ledger.rows import LedgerRows, in_batches
from vidset.parquet import read_parquet
from vidset.tables.schemas import tables
from vidset.warehouse.folder import ParquetWarehouse

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
            staged = {name: _stage(warehouse, rows, name, changed) for name in ("frames", "videos")}
            # The frames come first: a video counts when its own row is there.
            for name, files in staged.items():
                warehouse.gather(tables()[name], files, anew=not known)
        if gone or changed or not known:
            _remember(warehouse, found)
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


def _stage(
    warehouse: ParquetWarehouse, rows: LedgerRows, table: str, keys: Sequence[str]
) -> list[str]:
    """Write the rows into one large file with the table's columns; none where there are none."""
    schema = warehouse.schema(tables()[table])
    try:
        found = (
            rows.frames(schema.names, keys)
            if table == "frames"
            else rows.videos(schema.names, keys)
        )
        path = warehouse.staging / f"{table}-{uuid.uuid4().hex}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
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
