"""Takes annotations, tasks and predictions from the tables of a BigQuery dataset."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import pyarrow as pa

from vidset.documents.objects import object_document
from vidset.view import label_rows
from vidset.view.filling import insert_documents
from vidset.view.memory import MemoryTables
from vidset.view.watched_tables import WatchedTables
from vidset.warehouse.bigquery_tables import TableState

_BATCH_ROWS = 5_000
# Rows reach a table some time after their `written_at`; see vidset.warehouse.export. It is free to
# read more of them: a query is paid by the columns that it reads.
_OVERLAP = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table: the columns that are read beside `written_at`, and what the page has of a row."""

    columns: tuple[str, ...]
    schema: pa.Schema
    row: Callable[[dict[str, Any]], dict[str, Any]]


class WarehouseLabels:
    """The rows of the tables of labels that have not been taken yet."""

    def __init__(self, tables: MemoryTables, watched: WatchedTables):
        self._tables, self._watched = tables, watched
        self._dataset = watched.dataset
        self._written: dict[str, datetime] = {}

    def steps(self) -> Sequence[Callable[[], bool]]:
        """Return what takes in what is new; each says whether there was something."""
        return [lambda name=name: self._watched.take(name, self._taking(name)) for name in _KINDS]

    def _taking(self, name: str) -> Callable[[TableState | None, TableState], bool]:
        def take(before: TableState | None, state: TableState) -> bool:
            since = self._written.get(name)
            is_whole = since is None or before is None or state.rows < before.rows
            self._take(name, None if is_whole else since)
            if not is_whole and self._count(name) > state.rows:  # Some are gone, others are new.
                self._take(name, None)
            return not is_whole

        return take

    def _count(self, name: str) -> int:
        [told] = self._tables.rows(f"SELECT COUNT(*) AS number FROM {name}")  # noqa: S608
        return told["number"]

    def _take(self, name: str, since: datetime | None) -> None:
        """Take the rows that were written since, or all in place of those that are there."""
        kind, newest = _KINDS[name], since
        found = self._read(name, [*kind.columns, "written_at"], since)
        with self._tables.transaction() as cursor:
            if since is None:
                cursor.execute(f"DELETE FROM {name}")  # noqa: S608
            while some := list(islice(found, _BATCH_ROWS)):
                last = max(row["written_at"] for row in some)
                newest = last if newest is None else max(newest, last)
                table = pa.Table.from_pylist(list(map(kind.row, some)), kind.schema)
                insert_documents(cursor, name, table)
        if newest is not None:
            self._written[name] = newest

    def _read(
        self, name: str, columns: list[str], since: datetime | None
    ) -> Iterator[dict[str, Any]]:
        if since is None:
            return self._dataset.rows(name, columns)
        there = ", ".join(f"`{each}`" for each in self._dataset.there(name, columns))
        sql = f"SELECT {there} FROM {name} WHERE written_at >= @since"  # noqa: S608
        return self._dataset.query(sql, {"since": since - _OVERLAP})


def _annotation(row: dict[str, Any]) -> dict[str, Any]:
    objects = [object_document(each) for each in row["objects"] or ()]
    return label_rows.annotation_row(row["image_id"], {**row, "objects": objects})


def _task(row: dict[str, Any]) -> dict[str, Any]:
    return label_rows.task_row(row["image_id"], row)


def _prediction(row: dict[str, Any]) -> dict[str, Any]:
    objects = [dict(each) for each in row["objects"] or ()]
    scores = [each.pop("score", None) for each in objects]
    told = {
        **row,
        "objects": list(map(object_document, objects)),
        "scores": None if None in scores else scores,
    }
    return label_rows.prediction_row(row["prediction_id"], told)


_KINDS = {
    "annotations": _Kind(
        ("image_id", "state", "annotator", "vendor", "revision", "updated_at", "objects"),
        label_rows.ANNOTATIONS,
        _annotation,
    ),
    "tasks": _Kind(tuple(label_rows.TASKS.names), label_rows.TASKS, _task),
    "predictions": _Kind(
        ("prediction_id", "run", "model", "score", "uncertainty", "objects"),
        label_rows.PREDICTIONS,
        _prediction,
    ),
}
