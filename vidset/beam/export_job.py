"""The export job: annotation and task documents to the warehouse's tables.

    python -m vidset.beam.export_job --store firestore://P --warehouse bq://P.D \\
        --staging gs://B/export --dead_letters gs://B/dead_letters

A batch job. It reads what was written since the last one, so that it can run as often as one likes.
"""

import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.runner import PipelineResult

from vidset.beam.export import MergeRows, PlanExports, StageRows
from vidset.beam.export_options import ExportOptions, ExportSettings
from vidset.beam.ingest_options import DeadLetterOptions
from vidset.beam.job_main import LOCAL_BATCH, check_names, run_job
from vidset.beam.writing import WriteDeadLetters
from vidset.documents.open import open_documents
from vidset.documents.rows import ROWS
from vidset.warehouse.open import open_warehouse


def build(pipeline: beam.Pipeline, settings: ExportSettings) -> None:
    """Add the job's steps to `pipeline`."""
    plans = pipeline | "Tables" >> beam.Create(list(ROWS)) | "Plan exports" >> PlanExports(settings)
    staged, letters = plans | "Stage rows" >> StageRows(settings)
    letters | "Write dead letters" >> WriteDeadLetters(settings.dead_letters)
    (plans, staged) | "Merge rows" >> MergeRows(settings)


def configure(argv: Sequence[str]) -> tuple[PipelineOptions, ExportSettings]:
    """Check the options.

    Raises:
        ValueError: they do not make a job.
    """
    options = PipelineOptions(list(argv))
    settings = options.view_as(ExportOptions).settings()
    standard = options.view_as(StandardOptions)
    check_names(options, standard.runner)
    if "dataflow" in (standard.runner or "").lower():
        for option, uri in settings.places.items():
            if "://" not in uri:
                raise ValueError(f"{option}: Dataflow's workers cannot see the local {uri!r}")
    if standard.runner is None:
        standard.runner = LOCAL_BATCH
    return options, settings


def prepare(settings: ExportSettings) -> None:
    """Make the tables ready.

    Raises:
        ValueError: there is no such store or dataset, or a table is not as its schema says.
    """
    open_documents(settings.store).close()
    warehouse = open_warehouse(settings.warehouse, settings.staging)
    warehouse.prepare()
    warehouse.close()


def start(options: PipelineOptions, settings: ExportSettings) -> PipelineResult:
    """Start the job that `configure` has checked, in a warehouse that is prepared."""
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings)
    return pipeline.run()


def main(argv: Sequence[str] | None = None) -> int:
    parts = (ExportOptions, DeadLetterOptions)
    return run_job("export_job", __doc__, parts, _ready, start, argv)


def _ready(argv: Sequence[str]) -> tuple[PipelineOptions, ExportSettings]:
    options, settings = configure(argv)
    prepare(settings)
    return options, settings


if __name__ == "__main__":
    sys.exit(main())
