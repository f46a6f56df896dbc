"""Fills the page's tables: rows of ledgers, documents of labels in place of older ones."""

import duckdb
import pyarrow as pa

# What gives each new frame its number.
NUMBERED = "nextval('numbers') AS n, *"
# Several runs may have predicted an image: the newest prediction is shown.
_REPLACED = (
    "DELETE FROM predictions USING new_rows WHERE predictions.image_id = new_rows.image_id "
    "AND predictions.written_at <= CAST(new_rows.written_at AS TIMESTAMPTZ)"
)
_NEWEST = (
    "(FROM new_rows QUALIFY 1 = row_number() OVER "
    "(PARTITION BY image_id ORDER BY written_at DESC, name)) AS newest "
    "ANTI JOIN predictions USING (image_id)"
)


def create_table(
    cursor: duckdb.DuckDBPyConnection, name: str, schema: pa.Schema, *, is_numbered: bool = False
) -> None:
    """Create an empty table of a ledger; with a column `n` before the others, if it is numbered."""
    cursor.register("columns", schema.empty_table())
    number = "CAST(NULL AS BIGINT) AS n, " if is_numbered else ""
    cursor.execute(f"CREATE TABLE {name} AS SELECT {number}* FROM columns")  # noqa: S608
    cursor.unregister("columns")


def insert(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    rows: pa.Table,
    *,
    select: str = "*",
    source: str = "new_rows",
    before: str = "",
) -> None:
    """Add rows to a table, by the names of their columns.

    Args:
        source: a table or a query of one; it sees the rows as `new_rows`.
        before: what is done first; it sees them too.
    """
    cursor.register("new_rows", rows)
    if before:
        cursor.execute(before)
    cursor.execute(f"INSERT INTO {name} BY NAME SELECT {select} FROM {source}")  # noqa: S608
    cursor.unregister("new_rows")


def insert_documents(cursor: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> None:
    """Add documents of labels in place of those of the same images; of predictions the newest."""
    if name == "predictions":
        insert(cursor, name, rows, source=_NEWEST, before=_REPLACED)
    else:
        seen = f"DELETE FROM {name} WHERE image_id IN (SELECT image_id FROM new_rows)"  # noqa: S608
        insert(cursor, name, rows, before=seen)
