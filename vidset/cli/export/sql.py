"""`vidset sql`: a question to the embedded warehouse."""

import csv
import json
import os
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from vidset.cli.console import say, table, tell, width
from vidset.cli.syncing import bring_all, has_rows
from vidset.naming import visible
from vidset.next_step import next_words
from vidset.project import NoPlaceError, Project
from vidset.warehouse.asking import check_question, open_warehouse

_SHOWN = 100  # Rows on the screen; --json and --csv give all.
# With what spreadsheets begin a formula: https://owasp.org/www-community/attacks/CSV_Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Texts that may begin a formula or hold what a terminal obeys; and those that CSV quotes.
_PERHAPS_SPECIAL, _QUOTED = r"^[=+@-]|[^ -~]", r"[,\"\r\n]"
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
            rows = connection.execute(statement).to_arrow_reader()
            following = project.command(next_words(project, "sql") or "vidset status")
            if as_json:
                _print_json(project.place, rows, following)
            elif as_csv:
                _print_csv(rows, raw=raw)
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
        sys.stdout.write(",\n" * (number > 0) + json.dumps(row, default=_as_json))
    sys.stdout.write(f'], "next": {json.dumps(following)}}}\n')


def _print_csv(rows: pa.RecordBatchReader, *, raw: bool) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(rows.schema.names if raw else map(_quoted, rows.schema.names))
    for batch in rows:
        columns = [_texts(column, raw=raw) for column in batch.columns]
        if len(columns) > 1 and not any(_has(_QUOTED, column) for column in columns):
            parts = [pc.call_function("coalesce", [each, pa.scalar("")]) for each in columns]
            lines = pc.call_function("binary_join_element_wise", [*parts, pa.scalar(",")])
            sys.stdout.writelines(f"{line}\n" for line in lines.to_pylist())
        else:
            writer.writerows(zip(*(column.to_pylist() for column in columns), strict=True))


def _texts(column: pa.Array, *, raw: bool) -> pa.Array:
    """Return the values as CSV has them, not yet quoted: numbers in full, nothing for null."""
    kind = column.type
    if pa.types.is_integer(kind):
        return pc.call_function("cast", [column], pc.CastOptions.safe(pa.string()))
    if pa.types.is_string(kind) and (raw or not _has(_PERHAPS_SPECIAL, column)):
        return column
    values = (
        repr(each) if isinstance(each, float) else _as_csv(each, raw=raw)
        for each in column.to_pylist()
    )
    return pa.array(list(values), pa.string())


def _has(pattern: str, column: pa.Array) -> bool:
    found = pc.call_function("match_substring_regex", [column], pc.MatchSubstringOptions(pattern))
    return pc.call_function("any", [found]).as_py() or False


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
