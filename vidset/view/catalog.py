"""Holds a place in tables, which the page asks: videos, samples, images, labels.

The ledgers, the labels, the newest version's split and the tags are read once, and then only what
has come since. Of this, a copy of large ledgers alone is kept for the next server.
"""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from vidset.project import Project
from vidset.selection.selection_file import read_selection, selection_ids
from vidset.storage.open import open_store
from vidset.storage.registry import check_client
from vidset.tags import FOLDER, Mark, current_tags, read_marks
from vidset.view.alike import HASHES, alike_rows
from vidset.view.findings_stamps import findings_stamps
from vidset.view.memory import MemoryTables
from vidset.view.place_rows import PlaceRows

if TYPE_CHECKING:
    from vidset.view.warehouse_rows import WarehouseRows
    from vidset.view.watched_tables import Pace

_BY = ("made_at", "actor")


class Source(Protocol):
    """The source of ledgers, labels and versions."""

    def open(self) -> bool:
        """Open the tables; whether they have what was kept of the ledgers."""
        ...

    def steps(self) -> Sequence[Callable[[], bool]]:
        """Return what takes in what is new; each says whether there was something."""
        ...


class Catalog(MemoryTables):
    """The place's tables. Several threads may ask; one at a time refreshes.

    Attributes:
        revision: rises whenever a refresh has found something new.
        problems: what could not be read, one sentence each.
        warehouse: what is read of a warehouse; None where ledgers, labels and versions are the
            place's own.
    """

    def __init__(
        self,
        project: Project,
        warehouse: str | None = None,
        pace: "Pace | None" = None,
        *,
        reads_later: bool = False,
    ):
        """
        Args:
            warehouse: bq://PROJECT.DATASET, whose tables are read instead of the place's.
            pace: how often those are looked at, if not as usual.
            reads_later: whether nothing is there until the first `refresh`.

        Raises:
            ValueError: there is no such warehouse, or nobody here who may read it.
        """
        super().__init__()
        self.project = project
        self.revision = 0
        self.problems: list[str] = []
        self._lock, self._tag_lock = threading.Lock(), threading.Lock()
        self._group_lock = threading.Lock()
        self.warehouse = None if warehouse is None else _open_warehouse(warehouse, self, pace)
        self._source: Source = self.warehouse or PlaceRows(project, self)
        self._marks: dict[str, Mark] = {}
        self._selections: dict[str, str] = {}
        self._findings: dict[str, tuple[int, int]] = {}
        self._grouped = 0
        if not reads_later:
            self.refresh()

    def close(self) -> None:
        super().close()
        if self.warehouse is not None:
            self.warehouse.close()

    def refresh(self) -> bool:
        """Take in what is new in the place; whether there was something."""
        with self._lock:
            changed = [not self.is_open and self._source.open()]
            problems: list[str] = []
            steps = (
                *self._source.steps(),
                self._take_tags,
                self._take_findings,
                lambda: self._take_selections(problems),
            )
            changed += [_told(problems, step) for step in steps]
            problems += self.warehouse.problems if self.warehouse else []
            is_new = any(changed) or problems != self.problems
            self.problems = problems
            self.revision += is_new
            if is_new:  # Arrow keeps what it had for later, which may be more than the tables.
                pa.default_memory_pool().release_unused()
            return is_new

    def refresh_tags(self) -> None:
        """Take in new marks, even while a refresh waits for something else."""
        self.revision += self._take_tags()

    def group_alike(self) -> None:
        """See that the images that look alike have their groups."""
        with self._group_lock:
            taken = self.frames_taken
            if self._grouped != taken:
                hashes = self.arrays(HASHES)
                self.insert("alike", alike_rows(hashes), before="DELETE FROM alike")
                self._grouped = taken

    def _take_tags(self) -> bool:
        with self._tag_lock:
            store = open_store(self.project.below(FOLDER))
            new = self.warehouse.new_marks() if self.warehouse else {}
            new |= dict(read_marks(store, self._marks))
            if not new:
                return False
            self._marks |= new
            tags = current_tags(self._marks.items())
            table = pa.table(
                {
                    "image_id": pa.array(list(tags), pa.string()),
                    "tags": pa.array(
                        [sorted(each) for each in tags.values()], pa.list_(pa.string())
                    ),
                }
            )
            self.insert("tags", table, before="DELETE FROM tags")
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
            self.insert("selected", table)
        problems += filter(None, self._selections.values())
        return bool(new)


def _open_warehouse(uri: str, tables: MemoryTables, pace: "Pace | None") -> "WarehouseRows":
    if not uri.startswith("bq://"):
        raise ValueError(
            f"--warehouse {uri}: wanted bq://PROJECT.DATASET; a place in a folder or a bucket is "
            "read without this option"
        )
    check_client(uri)
    from vidset.view.warehouse_rows import WarehouseRows
    from vidset.view.watched_tables import PACE, WatchedTables
    from vidset.warehouse.bigquery_tables import DatasetTables

    return WarehouseRows(tables, WatchedTables(DatasetTables(uri), pace or PACE))


def _told(problems: list[str], step: Callable[[], bool]) -> bool:
    """Do a step; what of the place it cannot read becomes a problem, and the others go on."""
    try:
        return step()
    except (ValueError, OSError, pa.ArrowInvalid) as error:
        problems.append(str(error))
        return False
