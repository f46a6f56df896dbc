"""The ingest's ledger files, two small ones for a video, gathered into the warehouse's tables.

A query over thousands of small files would have to open each of them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa

from vidset.parquet import check_parquet, read_parquet
from vidset.storage.open import open_store
from vidset.tables.arrow import arrow_schema, as_stored
from vidset.tables.schemas import Table, tables
from vidset.warehouse.duckdb import open_duckdb, quoted
from vidset.warehouse.folder import ParquetWarehouse

# Files in one query.
_FILES = 500
_KNOWN = pa.schema([("key", pa.string()), ("stamp", pa.string())])


def gather_ledgers(warehouse: ParquetWarehouse, out: str) -> int:
    """Bring `frames` and `videos` to what the ledgers below `out` say; how many videos changed.

    Only files that are new or were replaced are read. Videos whose files are gone leave the tables.

    Raises:
        ValueError: a ledger file cannot be read.
    """
    found = dict(_list(out))
    with warehouse.locked():
        known = _known(warehouse)
        if known.keys() - found.keys():
            known = {}  # All anew.
        changed = sorted(key for key, stamp in found.items() if known.get(key) != stamp)
        if changed or (not known and warehouse.has_rows("videos")):
            staged = {name: _stage(warehouse, out, name, changed) for name in ("frames", "videos")}
            # The frames come first: a video counts when its own row is there.
            for name, files in staged.items():
                warehouse.gather(tables()[name], files, anew=not known)
        _remember(warehouse, found)
    return len(changed)


def _list(out: str) -> Iterator[tuple[str, str]]:
    """The keys of the committed videos, and what changes when their files are replaced."""
    if "://" in out:
        for stored in open_store(f"{out}/videos").list():
            if stored.name.endswith(".parquet"):
                stamp = f"{stored.size_bytes} {stored.generation}"
                yield stored.name.removesuffix(".parquet"), stamp
        return
    with os.scandir(os.path.join(out, "videos")) as entries:
        for entry in entries:
            if entry.name.endswith(".parquet"):
                status = entry.stat()
                yield entry.name.removesuffix(".parquet"), f"{status.st_size} {status.st_mtime_ns}"


@contextmanager
def _local(out: str, table: str, keys: Sequence[str]) -> Iterator[list[str]]:
    """The files on this machine."""
    if "://" not in out:
        yield [os.path.join(out, table, f"{key}.parquet") for key in keys]
        return
    store = open_store(f"{out}/{table}")
    with TemporaryDirectory() as folder:
        files = [os.path.join(folder, f"{key}.parquet") for key in keys]
        for key, file in zip(keys, files, strict=True):
            Path(file).write_bytes(store.read(f"{key}.parquet"))
        yield files


def _stage(warehouse: ParquetWarehouse, out: str, table: str, keys: Sequence[str]) -> list[str]:
    with _local(out, table, keys) as files:
        return _staged(tables()[table], files, warehouse.staging)


def _staged(table: Table, files: Sequence[str], folder: Path) -> list[str]:
    """Some large files with the table's columns: those of older releases have fewer."""
    empty, staged = arrow_schema(as_stored(table.columns)).empty_table(), []
    folder.mkdir(parents=True, exist_ok=True)
    with open_duckdb(temporary=str(folder)) as connection:
        connection.register("empty", empty)
        for start in range(0, len(files), _FILES):
            check_parquet(files[start : start + _FILES])
            some = ", ".join(map(quoted, files[start : start + _FILES]))
            path = folder / f"{table.name}-{os.getpid()}-{start}.parquet"
            query = (
                f"SELECT {', '.join(table.names)} FROM (SELECT * FROM empty UNION ALL BY NAME "  # noqa: S608
                f"SELECT * FROM read_parquet([{some}], union_by_name = true))"
            )
            try:
                connection.execute(f"COPY ({query}) TO {quoted(path)} (FORMAT parquet)")
            except duckdb.Error as error:
                raise ValueError(f"the ledger of {table.name} cannot be read: {error}") from None
            staged.append(str(path))
    return staged


def _known(warehouse: ParquetWarehouse) -> Mapping[str, str]:
    try:
        rows = read_parquet(warehouse.folder / "ledger_files.parquet")
    except FileNotFoundError:
        return {}
    return dict(zip(rows["key"].to_pylist(), rows["stamp"].to_pylist(), strict=True))


def _remember(warehouse: ParquetWarehouse, found: Mapping[str, str]) -> None:
    rows = pa.table([list(found), list(found.values())], schema=_KNOWN)
    warehouse.put(warehouse.folder / "ledger_files.parquet", rows)
