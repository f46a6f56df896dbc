"""The SQL of questions about documents that stand in SQLite as JSON."""

from collections.abc import Mapping
from typing import Any

from vidset.labeling.stores.sqlite_schema import document_of
from vidset.labeling.stores.store import Query, Value
from vidset.labeling.timestamps import format_timestamp

# The id of a document, its JSON and its version.
Row = tuple[str, str, int]


def select_page(query: Query, after: Row | None, size: int) -> tuple[str, list[Any]]:
    """Return the SQL of a page of a query, and its parameters.

    Args:
        after: the last row of the page before; None for the first page.
    """
    conditions, parameters = matching(query.equals)

    def add(condition: str, *values: Any) -> None:
        conditions.append(condition)
        parameters.extend(values)

    order = "id"
    if query.order_by:
        time = field(query.order_by)
        order = f"{time}, id"
        since = format_timestamp(query.since) if query.since else ""
        reached = document_of(after[1], "the store of labels")[query.order_by] if after else since
        add(f"{time} >= ?", reached)  # Not of documents without the time, as in Firestore.
        if after:  # Not (time, id) > (?, ?): there SQLite does not see the index's expression.
            add(f"({time} > ? OR id > ?)", reached, after[0])
        if query.until:
            add(f"{time} <= ?", format_timestamp(query.until))
    elif after or query.after_id is not None:
        add("id > ?", after[0] if after else query.after_id)
    if query.up_to_id is not None:
        add("id <= ?", query.up_to_id)
    sql = (
        f"SELECT id, document, version FROM {query.collection} "  # noqa: S608
        f"WHERE {' AND '.join(conditions)} ORDER BY {order} LIMIT {size}"
    )
    return sql, parameters


def matching(equals: Mapping[str, Value]) -> tuple[list[str], list[Any]]:
    """Return conditions, and their parameters.

    JSON's kinds are told apart, which SQL's = does not.
    """
    conditions, parameters = ["true"], []
    for name, value in equals.items():
        kind = f"json_type(document, '$.{name}')"
        if value is None:
            conditions.append(f"{field(name)} IS NULL AND {kind} = 'null'")
        elif isinstance(value, bool):
            conditions.append(f"{kind} = '{str(value).lower()}'")
        else:
            is_kind = "" if isinstance(value, str) else f" AND {kind} IN ('integer', 'real')"
            conditions.append(f"{field(name)} = ?{is_kind}")
            parameters.append(value)
    return conditions, parameters


def field(name: str) -> str:
    """Returns the field as it stands in the indexes: SQLite compares the expressions' texts."""
    return f"json_extract(document, '$.{name}')"
