"""`vidset export`: annotations, tasks and ledgers into the warehouse."""

import io
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing, nullcontext, redirect_stderr
from dataclasses import asdict, dataclass, field
from tempfile import TemporaryDirectory

from rich.console import Console

from vidset.cli.console import say, show_problems
from vidset.documents.documents import Documents, Part
from vidset.documents.open import open_documents
from vidset.documents.rows import ROWS
from vidset.elements import DeadLetter
from vidset.intake.dead_letters import put_dead_letter
from vidset.storage.uris import open_store
from vidset.warehouse.export import Staged, Warehouse, export_part, finish, plan
from vidset.warehouse.open import open_warehouse

# Of malformed documents, named on stderr.
_NAMED = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for.

    Attributes:
        out: what `vidset extract` wrote; None: a store and a warehouse alone.
    """

    out: str | None
    store: str | None = None
    warehouse: str | None = None
    dead_letters: str | None = None
    full: bool = False
    workers: int | None = None
    beam_options: tuple[str, ...] = ()


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
            raise ValueError("wanted --store or LABELING_STORE, got neither")
        warehouse = request.warehouse or (folder and os.path.join(folder, "warehouse"))
        if not warehouse:
            raise ValueError("wanted --warehouse, a folder or bq://PROJECT.DATASET")
        if store is None and warehouse.startswith("bq://"):
            raise ValueError(f"{out}: nothing was labeled yet: there is no {out}/labels.sqlite")
        dead_letters = request.dead_letters or (out and f"{out}/dead_letters")
        return cls(store, warehouse, dead_letters or "dead_letters")


@dataclass(frozen=True, slots=True)
class Counts:
    """Of a table: documents that were read, rows that changed, documents that are malformed."""

    documents: int
    changed: int
    malformed: int


@dataclass(slots=True)
class Summary:
    """What an export did. `videos`: how many were gathered; None when there are no ledgers."""

    tables: dict[str, Counts] = field(default_factory=dict)
    videos: int | None = None
    letters: list[DeadLetter] = field(default_factory=list)

    @property
    def malformed(self) -> int:
        return sum(counts.malformed for counts in self.tables.values())


def run_export(request: Request, *, as_json: bool = False, quiet: bool = False) -> int:
    """Export and report; the exit code: 1 when documents are malformed, else 0.

    Raises:
        ValueError: the request does not do; nothing has been exported.
    """
    places = Places.of(request)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    shows_progress = sys.stderr.isatty() and not (as_json or quiet)
    with errors.status("Exporting") if shows_progress else nullcontext():
        summary = export(request, places)
    show_problems(f"{letter.uri}: {letter.reason}" for letter in summary.letters[:_NAMED])
    if unnamed := summary.malformed - min(len(summary.letters), _NAMED):
        show_problems([f"{unnamed} malformed documents more: see {places.dead_letters}"])
    if as_json:
        tables = {name: asdict(counts) for name, counts in summary.tables.items()}
        found = {"warehouse": places.warehouse, "tables": tables, "videos": summary.videos}
        print(json.dumps(found))
    elif not quiet:
        _show(summary, places)
    return 1 if summary.malformed else 0


def export(request: Request, places: Places) -> Summary:
    """Raises ValueError: a place is not what it should be, or a table not as its schema."""
    is_dataset = places.warehouse.startswith("bq://")
    if is_dataset or request.beam_options:
        return _export_by_beam(request, places)
    summary, warehouse = Summary(), open_warehouse(places.warehouse)
    if places.store is None:
        warehouse.prepare()
    else:
        with closing(open_documents(places.store)) as documents:
            warehouse.prepare()
            workers = _Workers(places.store, places.warehouse, request.workers)
            _export_tables(documents, warehouse, workers, places, summary, full=request.full)
    summary.videos = _gather(request, warehouse)
    return summary


def _export_tables(
    documents: Documents,
    warehouse: Warehouse,
    workers: "_Workers",
    places: Places,
    summary: Summary,
    *,
    full: bool,
) -> None:
    store = open_store(places.dead_letters)
    for table in ROWS:
        planned = plan(documents, warehouse, table, workers.parts, full=full)
        staged = []
        for output in workers.run(planned.parts, documents, warehouse):
            if isinstance(output, DeadLetter):
                put_dead_letter(store, output)
                summary.letters.append(output)
            else:
                staged.append(output)
        done = finish(warehouse, planned, staged)
        summary.tables[table] = Counts(done.documents, done.changed, done.malformed)


def _gather(request: Request, warehouse: Warehouse) -> int | None:
    from vidset.warehouse.folder import ParquetWarehouse
    from vidset.warehouse.gather import gather_ledgers

    if request.out is None or not isinstance(warehouse, ParquetWarehouse):
        return None
    return gather_ledgers(warehouse, request.out.rstrip("/"))


@dataclass(frozen=True, slots=True)
class _Workers:
    """Processes, for Python takes most of the time; none for what one does in a moment."""

    store: str
    warehouse: str
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
            tasks = [processes.submit(_export_part, self.store, self.warehouse, p) for p in parts]
            for task in tasks:
                yield from task.result()


def _export_part(store: str, warehouse: str, part: Part) -> list[DeadLetter | Staged]:
    """In a process of its own."""
    documents = open_documents(store)
    try:
        return list(export_part(documents, open_warehouse(warehouse), part))
    finally:
        documents.close()


def _export_by_beam(request: Request, places: Places) -> Summary:
    from vidset.beam.export_job import configure, prepare, start
    from vidset.cli.extract.extract import job_counters

    with TemporaryDirectory() as staging:
        arguments = [f"--store={places.store}", f"--warehouse={places.warehouse}"]
        arguments += [f"--dead_letters={places.dead_letters}"]
        if not any(
            option.startswith(("--staging", "--temp_location")) for option in request.beam_options
        ):
            arguments.append(f"--staging={staging}")
        if request.full:
            arguments.append("--full")
        options, settings = configure([*arguments, *request.beam_options])
        prepare(settings)
        with redirect_stderr(io.StringIO()):
            result = start(options, settings)
            result.wait_until_finish()
    counts = job_counters(result)
    summary = Summary()
    for table in ROWS:
        each = [counts.get(f"{table}_{name}", 0) for name in ("documents", "changed", "malformed")]
        summary.tables[table] = Counts(*each)
    if not places.warehouse.startswith("bq://"):
        summary.videos = _gather(request, open_warehouse(places.warehouse))
    return summary


def _show(summary: Summary, places: Places) -> None:
    for table, counts in summary.tables.items():
        bad = f", {counts.malformed} malformed" if counts.malformed else ""
        say(f"{table:12}{counts.documents} documents read, {counts.changed} rows changed{bad}")
    if summary.videos is not None:
        several = "s" * (summary.videos != 1)
        say(f"{'ledgers':12}{summary.videos} video{several} new or changed")
    say(f"{'warehouse':12}{places.warehouse}")
