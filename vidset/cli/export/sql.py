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

_AT_ONCE = 20_000  # Rows in memory.
_SHOWN = 100  # Rows on the screen; --json and --csv give all.
# With what spreadsheets begin a formula: https://owasp.org/www-community/attacks/CSV_Injection.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# Texts that may begin a formula or hold what a terminal obeys.
_PERHAPS_SPECIAL = r"^[=+@-]|[^ -~]"
# What CSV quotes beside commas; of an only column, empty texts too.
_QUOTED, _QUOTED_ALONE = r"[\"\r\n]", r"[\"\r\n]|^$"
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
            rows = connection.execute(statement).to_arrow_reader(_AT_ONCE)
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
    with duckdb.connect(config={"threads": 1}) as casting:
        for batch in rows:
            texts = [_texts(casting, column, raw=raw) for column in batch.columns]
            lines = pc.call_function("binary_join_element_wise", [*texts, pa.scalar(",")])
            if _are_plain(lines, len(texts)):
                sys.stdout.writelines(f"{line}\n" for line in lines.to_pylist())
            else:
                writer.writerows(zip(*(each.to_pylist() for each in texts), strict=True))


def _are_plain(lines: pa.Array, columns: int) -> bool:
    """Return whether CSV quotes nothing in these lines, whose texts are joined by commas."""
    commas = pc.call_function("count_substring", [lines], pc.MatchSubstringOptions(","))
    most = pc.call_function("max", [commas]).as_py()
    return most in (None, columns - 1) and not _has(
        _QUOTED if columns > 1 else _QUOTED_ALONE, lines
    )


def _texts(casting: duckdb.DuckDBPyConnection, column: pa.Array, *, raw: bool) -> pa.Array:
    """Return the values as CSV has them, not yet quoted: numbers in full, nothing for null."""
    kind = column.type
    if pa.types.is_string(kind) and (raw or not _has(_PERHAPS_SPECIAL, column)):
        texts = column
    elif expression := _cast_of(kind):
        values = pa.table({"value": column})
        texts = casting.from_arrow(values).project(expression).to_arrow_table().column(0)
        texts = texts.combine_chunks()
    elif pa.types.is_string(kind) or pa.types.is_temporal(kind):  # Many are equal.
        encoded = pc.call_function("dictionary_encode", [column])
        distinct = [_as_csv(each, raw=raw) for each in encoded.dictionary.to_pylist()]
        texts = pa.array(distinct, pa.string()).take(encoded.indices)
    else:
        texts = pa.array([_as_csv(each, raw=raw) for each in column.to_pylist()], pa.string())
    return pc.call_function("coalesce", [texts, pa.scalar("")])


def _cast_of(kind: pa.DataType) -> str | None:
    """Return DuckDB's expression for the text that Python has for a `value`; None: there is none.

    DuckDB, too, writes the shortest digits that give the number again, three times as fast.
    """
    if pa.types.is_floating(kind):
        return "CASE WHEN isnan(value) THEN 'nan' ELSE value::DOUBLE::VARCHAR END"
    if pa.types.is_boolean(kind):
        return "CASE WHEN value THEN 'True' WHEN NOT value THEN 'False' END"
    return "value::VARCHAR" if pa.types.is_integer(kind) else None


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
