"""The ingest job: uploads to images and ledger rows.

    python -m dataflow.extract_frames --input DIR --images OUT/images --ledger OUT ...
    python -m dataflow.extract_frames --input_subscription projects/P/subscriptions/S ...

Batch over files, folders and buckets (backfill, reconciliation) and streaming over Cloud Storage
notifications are the same transforms behind another source.
"""

import argparse
import logging
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DebugOptions,
    PipelineOptions,
    StandardOptions,
)
from apache_beam.runners.runner import PipelineResult

from dataflow.options import DeadLetterOptions, IngestOptions, IngestSettings
from dataflow.transforms import (
    DropRepeats,
    ExtractFrames,
    ListVideos,
    ParseEvents,
    WriteDeadLetters,
    WriteLedger,
)

# Threads of a worker process: each may hold a video's decoder. Two keep a core busy while one waits
# for its bucket.
_DATAFLOW_THREADS = 2
# What Beam's DirectRunner comes to for such pipelines, without first trying to download another.
LOCAL_BATCH = "apache_beam.runners.portability.fn_api_runner.fn_runner.FnApiRunner"
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
    extractions, unusable = (
        uploads
        | "Drop repeats" >> DropRepeats(settings.is_streaming)
        # The events are acknowledged here, before the long work, and videos spread over workers.
        | "Redistribute" >> beam.Reshuffle()
        | "Extract frames"
        >> ExtractFrames(
            settings.extraction, settings.images, settings.ledger, settings.scratch_bytes
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
    return options, settings


def start(options: PipelineOptions, settings: IngestSettings) -> PipelineResult:
    """Start the job that `configure` has checked."""
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings)
    return pipeline.run()


def _print_help() -> None:
    """Our options. Beam's own, some hundred, are at https://beam.apache.org."""
    parser = argparse.ArgumentParser(
        prog="python -m dataflow.extract_frames",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="Any option of Beam and of its runner may follow, as in --runner=DataflowRunner.",
    )
    for options in IngestOptions, DeadLetterOptions:
        options._add_argparse_args(parser)  # pyright: ignore[reportArgumentType]
    parser.print_help()


def check_names(options: PipelineOptions, runner: str | None) -> None:
    """Beam passes over what it does not know; a misspelt option must not be without effect.

    A portable runner's job server may know more options than are known here.
    """
    if any(name in (runner or "").lower() for name in ("portable", "flink", "spark", "prism")):
        return
    known = options.get_all_options()
    unknown = set(options.get_all_options(retain_unknown_options=True)) - set(known)
    if unknown:
        raise ValueError(f"unknown options: {', '.join(f'--{name}' for name in sorted(unknown))}")


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
    logging.basicConfig(level=logging.INFO)
    arguments = sys.argv[1:] if argv is None else argv
    if {"-h", "--help"} & set(arguments):
        _print_help()
        return 0
    try:
        options, settings = configure(arguments)
    except ValueError as error:
        print(f"extract_frames: {error}", file=sys.stderr)
        return 2
    result = start(options, settings)
    # A Flex Template's launcher ends here; the job goes on in Dataflow.
    if not hasattr(result, "job_id"):
        result.wait_until_finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
