"""Looks up what a place has recorded of images, videos and runs."""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from vidset.datasets.versions.repository import Repository
from vidset.elements import ledger_key
from vidset.labeling.stores.opening import open_store as open_labels
from vidset.labeling.stores.store import Query
from vidset.ledger.ledger import FolderLedger
from vidset.ledger.open import open_table_ledger
from vidset.ledger.rows import LedgerRows
from vidset.ledger.statements import Statement
from vidset.lineage.exports import Export, read_exports
from vidset.project import Project
from vidset.rights import FIELDS
from vidset.storage.open import open_store
from vidset.tags import FOLDER, Mark, read_marks

_FRAME = (
    *("video_uri", "generation", "collector_id", "pts_seconds", "image_id", "image_uri"),
    *("image_sha256", "settings_id", "period_seconds", "similarity_threshold", "uploaded_at"),
)
_VIDEO = (
    *("video_uri", "generation", "collector_id", "size_bytes", "codec", "width", "height"),
    *("duration_seconds", "samples", "kept", "status", "error", "settings_id", "uploaded_at"),
    *("vidset_version", "decoder_version", *FIELDS),
)
_ENTRY = (
    *("image_sha256", "image_uri", "split", "label", "origin", "parent", "made_by", "source"),
    *("collector_id", "video_uri", "pts_seconds", "rights"),
)
_OBJECTS = "objects"


@dataclass(frozen=True, slots=True)
class Labeled:
    """The labeling broker's documents of an image; None and empty where there are none."""

    annotation: dict[str, Any] | None
    task: dict[str, Any] | None
    answers: list[dict[str, Any]]


class Records:
    """The records of a place. Files are read when they are asked for."""

    def __init__(self, project: Project):
        self.project = project

    @cached_property
    def repository(self) -> Repository | None:
        """The dataset versions; None where there are none."""
        root = Path(self.project.place, "datasets")
        return Repository(root) if self.project.is_folder and root.is_dir() else None

    @cached_property
    def runs(self) -> list[Path]:
        """The folders of all runs, those that have not ended too, sorted."""
        if not self.project.is_folder:
            return []
        return sorted(path.parent for path in Path(self.project.place).glob("runs/*/run.json"))

    @cached_property
    def exports(self) -> list[Export]:
        """The exports and pushes, the oldest first."""
        return read_exports(self.project.place) if self.project.is_folder else []

    def frames(self, column: str, value: str) -> list[dict[str, Any]]:
        """Return the rows of the frame ledger with a value in a column.

        Raises:
            ValueError: a ledger cannot be read.
        """
        found = []
        for rows in self._ledger.frames(list(_FRAME)):
            at = pc.call_function("equal", [rows.table[column], pa.scalar(value)])
            found += rows.table.filter(at).to_pylist()
        return found

    def videos(self, uri: str) -> list[dict[str, Any]]:
        """Return the rows of the video ledger for a uri, or for the end of one: /a.mp4."""
        return [
            row
            for rows in self._ledger.videos(list(_VIDEO))
            for row in rows.table.to_pylist()
            if row["video_uri"] == uri or row["video_uri"].endswith(f"/{uri.lstrip('/')}")
        ]

    def statements(self, video: Mapping[str, Any]) -> list[Statement]:
        """Return what was stated of a video's rights since it was extracted, the oldest first.

        Raises:
            ValueError: they cannot be read.
        """
        ledger = FolderLedger(open_store(self.project.place))
        return ledger.statements(video["video_uri"], video["generation"])

    def all_videos(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of the video ledger, in no order.

        Raises:
            ValueError: the ledger is in BigQuery, and there is none.
        """
        if self.project.given_ledger is not None:
            yield from open_table_ledger(self.project.given_ledger).videos()
            return
        for rows in self._ledger.videos(list(_VIDEO)):
            yield from rows.table.to_pylist()

    def frames_of(self, videos: Collection[tuple[str, str]]) -> Iterator[dict[str, Any]]:
        """Yield the rows of the frame ledger of videos, by their uris and generations."""
        if self.project.given_ledger is not None:
            yield from open_table_ledger(self.project.given_ledger).frames_of(videos, _FRAME)
            return
        keys = {ledger_key(uri, generation) for uri, generation in videos}
        for rows in self._ledger.frames(list(_FRAME), keys & self._ledger.stamps.keys()):
            yield from rows.table.to_pylist()

    def all_entries(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the entries of all versions, oldest version first."""
        if self.repository is not None:
            for id_ in self.repository.versions():
                for batch in self.repository.columns(id_, list(_ENTRY)).to_batches():
                    for row in batch.to_pylist():
                        yield id_, row

    def labeled(self, image_id: str) -> Labeled:
        """Return the documents of an image.

        Raises:
            ValueError: the store cannot be opened.
        """
        with self._store() as store:
            if store is None:
                return Labeled(None, None, [])
            keys = ("annotations", image_id), ("tasks", image_id)
            annotation, task = (each and each.document for each in store.get(*keys))
            answers = store.find(Query("answers", {"image_id": image_id}))
            return Labeled(annotation, task, [each.document for each in answers])

    def image_of_task(self, vendor_task_id: str) -> str | None:
        """Return the image of a task by the vendor's id of it; None if no task has it."""
        with self._store() as store:
            if store is None:
                return None
            wanted = Query("tasks", {"vendor_task_id": vendor_task_id}, limit=1)
            return next((each.id for each in store.find(wanted)), None)

    def tags(self, image_id: str) -> Iterator[Mark]:
        """Yield the newest mark of each tag that the image has now."""
        newest: dict[str, Mark] = {}
        marks = read_marks(open_store(self.project.below(FOLDER)))
        for _, mark in sorted(marks, key=lambda each: (each[1].marked_at, each[0])):
            if image_id in mark.image_ids:
                newest[mark.tag] = mark
        return (mark for mark in newest.values() if mark.is_set)

    def entries(self, column: str, value: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the entries of all versions with a value in a column, oldest version first."""
        repository = self.repository
        for id_ in repository.versions() if repository else ():
            table = repository.columns(id_, [*_ENTRY, _OBJECTS]) if repository else None
            if table is not None:
                at = pc.call_function("equal", [table[column], pa.scalar(value)])
                for row in table.filter(at).to_pylist():
                    yield id_, row

    @cached_property
    def _ledger(self) -> LedgerRows:
        return LedgerRows(self.project.place)

    def _store(self) -> "_Opened":
        uri = self.project.store
        file = (uri or "").removeprefix("sqlite:")
        is_missing = uri is None or (file != uri and not os.path.isfile(file))
        return _Opened(None if is_missing else uri)


class _Opened:
    """A store of documents while the block lasts; None where nothing was labeled."""

    def __init__(self, uri: str | None):
        self._store = open_labels(uri) if uri else None

    def __enter__(self) -> Any:
        return self._store

    def __exit__(self, *_: object) -> None:
        if self._store is not None:
            self._store.close()
