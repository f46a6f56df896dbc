"""The tables in Arrow's terms: what Parquet files hold."""

from collections.abc import Iterable

import pyarrow as pa

from vidset.tables.schemas import Column, Mode

_TYPES = {
    "STRING": pa.string(),
    "INTEGER": pa.int64(),
    "FLOAT": pa.float64(),
    "BOOLEAN": pa.bool_(),
    "DATE": pa.date32(),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
}
_NAMES = {kind: name for name, kind in _TYPES.items()}


def arrow_schema(columns: Iterable[Column]) -> pa.Schema:
    """Return what a Parquet file of these columns has as its schema."""
    return pa.schema([_field(column) for column in columns])


def arrow_columns(fields: Iterable[pa.Field]) -> tuple[Column, ...]:
    """Say what a file holds. It does not know which columns are REQUIRED, see `as_stored`."""
    return tuple(_column(field) for field in fields)


def as_stored(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Return the columns as `arrow_columns` finds them: DuckDB writes all as nullable."""
    return tuple(
        Column(
            name=column.name,
            type=column.type,
            mode=_stored_mode(column.mode),
            fields=as_stored(column.fields),
        )
        for column in columns
    )


def _stored_mode(mode: Mode) -> Mode:
    return "REPEATED" if mode == "REPEATED" else "NULLABLE"


def _field(column: Column) -> pa.Field:
    kind = pa.struct(map(_field, column.fields)) if column.fields else _TYPES[column.type]
    if column.mode == "REPEATED":
        kind = pa.list_(pa.field("element", kind))
    return pa.field(column.name, kind, nullable=column.mode != "REQUIRED")


def _column(field: pa.Field) -> Column:
    kind, mode = field.type, "NULLABLE"
    if pa.types.is_list(kind):
        kind, mode = kind.value_type, "REPEATED"
    if pa.types.is_struct(kind):
        return Column(field.name, "RECORD", mode, fields=arrow_columns(kind.fields))
    return Column(field.name, _NAMES.get(kind, str(kind)), mode)
