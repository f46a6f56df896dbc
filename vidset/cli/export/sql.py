"""`vidset sql`: a question to the embedded warehouse."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vidset.warehouse.asking import check_question, open_warehouse

# Rows of a table on the screen; --json and --csv give all.
_SHOWN = 100


def run_sql(
    query: str,
    out: str,
    *,
    as_json: bool = False,
    as_csv: bool = False,
    quiet: bool = False,
    memory: str = "1GB",
) -> int:
    """Ask and print; the exit code is 0.

    Args:
        quiet: leaves out the table on the screen, not the answer as --json or --csv.

    Raises:
        ValueError: there is no warehouse, it is no question, or DuckDB does not take it.
    """
    if as_json and as_csv:
        raise ValueError("wanted --json or --csv, got both")
    with TemporaryDirectory() as temporary:
        try:
            connection = open_warehouse(out, memory, temporary)
            rows = connection.execute(check_question(connection, query)).to_arrow_reader()
            if as_json:
                _print_json(rows)
            elif as_csv:
                _print_csv(rows)
            elif not quiet:
                _print_table(rows)
        except duckdb.Error as error:
            raise ValueError(str(error)) from None
        connection.close()
    return 0


def _rows(rows: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in rows:
        yield from batch.to_pylist()


def _print_json(rows: pa.RecordBatchReader) -> None:
    """One object, whose rows come one by one: there may be many."""
    names = json.dumps(rows.schema.names)
    sys.stdout.write(f'{{"columns": {names}, "rows": [')
    for number, row in enumerate(_rows(rows)):
        sys.stdout.write(",\n" * (number > 0) + json.dumps(row, default=_as_json))
    sys.stdout.write("]}\n")


def _print_csv(rows: pa.RecordBatchReader) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.schema.names)
    for row in _rows(rows):
        # A number in full; else as on the screen.
        writer.writerow(
            value if isinstance(value, float) else _as_text(value) for value in row.values()
        )


def _print_table(rows: pa.RecordBatchReader) -> None:
    table, more = Table(), 0
    for field in rows.schema:
        kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
        is_number = any(is_kind(field.type) for is_kind in kinds)
        table.add_column(escape(field.name), justify="right" if is_number else "left")
    for number, row in enumerate(_rows(rows)):
        if number < _SHOWN:
            table.add_row(*(escape(_as_text(value)) for value in row.values()))
        else:
            more += 1
    console = Console(highlight=False)
    if not console.is_terminal:  # A file or a pipe is as wide as need be.
        console = Console(highlight=False, width=10_000)
    console.print(table)
    if more:
        console.print(f"... and {more} rows more: --csv and --json give all")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=_as_json)
    if isinstance(value, float):
        return f"{value:.6g}"
    return str(_as_json(value)) if isinstance(value, date | datetime) else str(value)


def _as_json(value: Any) -> Any:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):  # Sums of integers come as such.
        return int(value) if value == value.to_integral_value() else float(value)
    return str(value)
