"""Questions to a warehouse in a folder: one SELECT over its tables and views, and nothing else."""

from pathlib import Path

import duckdb

from vidset.warehouse.duckdb import make_views, open_duckdb, quoted


def open_warehouse(out: str, memory: str, temporary: str) -> duckdb.DuckDBPyConnection:
    """Opens its tables and views, and nothing else: no other file can be read, and none written.

    Raises:
        ValueError: there is no warehouse.
    """
    folder = Path(out).absolute()
    if (folder / "warehouse").is_dir():
        folder /= "warehouse"
    if not (folder / "annotations").is_dir():
        raise ValueError(f"{out}: there is no warehouse; vidset sync makes it")
    connection = open_duckdb(memory, temporary)
    files = make_views(connection, folder)
    connection.execute(f"SET allowed_paths = [{', '.join(map(quoted, files))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def check_question(connection: duckdb.DuckDBPyConnection, query: str) -> duckdb.Statement:
    """One statement that only reads. Others could write over the warehouse's own files.

    Raises:
        ValueError: it is another.
    """
    try:
        statements = connection.extract_statements(query)
    except duckdb.Error as error:
        raise ValueError(str(error)) from None
    kinds = [statement.type for statement in statements]
    if kinds != [duckdb.StatementType.SELECT]:
        got = ", ".join(kind.name for kind in kinds) or "nothing"
        raise ValueError(f"wanted one SELECT, got {got}")
    return statements[0]
