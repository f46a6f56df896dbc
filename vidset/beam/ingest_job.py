"""The ingest job: uploads to images and ledger rows.

    python -m vidset.beam.ingest_job --input DIR --images OUT/images --ledger OUT ...
    python -m vidset.beam.ingest_job --input_subscription projects/P/subscriptions/S ...

Batch over files, folders and buckets (backfill, reconciliation) and streaming over Cloud Storage
notifications are the same transforms behind another source.
"""

import sys
from collections.abc import Sequence
from dataclasses import replace

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DebugOptions,
    PipelineOptions,
    StandardOptions,
)
from apache_beam.runners.runner import PipelineResult

from vidset.beam.ingest import DropRepeats, ExtractFrames, ListVideos, ParseEvents, WithinSpans
from vidset.beam.ingest_options import DeadLetterOptions, IngestOptions, IngestSettings
from vidset.beam.job_main import LOCAL_BATCH, check_names, run_job
from vidset.beam.scratch import check_scratch_bytes, fitting_scratch_bytes
from vidset.beam.writing import WriteDeadLetters, WriteLedger
from vidset.storage.store import DEFAULT_SCRATCH_BYTES

# Threads of a worker process: each may hold a video's decoder. Two keep a core busy while one waits
# for its bucket.
_DATAFLOW_THREADS = 2
_LOCAL_STREAMING = "apache_beam.runners.direct.direct_runner.BundleBasedDirectRunner"


def build(pipeline: beam.Pipeline, settings: IngestSettings) -> None:
    """Add the job's steps to `pipeline`."""
    letters = []
    if settings.subscription:
        messages = pipeline | "Read events" >> beam.io.ReadFromPubSub(
            subscription=settings.subscription, with_attributes=True
        )
        uploads, malformed = messages | "Parse events" >> ParseEvents(
            settings.events, settings.subscription
        )
        letters.append(malformed)
    else:
        patterns = pipeline | "Inputs" >> beam.Create(settings.inputs)
        uploads = patterns | "List videos" >> ListVideos(settings.events.collector_id)
    uploads = uploads | "Drop repeats" >> DropRepeats(settings.is_streaming)
    if settings.extraction.spans is not None:
        uploads = uploads | "Within spans" >> WithinSpans(settings.extraction)
    extractions, unusable = (
        uploads
        # The events are acknowledged here, before the long work, and videos spread over workers.
        | "Redistribute" >> beam.Reshuffle()
        | "Extract frames"
        >> ExtractFrames(
            settings.extraction,
            settings.images,
            settings.ledger,
            settings.scratch_bytes,
            settings.attempts,
            settings.redo,
            settings.labels,
            settings.stream,
            settings.limits,
        )
    )
    letters.append(unusable)
    extractions | "Write ledger" >> WriteLedger(settings.ledger, settings.is_streaming)
    (
        letters
        | "All dead letters" >> beam.Flatten()
        | "Write dead letters"
        >> WriteDeadLetters(settings.dead_letters, settings.dead_letter_topic)
    )


def configure(argv: Sequence[str]) -> tuple[PipelineOptions, IngestSettings]:
    """Check the options.

    Raises:
        ValueError: they do not make a job.
    """
    options = PipelineOptions(list(argv))
    settings = options.view_as(IngestOptions).settings()
    standard = options.view_as(StandardOptions)
    check_names(options, standard.runner)
    _check_runner(standard.runner, settings)
    standard.streaming = settings.is_streaming
    if standard.runner is None:
        standard.runner = _LOCAL_STREAMING if settings.is_streaming else LOCAL_BATCH
    debug = options.view_as(DebugOptions)
    if debug.number_of_worker_harness_threads is None:
        debug.number_of_worker_harness_threads = _DATAFLOW_THREADS
    if "dataflow" in standard.runner.lower():
        settings = replace(settings, scratch_bytes=_scratch_bytes(options))
    return options, settings


def _scratch_bytes(options: PipelineOptions) -> int:
    """Return what is asked for, checked; by default what a worker's disk has room for."""
    wanted = options.view_as(IngestOptions).scratch_bytes
    if wanted is None:
        return min(DEFAULT_SCRATCH_BYTES, fitting_scratch_bytes(options))
    check_scratch_bytes(options, wanted)
    return wanted


def start(options: PipelineOptions, settings: IngestSettings) -> PipelineResult:
    """Start the job that `configure` has checked."""
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings)
    return pipeline.run()


def _check_runner(runner: str | None, settings: IngestSettings) -> None:
    if "dataflow" not in (runner or "").lower():
        return
    for option, uri in (
        *(("--input", pattern) for pattern in settings.inputs),
        ("--images", settings.images),
        ("--ledger", settings.ledger),
        ("--dead_letters", settings.dead_letters or settings.dead_letter_topic or ""),
    ):
        if "://" not in uri and not uri.startswith("projects/"):
            raise ValueError(f"{option}: Dataflow's workers cannot see the local path {uri!r}")


def main(argv: Sequence[str] | None = None) -> int:
    parts = (IngestOptions, DeadLetterOptions)
    return run_job("ingest_job", __doc__, parts, configure, start, argv)


if __name__ == "__main__":
    sys.exit(main())
