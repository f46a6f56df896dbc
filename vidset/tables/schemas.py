"""The tables and their columns, as infra/schemas has them: the one source for every engine."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

Mode = Literal["REQUIRED", "NULLABLE", "REPEATED"]
# What servers call these types, beside the names in our files.
_NAMES = {"FLOAT64": "FLOAT", "INT64": "INTEGER", "BOOL": "BOOLEAN", "STRUCT": "RECORD"}


@dataclass(frozen=True, slots=True)
class Column:
    """A column in BigQuery's terms. `fields` are those of a RECORD."""

    name: str
    type: str
    mode: Mode
    description: str = ""
    fields: tuple["Column", ...] = ()

    @classmethod
    def from_json(cls, column: dict[str, Any]) -> "Column":
        kind = column["type"]
        return cls(
            name=column["name"],
            type=str(_NAMES.get(kind, kind)),
            mode=column.get("mode", "NULLABLE"),
            description=column.get("description", ""),
            fields=tuple(map(cls.from_json, column.get("fields", ()))),
        )


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its columns, and how rows lie in it.

    Attributes:
        partitioned_by: the time whose day is the partition; None for a table without partitions.
        clustering: the columns by which rows lie together.
        key: what one row stands for; for frames, the rows that are replaced together.
        newest_by: where two rows have one key, the one with higher values here is the newer.
    """

    name: str
    columns: tuple[Column, ...]
    partitioned_by: str | None
    clustering: tuple[str, ...]
    key: tuple[str, ...]
    newest_by: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


@cache
def schema_folder() -> Path:
    """Find the schemas, in the installed package or in the checkout's `infra`."""
    package = Path(__file__).parents[1]
    installed = package / "schemas"
    return installed if installed.is_dir() else package.parent / "infra" / "schemas"


@cache
def tables() -> dict[str, Table]:
    """Read all tables, by name."""
    folder = schema_folder()
    layouts = json.loads((folder / "tables.json").read_text())
    return {name: _table(folder, name, layout) for name, layout in layouts.items()}


def read_columns(text: str) -> tuple[Column, ...]:
    """Read the columns from the text of a schema file."""
    return tuple(map(Column.from_json, json.loads(text)))


def new_columns(
    table: str, wanted: Sequence[Column], found: Sequence[Column]
) -> tuple[Column, ...]:
    """Return the wanted columns that the table as it is lacks, at any depth.

    Raises:
        ValueError: another change than that NULLABLE or REPEATED columns are added.
    """
    return tuple(_new(table, wanted, found))


def _new(place: str, wanted: Sequence[Column], found: Sequence[Column]) -> Iterator[Column]:
    there = {column.name: column for column in found}
    for gone in there.keys() - {column.name for column in wanted}:
        raise ValueError(f"{place}.{gone}: wanted no such column, got one; none is ever removed")
    for column in wanted:
        name, old = f"{place}.{column.name}", there.get(column.name)
        if old is None:
            if column.mode == "REQUIRED":
                raise ValueError(f"{name}: a column that is added must be NULLABLE, got REQUIRED")
            yield column
        elif (old.type, old.mode) != (column.type, column.mode):
            raise ValueError(
                f"{name}: wanted {column.type} {column.mode}, got {old.type} {old.mode}; "
                "neither is ever changed"
            )
        else:
            yield from _new(name, column.fields, old.fields)


def _table(folder: Path, name: str, layout: dict[str, Any]) -> Table:
    return Table(
        name=name,
        columns=read_columns((folder / f"{name}.json").read_text()),
        partitioned_by=layout["partitioned_by"],
        clustering=tuple(layout["clustering"]),
        key=tuple(layout["key"]),
        newest_by=tuple(layout["newest_by"]),
    )
