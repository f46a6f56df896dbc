"""Takes the rows of the page's tables from a place: its ledgers, labels and newest version."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from vidset.datasets.versions.repository import Repository
from vidset.documents.documents import Part
from vidset.documents.open import open_documents
from vidset.engines.engine import TaskError, TaskLostError
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.rows import LedgerRows, in_batches
from vidset.ledger.stamps import Stamps, list_stamps
from vidset.project import Project
from vidset.view.caches import users_cache
from vidset.view.filling import NUMBERED, insert, insert_documents
from vidset.view.label_rows import (
    ANNOTATIONS,
    PREDICTIONS,
    TASKS,
    annotation_row,
    prediction_row,
    task_row,
)
from vidset.view.memory import MemoryTables
from vidset.view.snapshot import LEAST_VIDEOS, Snapshot, make_snapshot, read_snapshot


class PlaceRows:
    """The rows of a place that have not been taken yet."""

    def __init__(self, project: Project, tables: MemoryTables):
        self._project, self._tables = project, tables
        self._taken: dict[str, Stamps] = {}
        self._written: dict[str, str] = {}
        self._split_of = ""

    def open(self) -> bool:
        """Open the tables, over what is kept of large ledgers; it is made now if need be.

        Returns whether there is something in them.

        Nothing is kept of few of them, where they cannot be read, which reading them one by one
        tells, or where the user's cache folder cannot be written to.

        Raises:
            EndingError: the server ends.
        """
        kept = self._snapshot()
        if kept is not None:
            with suppress(duckdb.Error):  # It is gone, or another one, in this moment.
                self._tables.open(kept)
                self._taken = dict(kept.stamps)
                self._tables.frames_taken += 1
                return True
        self._tables.open()
        return False

    def _snapshot(self) -> Snapshot | None:
        folder = users_cache(self._project)
        try:
            stamps = list_stamps(self._project.place)
            if len(stamps) < LEAST_VIDEOS:
                return None
            found = read_snapshot(folder)
            if found is None or not found.is_of(stamps):
                found = make_snapshot(self._project.place, folder, self._tables.check_ending)
        except (ValueError, OSError, TaskError, TaskLostError):
            return None
        return found

    def steps(self) -> Sequence[Callable[[], bool]]:
        """Return what takes in what is new; each says whether there was something."""
        return self._take_ledgers, self._take_labels, self._take_split

    def _take_ledgers(self) -> bool:
        stamps = list_stamps(self._project.place)
        if stamps == self._taken:
            return False
        rows = LedgerRows(self._project.place, stamps)
        is_other = any(rows.stamps.get(key) != stamps for key, stamps in self._taken.items())
        known = {} if is_other else self._taken
        new = [key for key in rows.stamps if key not in known]
        with_frames = [key for key in new if rows.stamps[key].frames]
        frames = in_batches(rows.frames(FRAMES.names, with_frames))
        if not self._taken:  # No video is there yet, whose samples could be asked for.
            self._tables.fill("own_frames", frames, select=NUMBERED)
            frames = iter(())
        with self._tables.transaction() as cursor:
            if is_other:  # A video was extracted again or is gone: images get other numbers.
                self._tables.empty_ledgers(cursor)
            for table in frames:
                insert(cursor, "own_frames", table, select=NUMBERED)
            for table in in_batches(rows.videos(VIDEOS.names, new)):
                insert(cursor, "own_videos", table)
        self._tables.epoch += is_other
        if is_other or new:
            self._taken = {**known, **{key: rows.stamps[key] for key in new}}
            self._tables.frames_taken += 1
            self._tables.compress()
        return is_other or bool(new)

    def _take_labels(self) -> bool:
        store = self._project.store
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
                    self._take_documents(documents, "predictions", PREDICTIONS, prediction_row),
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
        with self._tables.transaction() as cursor:
            insert_documents(cursor, name, table)
        self._written[name] = newest
        return True

    def _take_split(self) -> bool:
        """Take the split of the newest version."""
        if not self._project.is_folder:
            return False
        repository = Repository(Path(self._project.place, "datasets"))
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
            self._tables.insert(
                "splits", table, select="DISTINCT ON (origin) *", before="DELETE FROM splits"
            )
        self._split_of = newest
        return bool(newest)
