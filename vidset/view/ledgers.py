"""A place's ledgers as Arrow tables, as far as they have not been read yet."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

_AT_ONCE = 16


@dataclass(frozen=True, slots=True, eq=False)
class Ledgers:
    """Rows of both ledgers, and the files that hold them, with what tells one from another."""

    videos: pa.Table
    frames: pa.Table
    files: dict[str, str]


def read_ledgers(place: str, known: dict[str, str]) -> Ledgers | None:
    """Read what the known files do not hold; None if a known file has changed or gone.

    A video counts once its row is there, which is written after its samples.

    Args:
        known: what an earlier call returned as `files`.
    """
    videos, frames = open_store(f"{place}/videos"), open_store(f"{place}/frames")
    files = _files(videos)
    if any(files.get(name) != stamp for name, stamp in known.items()):
        return None
    new = [name for name in files if name not in known]
    there = set(_files(frames)) if new else set()
    return Ledgers(
        _read(videos, new, VIDEOS),
        _read(frames, [name for name in new if name in there], FRAMES),
        files,
    )


def _files(store: ObjectStore) -> dict[str, str]:
    try:
        return {
            each.name: f"{each.size_bytes} {each.stamp}"
            for each in store.list()
            if each.name.endswith(".parquet")
        }
    except FileNotFoundError:
        return {}


def _read(store: ObjectStore, names: Sequence[str], schema: pa.Schema) -> pa.Table:
    """Columns that older files lack are null."""
    if not names:
        return schema.empty_table()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        tables = pool.map(lambda name: _as(read_parquet(store.read(name)), schema), names)
        return pa.concat_tables(tables)


def _as(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table with the schema's columns."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.table(columns, names=schema.names)
