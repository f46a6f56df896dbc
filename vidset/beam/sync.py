"""Bring annotations, tasks and ledgers to the warehouse with the Beam job."""

import io
from contextlib import closing, redirect_stderr
from tempfile import TemporaryDirectory

from vidset.beam.counters import job_counters
from vidset.beam.export_job import configure, prepare, start
from vidset.documents.rows import ROWS
from vidset.warehouse.open import open_warehouse
from vidset.warehouse.sync import Counts, Places, Request, Summary, gather, sync_tags


def sync_by_beam(request: Request, places: Places) -> Summary:
    """Run the export job until it is done.

    Raises:
        ValueError: a place is not what it should be, or a table is not as its schema.
    """
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
        with closing(open_warehouse(places.warehouse, settings.staging)) as warehouse:
            tags = sync_tags(request, warehouse)
    counts = job_counters(result)
    summary = Summary(tags=tags)
    for table in ROWS:
        each = [counts.get(f"{table}_{name}", 0) for name in ("documents", "changed", "malformed")]
        summary.tables[table] = Counts(*each)
    if not places.warehouse.startswith("bq://"):
        summary.videos = gather(request, open_warehouse(places.warehouse))
    return summary
