"""`vidset sql`: a question to the embedded warehouse."""

import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa

from vidset.cli.console import say, table, tell, width
from vidset.cli.export.sql_csv import CSV_AT_ONCE, print_csv
from vidset.cli.export.sql_values import as_json_value, as_text
from vidset.cli.syncing import bring_all, has_rows
from vidset.next_step import next_words
from vidset.project import NoPlaceError, Project
from vidset.warehouse.asking import check_question, open_warehouse

_AT_ONCE = 20_000  # Rows in memory.
_SHOWN = 100  # Rows on the screen; --json and --csv give all.
_TABLES = (
    "SELECT table_name AS name, string_agg(column_name, ', ' ORDER BY ordinal_position) AS columns "
    "FROM information_schema.columns WHERE table_schema = 'main' GROUP BY ALL ORDER BY ALL"
)


@dataclass(frozen=True, slots=True)
class Asked:
    """The object that `vidset sql --json` prints; each row is an object."""

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
    """Sync, ask and print; without a question, list the tables with their columns.

    Args:
        raw: texts stand in the CSV as they are, formulas and control characters too.
        quiet: leaves out the table on the screen, not the answer as --json or --csv.

    Raises:
        ValueError: there is nothing to ask, it is no question, or DuckDB does not take it.
    """
    if raw and not as_csv:
        raise ValueError("--raw: wanted --csv beside it")
    if as_json and as_csv:
        raise ValueError("wanted --json or --csv, got both")
    where = project.warehouse
    if "://" in where:
        raise NoPlaceError(
            f"{where}: wanted a warehouse in a folder, which this one is not",
            "Ask it with its own tools, or let vidset sync --warehouse DIR fill one in a folder.",
        )
    if has_rows(project):
        bring_all(project, show=not (as_json or quiet))
    if not os.path.isdir(where):
        raise ValueError(f"{where}: there is no warehouse, and nothing that vidset sync could read")
    with TemporaryDirectory() as temporary:
        try:
            connection = open_warehouse(where, memory, temporary)
            statement = check_question(connection, _TABLES if query is None else query)
            at_once = CSV_AT_ONCE if as_csv else _AT_ONCE
            rows = connection.execute(statement).to_arrow_reader(at_once)
            following = project.command(next_words(project, "sql") or "vidset status")
            if as_json:
                _print_json(project.place, rows, following)
            elif as_csv:
                print_csv(rows, raw=raw)
            elif query is None and not quiet:
                _print_tables(rows)
            elif not quiet:
                _print_table(rows)
        except duckdb.Error as error:
            raise ValueError(str(error)) from None
        connection.close()
    if not (as_json or quiet):
        sys.stdout.flush()
        tell(f"Next: {following}")


def _rows(rows: pa.RecordBatchReader) -> Iterator[dict[str, Any]]:
    for batch in rows:
        yield from batch.to_pylist()


def _print_json(place: str, rows: pa.RecordBatchReader, following: str) -> None:
    """Print one object, whose rows come one by one, since there may be many."""
    names = json.dumps(rows.schema.names)
    sys.stdout.write(f'{{"place": {json.dumps(place)}, "columns": {names}, "rows": [')
    for number, row in enumerate(_rows(rows)):
        sys.stdout.write(",\n" * (number > 0) + json.dumps(row, default=as_json_value))
    sys.stdout.write(f'], "next": {json.dumps(following)}}}\n')


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


def _print_tables(rows: pa.RecordBatchReader) -> None:
    """Each table with its columns, in as many lines as they take."""
    for row in _rows(rows):
        say(row["name"])
        indent = " " * 4
        say(textwrap.fill(row["columns"], width(), initial_indent=indent, subsequent_indent=indent))


def _as_cell(value: Any) -> Any:
    """Numbers stay numbers, which stand to the right."""
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    return as_text(value)
