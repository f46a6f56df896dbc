"""Bring annotations, tasks and ledgers to the warehouse with the Beam job."""

import io
from collections.abc import Callable
from contextlib import closing, redirect_stderr
from tempfile import TemporaryDirectory

from vidset.beam.counters import job_counters
from vidset.beam.export_job import configure, prepare, start
from vidset.documents.rows import ROWS
from vidset.warehouse.export import Warehouse
from vidset.warehouse.open import open_warehouse
from vidset.warehouse.sync import (
    Counts,
    Places,
    Request,
    Summary,
    bring_nothing,
    gather,
    sync_tags,
)


def sync_by_beam(
    request: Request,
    places: Places,
    bring_others: Callable[[Warehouse], dict[str, int]] = bring_nothing,
) -> Summary:
    """Run the export job until it is done.

    Args:
        bring_others: as `vidset.warehouse.sync.sync` takes it.

    Raises:
        ValueError: a place is not what it should be, or a table is not as its schema.
    """
    with TemporaryDirectory() as staging:
        arguments = [f"--store={places.store}", f"--warehouse={places.warehouse}"]
        arguments += [f"--dead_letters={places.dead_letters}"]
        if not any(
            option.startswith(("--staging", "--temp_location")) for option in request.beam_options
        ):
            arguments.append(f"--staging={request.staging or staging}")
        if request.full:
            arguments.append("--full")
        options, settings = configure([*arguments, *request.beam_options])
        prepare(settings)
        with redirect_stderr(io.StringIO()):
            result = start(options, settings)
            result.wait_until_finish()
        with closing(open_warehouse(places.warehouse, settings.staging)) as warehouse:
            tags, others = sync_tags(request, warehouse), bring_others(warehouse)
    counts = job_counters(result)
    summary = Summary(tags=tags, others=others)
    for table in ROWS:
        each = [counts.get(f"{table}_{name}", 0) for name in ("documents", "changed", "malformed")]
        summary.tables[table] = Counts(*each)
    if not places.warehouse.startswith("bq://"):
        summary.videos = gather(request, open_warehouse(places.warehouse))
    return summary
