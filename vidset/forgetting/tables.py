"""Forgets rows: the warehouse's tables, in a folder and in BigQuery."""

from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
from duckdb import DuckDBPyConnection

from vidset.forgetting.step import Work
from vidset.tables.schemas import tables
from vidset.warehouse.duckdb import open_duckdb, quoted, select
from vidset.warehouse.files import find_files
from vidset.warehouse.folder import ParquetWarehouse


def forget_rows(work: Work) -> dict[str, int]:
    """Delete the rows of the videos and images.

    Raises:
        ValueError: the warehouse is neither a folder nor bq://PROJECT.DATASET, or there is none.
    """
    uri = work.records.project.warehouse
    if uri.startswith("bq://"):
        return _in_bigquery(uri, work)
    # A place in a bucket has its tables elsewhere, where they are named at all.
    if "://" in uri or not Path(uri, "annotations").is_dir():
        return {}
    warehouse, found = ParquetWarehouse(uri), dict[str, int]()
    with open_duckdb(threads=1) as connection:  # For the tables that are registered.
        for table, column, values in wanted_rows(work):
            number = _in_folder(connection, warehouse, table, column, values, is_dry=work.is_dry)
            if number:
                # A row that several columns find is counted once, as far as that can be told.
                found[f"rows of {table}"] = max(found.get(f"rows of {table}", 0), number)
    if not work.is_dry:
        # Earlier files of the tables have the rows still; so may the record of what was brought.
        warehouse.prepare()
        _forget_records(warehouse)
    return found


def wanted_rows(work: Work) -> list[tuple[str, str, list[str]]]:
    """Return which rows are the videos': (table, column, values).

    A table of which nothing is known here is covered as well, by the columns that name an image or
    a video. Rows of another generation of a video with the same uri go, too; the next sync brings
    back those that the ledger still has. Where the tables are the ledger themselves, its own rows
    are found by uri and generation, and only so: no other video loses any.
    """
    journal = work.journal
    values = {
        "image_id": sorted(journal.image_names),
        "image_sha256": sorted(journal.hashes),
        "origin": sorted(journal.hashes),
        "video_uri": sorted({each.uri for each in journal.videos}),
    }
    of_ledger: tuple[str, list[str]] | None = None
    if work.records.project.given_ledger is not None:
        from vidset.bigquery import VIDEO_KEY

        of_ledger = VIDEO_KEY, sorted(each.full for each in journal.videos)
    found = [("slices", "slice_value", sorted(journal.names))]
    for table in tables().values():
        if of_ledger is not None and "generation" in table.names:
            found.append((table.name, *of_ledger))
            continue
        found += [
            (table.name, name, wanted) for name, wanted in values.items() if name in table.names
        ]
    # Without its own row a video does not count: it goes first.
    return sorted(found, key=lambda each: each[0] == "frames")


def _in_folder(
    connection: DuckDBPyConnection,
    warehouse: ParquetWarehouse,
    name: str,
    column: str,
    values: list[str],
    *,
    is_dry: bool,
) -> int:
    table = tables()[name]
    files = find_files(warehouse.folder / name)
    if files.base is None or not values:
        return 0
    gone = pa.table({column: values})
    connection.register("gone", gone)
    rows = select(table, files)
    query = f"SELECT count(*) FROM ({rows}) AS rows JOIN gone USING ({column})"  # noqa: S608
    [number] = connection.execute(query).fetchone() or (0,)
    # What a newer row has replaced stands in the files until the next base.
    for path in (*files.live, *files.replaced):
        query = f"SELECT count(*) FROM {quoted(path)} JOIN gone USING ({column})"  # noqa: S608
        number = max(number, (connection.execute(query).fetchone() or (0,))[0])
    connection.unregister("gone")
    if number and not is_dry:
        with warehouse.locked():
            warehouse.leave_out(table, gone)
    return number


def _forget_records(warehouse: ParquetWarehouse) -> None:
    """Delete what tells which files were brought: all is read again, and no row changes by it."""
    for name in ".lineage.json", "ledger_files.parquet", ".synced":
        (warehouse.folder / name).unlink(missing_ok=True)


def _in_bigquery(uri: str, work: Work) -> dict[str, int]:
    from vidset.warehouse.bigquery import erase_rows

    found: dict[str, int] = {}
    for table, number in erase_rows(uri, wanted_rows(work), is_dry=work.is_dry):
        found[f"rows of {table}"] = found.get(f"rows of {table}", 0) + number
    return _known(found)


def _known(found: Mapping[str, int]) -> dict[str, int]:
    return {name: number for name, number in found.items() if number}
