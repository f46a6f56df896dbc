"""`vidset sql`: a question to the embedded warehouse."""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from vidset.cli.console import say, table
from vidset.naming import visible
from vidset.project import Project
from vidset.warehouse.asking import check_question, open_warehouse

_SHOWN = 100  # Rows on the screen; --json and --csv give all.
# With what spreadsheets begin a formula: https://owasp.org/www-community/attacks/CSV_Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_TABLES = (
    "SELECT table_name AS name, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns "
    "FROM information_schema.columns WHERE table_schema = 'main' GROUP BY ALL ORDER BY ALL"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What `vidset sql --json` prints: an object for each row, by the names of the columns."""

    place: str
    columns: Sequence[str]
    rows: Sequence[Mapping[str, Any]]


def run_sql(
    project: Project,
    query: str | None,
    *,
    as_json: bool = False,
    as_csv: bool = False,
    raw: bool = False,
    quiet: bool = False,
    memory: str = "1GB",
) -> None:
    """Ask and print; without a question, list the tables with their columns.

    Args:
        raw: texts stand in the CSV as they are, formulas and control characters too.
        quiet: leaves out the table on the screen, not the answer as --json or --csv.

    Raises:
        ValueError: there is no warehouse, it is no question, or DuckDB does not take it.
    """
    if raw and not as_csv:
        raise ValueError("--raw: wanted --csv beside it")
    if as_json and as_csv:
        raise ValueError("wanted --json or --csv, got both")
    where = project.warehouse
    if "://" in where:
        raise ValueError(
            f"{where}: wanted a warehouse in a folder; ask this one with its own tools"
        )
    if not os.path.isdir(where):
        raise ValueError(f"{where}: there is no warehouse; vidset sync makes it")
    with TemporaryDirectory() as temporary:
        try:
            connection = open_warehouse(where, memory, temporary)
            statement = check_question(connection, _TABLES if query is None else query)
            rows = connection.execute(statement).to_arrow_reader()
            if as_json:
                _print_json(project.place, rows)
            elif as_csv:
                _print_csv(rows, raw=raw)
            elif not quiet:
                _print_table(rows)
        except duckdb.Error as error:
            raise ValueError(str(error)) from None
        connection.close()


def _rows(rows: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in rows:
        yield from batch.to_pylist()


def _print_json(place: str, rows: pa.RecordBatchReader) -> None:
    """Print one object, whose rows come one by one, since there may be many."""
    names = json.dumps(rows.schema.names)
    sys.stdout.write(f'{{"place": {json.dumps(place)}, "columns": {names}, "rows": [')
    for number, row in enumerate(_rows(rows)):
        sys.stdout.write(",\n" * (number > 0) + json.dumps(row, default=_as_json))
    sys.stdout.write('], "next": null}\n')


def _print_csv(rows: pa.RecordBatchReader, *, raw: bool) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.schema.names if raw else map(_quoted, rows.schema.names))
    for row in _rows(rows):
        # A number in full; else as on the screen.
        writer.writerow(
            value if isinstance(value, float) else _as_csv(value, raw=raw) for value in row.values()
        )


def _as_csv(value: Any, *, raw: bool) -> str:
    text = _as_text(value)
    if raw:
        return text
    return _quoted(text) if isinstance(value, str) else visible(text)


def _quoted(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, and that no terminal obeys."""
    return visible(f"'{text}" if text.startswith(_FORMULA) else text)


def _print_table(rows: pa.RecordBatchReader) -> None:
    shown, more = [], 0
    for row in _rows(rows):
        if len(shown) < _SHOWN:
            shown.append([_as_cell(value) for value in row.values()])
        else:
            more += 1
    say(table(rows.schema.names, shown))
    if more:
        say(f"... and {more} rows more: --csv and --json give all")


def _as_cell(value: Any) -> Any:
    """Numbers stay numbers, which stand to the right."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return _as_text(value)


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
