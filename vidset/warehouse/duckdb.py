"""The warehouse's tables and views in DuckDB, over its Parquet files."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import duckdb

from vidset.tables.arrow import arrow_schema, as_stored
from vidset.tables.schemas import Table, tables
from vidset.warehouse.files import TableFiles, find_files
from vidset.warehouse.views import VIEWS, view_sql

# A warehouse that was made before there were these has none of their rows: it is as good as new.
_LATER = frozenset(
    (
        *("predictions", "tags", "versions", "entries", "runs", "epochs", "scores", "slices"),
        "run_predictions",
        "statements",
    )
)


def open_duckdb(
    memory: str = "512MB", temporary: str | None = None, threads: int | None = None
) -> duckdb.DuckDBPyConnection:
    """Opens DuckDB in memory, with times in UTC. What does not fit goes to `temporary`.

    Args:
        threads: each of them holds a row group of what it writes; None: one for each core. Whoever
            registers Arrow tables wants 1: a thread of DuckDB's that lets go of such a table waits
            for Python's lock, which whoever closes the connection holds while waiting for the
            thread.
    """
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory,
        "temp_directory": temporary or "",
    }
    if threads is not None:
        config["threads"] = threads
    connection = duckdb.connect(config=config)
    connection.execute("SET TimeZone = 'UTC'")
    return connection


def make_views(connection: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    """Tables and views by name; the files that they read.

    Raises:
        ValueError: there is no warehouse in the folder.
    """
    paths: list[str] = []
    for table in tables().values():
        files = find_files(folder / table.name)
        if files.base is None and table.name in _LATER and not files.folder.exists():
            connection.register(table.name, arrow_schema(as_stored(table.columns)).empty_table())
            continue
        if files.base is None:
            raise ValueError(f"{folder} is no warehouse: there is no table {table.name}")
        connection.execute(f"CREATE VIEW {table.name} AS {select(table, files)}")
        paths += map(str, files.live)
    for name in VIEWS:
        connection.execute(f"CREATE VIEW {name} AS {view_sql('duckdb', name)}")
    return paths


def select(table: Table, files: TableFiles) -> str:
    """The rows that hold. A delta's stand for all of the same key before it."""
    names = ", ".join(table.names)
    base = f"SELECT {names} FROM {read([files.base] if files.base else [])} AS base"  # noqa: S608
    if not files.deltas:
        return base
    same = " AND ".join(f"base.{name} = newer.{name}" for name in table.key)
    return (
        f"{base} WHERE NOT EXISTS (SELECT 1 FROM {read(files.deltas)} AS newer WHERE {same}) "  # noqa: S608
        f"UNION ALL BY NAME SELECT {names} FROM {read(files.deltas, named=True)} "
        f"QUALIFY rank() OVER (PARTITION BY {', '.join(table.key)} ORDER BY filename DESC) = 1"
    )


def read(files: Iterable[Path | str], *, named: bool = False) -> str:
    """Returns SQL in place of a table's name; `named` adds `filename` and `file_row_number`."""
    with_names = ", filename = true, file_row_number = true" if named else ""
    return f"read_parquet([{', '.join(map(quoted, files))}]{with_names})"


def quoted(path: Path | str) -> str:
    """A text in SQL."""
    return "'" + str(path).replace("'", "''") + "'"


def ordering(table: Table) -> str:
    """Orders by day, then by what is clustered: row groups' statistics tell what to pass over."""
    day: Sequence[str] = [f"CAST({table.partitioned_by} AS DATE)"] if table.partitioned_by else []
    columns = [*day, *table.clustering]
    return f"ORDER BY {', '.join(columns)}" if columns else ""
