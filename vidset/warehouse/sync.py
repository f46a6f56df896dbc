"""Bring annotations, tasks and ledgers to the warehouse, in processes of this machine."""

import multiprocessing
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from itertools import chain
from tempfile import TemporaryDirectory

from vidset import tags
from vidset.documents.documents import Documents, Part
from vidset.documents.open import open_documents
from vidset.documents.rows import ROWS, Row
from vidset.elements import DeadLetter
from vidset.ledger.stated import statement_rows
from vidset.storage.open import open_store
from vidset.storage.writing import replacing
from vidset.warehouse.export import Staged, Warehouse, export_part, finish, plan
from vidset.warehouse.open import open_warehouse

_MARK = ".synced"


@dataclass(frozen=True, slots=True)
class Request:
    """The user's request.

    Attributes:
        out: what `vidset extract` wrote; None: a store and a warehouse alone.
        staging: for BigQuery, a folder or gs:// place for rows on their way; None: a temporary
            folder.
    """

    out: str | None
    store: str | None = None
    warehouse: str | None = None
    dead_letters: str | None = None
    full: bool = False
    workers: int | None = None
    beam_options: tuple[str, ...] = ()
    staging: str | None = None


@dataclass(frozen=True, slots=True)
class Places:
    """The request, with what it left open filled in. `store` None: nothing was labeled yet."""

    store: str | None
    warehouse: str
    dead_letters: str

    @classmethod
    def of(cls, request: Request) -> "Places":
        """Raises ValueError: something is missing."""
        out = request.out and request.out.rstrip("/")
        if out and out.startswith("bq://"):
            raise ValueError(f"{out}: wanted ledgers in files; those in BigQuery are there already")
        folder = out if out and "://" not in out else None
        if folder and not os.path.isdir(os.path.join(folder, "videos")):
            raise ValueError(
                f"{out}: wanted the output of vidset extract, got no folder {out}/videos"
            )
        store = request.store or os.environ.get("LABELING_STORE")
        if store is None and folder:
            labels = os.path.join(folder, "labels.sqlite")
            store = f"sqlite:{labels}" if os.path.exists(labels) else None
        elif store is None:
            raise ValueError(
                f"{out} is in a bucket, and tasks and annotations are kept elsewhere: wanted "
                "--store or LABELING_STORE, such as --store sqlite:labels.sqlite, got neither"
            )
        warehouse = request.warehouse or (folder and os.path.join(folder, "warehouse"))
        if not warehouse:
            raise ValueError(
                f"{out} is in a bucket, and its tables are kept elsewhere: wanted --warehouse or "
                "VIDSET_WAREHOUSE, a folder or bq://PROJECT.DATASET, got neither"
            )
        if store is None and warehouse.startswith("bq://"):
            raise ValueError(f"{out}: nothing was labeled yet: there is no {out}/labels.sqlite")
        dead_letters = request.dead_letters or (out and f"{out}/dead_letters")
        return cls(store, warehouse, dead_letters or "dead_letters")


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of a table's documents that were read, changed rows, and were malformed."""

    documents: int
    changed: int
    malformed: int


@dataclass(slots=True)
class Summary:
    """The outcome of a run.

    Attributes:
        videos: how many were gathered, or None when there are no ledgers.
        tags: how many rows of `tags` are new or changed.
        others: how many rows are new or changed, by table, of what `bring_others` brought.
    """

    tables: dict[str, Counts] = field(default_factory=dict)
    videos: int | None = None
    tags: int = 0
    others: dict[str, int] = field(default_factory=dict)
    letters: list[DeadLetter] = field(default_factory=list)

    @property
    def malformed(self) -> int:
        return sum(counts.malformed for counts in self.tables.values())


def bring_nothing(_: Warehouse) -> dict[str, int]:
    """Bring no rows beyond documents, ledgers and tags."""
    return {}


def sync(
    request: Request,
    places: Places,
    keep_letter: Callable[[DeadLetter], None],
    bring_others: Callable[[Warehouse], dict[str, int]] = bring_nothing,
) -> Summary:
    """Bring what has changed to a warehouse.

    Args:
        keep_letter: called with each malformed document.
        bring_others: brings rows that come from elsewhere to the warehouse when it is prepared;
            returns how many rows of which tables changed.

    Raises:
        ValueError: a place is not what it should be, or a table is not as its schema.
    """
    summary = Summary()
    with ExitStack() as opened:
        staging = request.staging
        if staging is None and places.warehouse.startswith("bq://"):
            staging = opened.enter_context(TemporaryDirectory())
        warehouse = opened.enter_context(closing(open_warehouse(places.warehouse, staging)))
        documents = None
        if places.store is not None:
            documents = opened.enter_context(closing(open_documents(places.store)))
        warehouse.prepare()
        opened.enter_context(_marked(places.warehouse))
        if documents is not None and places.store is not None:
            workers = _Workers(places.store, places.warehouse, staging, request.workers)
            _sync_tables(documents, warehouse, workers, summary, keep_letter, full=request.full)
        summary.videos = gather(request, warehouse)
        summary.tags = sync_tags(request, warehouse)
        summary.others = bring_others(warehouse)
        if statements := sync_statements(request, warehouse):
            summary.others = {**summary.others, "statements": statements}
    return summary


def is_synced(request: Request, places: Places) -> bool:
    """Tell whether nothing has changed since a sync began that went well.

    Only files tell: of a store or a warehouse in a cloud it is not known.
    """
    file = (places.store or "").removeprefix("sqlite:")
    if "://" in f"{file}{places.warehouse}{request.out or ''}":
        return False
    read = [f"{request.out}/{each}" for each in ("videos", tags.FOLDER)] if request.out else []
    read += [file, f"{file}-wal"] if file else []
    try:
        synced = os.stat(os.path.join(places.warehouse, _MARK)).st_mtime_ns
    except FileNotFoundError:
        return False
    return all(os.stat(each).st_mtime_ns < synced for each in read if os.path.exists(each))


@contextmanager
def _marked(warehouse: str) -> Iterator[None]:
    """Leave a file that is as old as the beginning of the block, if that goes well."""
    if "://" in warehouse:
        yield
        return
    with replacing(os.path.join(warehouse, _MARK), "w") as mark:
        mark.write("A sync that went well began when this file was written.\n")
        mark.flush()
        yield


def _sync_tables(
    documents: Documents,
    warehouse: Warehouse,
    workers: "_Workers",
    summary: Summary,
    keep_letter: Callable[[DeadLetter], None],
    *,
    full: bool,
) -> None:
    for table in ROWS:
        planned = plan(documents, warehouse, table, workers.parts, full=full)
        staged = []
        for output in workers.run(planned.parts, documents, warehouse):
            if isinstance(output, DeadLetter):
                keep_letter(output)
                summary.letters.append(output)
            else:
                staged.append(output)
        done = finish(warehouse, planned, staged)
        summary.tables[table] = Counts(done.documents, done.changed, done.malformed)


def gather(request: Request, warehouse: Warehouse) -> int | None:
    """Bring the ledgers of a folder to its warehouse. Returns how many videos changed."""
    if request.out is None:
        return None  # Without what a folder takes, which is not installed everywhere.
    from vidset.warehouse.folder import ParquetWarehouse
    from vidset.warehouse.gather import gather_ledgers

    if not isinstance(warehouse, ParquetWarehouse):
        return None
    return gather_ledgers(warehouse, request.out.rstrip("/"))


def sync_tags(request: Request, warehouse: Warehouse) -> int:
    """Bring what people have marked to the table `tags`. Returns how many rows changed.

    Raises:
        ValueError: an object in the folder of the tags is no mark.
    """
    if request.out is None or request.out.startswith("bq://"):
        return 0
    # All of them: clocks differ, so that a mark's time does not tell whether it was read before.
    marks = tags.read_marks(open_store(f"{request.out.rstrip('/')}/{tags.FOLDER}"))
    files = warehouse.stage("tags", chain.from_iterable(map(_tag_rows, marks)))
    return warehouse.merge("tags", files)


def _tag_rows(named: tuple[str, tags.Mark]) -> Iterator[Row]:
    name, mark = named
    for image_id in mark.image_ids:
        yield {
            "image_id": image_id,
            "tag": mark.tag,
            "is_set": mark.is_set,
            "actor": mark.actor,
            "marked_at": mark.marked_at,
            "mark": name,
        }


def sync_statements(request: Request, warehouse: Warehouse) -> int:
    """Bring what was stated of videos' rights to the table `statements`; how many rows changed.

    Raises:
        ValueError: a file has no statements, or a ledger cannot be read.
    """
    if request.out is None or request.out.startswith("bq://"):
        return 0
    rows = statement_rows(request.out.rstrip("/"))
    return warehouse.merge("statements", warehouse.stage("statements", rows))


@dataclass(frozen=True, slots=True)
class _Workers:
    """Processes, for Python takes most of the time; none for what one does in a moment."""

    store: str
    warehouse: str
    staging: str | None
    number: int | None

    @property
    def parts(self) -> int:
        return self.number or os.cpu_count() or 1

    def run(
        self, parts: tuple[Part, ...], documents: Documents, warehouse: Warehouse
    ) -> Iterator[DeadLetter | Staged]:
        if len(parts) == 1:
            yield from export_part(documents, warehouse, parts[0])
            return
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(self.parts, len(parts)), mp_context=context) as processes:
            where = (self.store, self.warehouse, self.staging)
            tasks = [processes.submit(_export_part, *where, part) for part in parts]
            for task in tasks:
                yield from task.result()


def _export_part(
    store: str, warehouse: str, staging: str | None, part: Part
) -> list[DeadLetter | Staged]:
    """Exports a part, in a process of its own."""
    with (
        closing(open_documents(store)) as documents,
        closing(open_warehouse(warehouse, staging)) as opened,
    ):
        return list(export_part(documents, opened, part))
