"""Holds a place in tables in memory, which the page asks: videos, samples, images, labels.

The ledgers, the labels, the newest version's split and the tags are read once, and then only what
has come since. There is no second database: when the server ends, nothing of this is left.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from vidset.datasets.versions.repository import Repository
from vidset.documents.documents import Part
from vidset.documents.open import open_documents
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.packs import Stamps
from vidset.ledger.rows import LedgerRows, Rows
from vidset.project import Project
from vidset.selection.selection_file import read_selection, selection_ids
from vidset.storage.open import open_store
from vidset.tags import FOLDER, Mark, current_tags, read_marks
from vidset.view.findings_stamps import findings_stamps
from vidset.view.label_rows import ANNOTATIONS, TASKS, annotation_row, task_row

_MEMORY = "2GB"
_BATCH_ROWS = 20_000
_BY = ("made_at", "actor")
_SCHEMA = Path(__file__).with_name("catalog.sql")


class Catalog:
    """The place's tables. Several threads may ask; one at a time refreshes.

    Attributes:
        revision: rises whenever a refresh has found something new.
        epoch: rises when images have got other numbers.
        problems: what could not be read, one sentence each.
    """

    def __init__(self, project: Project):
        self.project = project
        self.revision, self.epoch = 0, 0
        self.problems: list[str] = []
        self._lock = threading.Lock()
        self._connection = duckdb.connect(config={"memory_limit": _MEMORY, "temp_directory": ""})
        self._connection.execute("SET TimeZone = 'UTC'")
        for name, schema in ("videos", VIDEOS), ("frames", FRAMES):
            self._connection.register("columns", schema.empty_table())
            number = "CAST(NULL AS BIGINT) AS n, " if name == "frames" else ""
            made = f"CREATE TABLE {name} AS SELECT {number}* FROM columns"  # noqa: S608
            self._connection.execute(made)
            self._connection.unregister("columns")
        self._connection.execute(_SCHEMA.read_text())
        # From here on, no question can reach a file or change a setting.
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")
        self._taken: dict[str, Stamps] = {}
        self._written: dict[str, str] = {}
        self._marks: dict[str, Mark] = {}
        self._selections: dict[str, str] = {}
        self._split_of = ""
        self._findings: dict[str, tuple[int, int]] = {}
        self.refresh()

    def close(self) -> None:
        self._connection.close()

    def refresh(self) -> bool:
        """Take in what is new in the place; whether there was something."""
        with self._lock:
            problems: list[str] = []
            changed = [
                _told(problems, step)
                for step in (
                    self._take_ledgers,
                    self._take_labels,
                    self._take_split,
                    self._take_tags,
                    self._take_findings,
                    lambda: self._take_selections(problems),
                )
            ]
            is_new = any(changed) or problems != self.problems
            self.problems = problems
            self.revision += is_new
            if is_new:  # Arrow keeps what it had for later, which may be more than the tables.
                pa.default_memory_pool().release_unused()
            return is_new

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Ask a question of our own."""
        with self._cursor() as cursor:
            found = cursor.execute(sql, list(parameters))
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def arrays(self, sql: str, parameters: Sequence[Any] = ()) -> dict[str, Any]:
        """Ask a question of our own; the columns as NumPy arrays."""
        with self._cursor() as cursor:
            return cursor.execute(sql, list(parameters)).fetchnumpy()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @contextmanager
    def limited(self, seconds: float) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for a question of a person, which is ended after `seconds`."""
        with self._cursor() as cursor:
            timer = threading.Timer(seconds, cursor.interrupt)
            timer.start()
            try:
                yield cursor
            finally:
                timer.cancel()

    def _take_ledgers(self) -> bool:
        rows = LedgerRows(self.project.place)
        is_other = any(rows.stamps.get(key) != stamps for key, stamps in self._taken.items())
        known = {} if is_other else self._taken
        new = [key for key in rows.stamps if key not in known]
        with_frames = [key for key in new if rows.stamps[key].frames]
        frames = rows.frames(FRAMES.names, with_frames)
        numbered = "nextval('numbers') AS n, *"
        with self._transaction() as cursor:
            if is_other:  # A video was extracted again or is gone: images get other numbers.
                cursor.execute("DELETE FROM frames; DELETE FROM videos")
            for table in _in_batches(frames, FRAMES):
                _insert(cursor, "frames", table, select=numbered)
            for table in _in_batches(rows.videos(VIDEOS.names, new), VIDEOS):
                _insert(cursor, "videos", table)
        self.epoch += is_other
        self._taken = {**known, **{key: rows.stamps[key] for key in new}}
        return is_other or bool(new)

    def _take_labels(self) -> bool:
        store = self.project.store
        if store is None:
            return False
        path = store.removeprefix("sqlite:")
        if store.startswith("sqlite:") and not Path(path).expanduser().is_file():
            return False
        documents = open_documents(store)
        try:
            return any(
                [
                    self._take_documents(documents, "annotations", ANNOTATIONS, annotation_row),
                    self._take_documents(documents, "tasks", TASKS, task_row),
                ]
            )
        finally:
            documents.close()

    def _take_documents(self, documents: Any, name: str, schema: pa.Schema, row: Any) -> bool:
        last = self._written.get(name)
        # Writers' clocks may differ by some seconds: what is read twice changes nothing.
        since = None if last is None else datetime.fromisoformat(last) - timedelta(seconds=10)
        rows, newest = [], last or ""
        for id_, document in documents.read(Part(name, since=since)):
            rows.append(row(id_, document))
            newest = max(newest, str(document.get("written_at", "")))
        if not rows or newest == last:
            return False
        table = pa.Table.from_pylist(rows, schema)
        seen = f"DELETE FROM {name} WHERE image_id IN (SELECT image_id FROM new_rows)"  # noqa: S608
        self._insert(name, table, before=seen)
        self._written[name] = newest
        return True

    def _take_split(self) -> bool:
        """Take the split of the newest version."""
        if not self.project.is_folder:
            return False
        repository = Repository(Path(self.project.place, "datasets"))
        versions = repository.versions()
        newest = versions[-1] if versions else ""
        if self._split_of == newest:
            return False
        if newest:
            table = repository.columns(newest, ["origin", "split"])
            if table.num_columns < 2:
                raise ValueError(
                    f"version {newest}: its manifest is damaged: it lacks origin or split"
                )
            self._insert(
                "splits", table, select="DISTINCT ON (origin) *", before="DELETE FROM splits"
            )
        self._split_of = newest
        return bool(newest)

    def _take_tags(self) -> bool:
        store = open_store(self.project.below(FOLDER))
        new = dict(read_marks(store, self._marks))
        if not new:
            return False
        self._marks |= new
        tags = current_tags(self._marks.items())
        table = pa.table(
            {
                "image_id": pa.array(list(tags), pa.string()),
                "tags": pa.array([sorted(each) for each in tags.values()], pa.list_(pa.string())),
            }
        )
        self._insert("tags", table, before="DELETE FROM tags")
        return True

    def _take_findings(self) -> bool:
        """Look whether runs or the review of errors have changed: the page asks for them anew."""
        found = findings_stamps(self.project)
        is_new = found != self._findings
        self._findings = found
        return is_new

    def _take_selections(self, problems: list[str]) -> bool:
        """Take what was selected; a file that is no selection is told, and not read again."""
        place = self.project.place
        new = [each for each in selection_ids(place) if each not in self._selections]
        for id_ in new:
            try:
                found = read_selection(place, id_)
            except ValueError as error:
                self._selections[id_] = str(error)
                continue
            self._selections[id_] = ""
            said = {"selection": id_, **{name: str(found.details.get(name)) for name in _BY}}
            table = found.table.select(["image_id", "rank", "strategy", "score", "reason"])
            for name, text in said.items():
                table = table.append_column(name, pa.array([text] * len(table), pa.string()))
            self._insert("selected", table)
        problems += filter(None, self._selections.values())
        return bool(new)

    def _insert(self, name: str, rows: pa.Table, *, select: str = "*", before: str = "") -> None:
        """Add rows to a table, by the names of their columns, in one transaction.

        Args:
            before: what is done first, in the same transaction; it sees the rows as `new_rows`.
        """
        with self._transaction() as cursor:
            _insert(cursor, name, rows, select=select, before=before)

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor whose changes are seen together at the end, or, after an error, not at all."""
        with self._cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()


def _insert(
    cursor: duckdb.DuckDBPyConnection,
    name: str,
    rows: pa.Table,
    *,
    select: str = "*",
    before: str = "",
) -> None:
    cursor.register("new_rows", rows)
    if before:
        cursor.execute(before)
    cursor.execute(f"INSERT INTO {name} BY NAME SELECT {select} FROM new_rows")  # noqa: S608
    cursor.unregister("new_rows")


def _in_batches(rows: Iterator[Rows], schema: pa.Schema) -> Iterator[pa.Table]:
    """Join the rows of many videos to tables of some size, so that never all are held twice."""
    waiting, number = [schema.empty_table()], 0
    for each in rows:
        waiting.append(each.table)
        number += len(each.table)
        if number >= _BATCH_ROWS:
            yield pa.concat_tables(waiting)
            waiting, number = [schema.empty_table()], 0
    yield pa.concat_tables(waiting)


def _told(problems: list[str], step: Callable[[], bool]) -> bool:
    """Do a step; what of the place it cannot read becomes a problem, and the others go on."""
    try:
        return step()
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        problems.append(str(error))
        return False
