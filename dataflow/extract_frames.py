"""The ingest job: uploads to images and ledger rows.

    python -m dataflow.extract_frames --input DIR --images OUT/images --ledger OUT ...
    python -m dataflow.extract_frames --input_subscription projects/P/subscriptions/S ...

Batch over files, folders and buckets (backfill, reconciliation) and streaming over Cloud Storage
notifications are the same transforms behind another source.
"""

import logging
import sys
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import (
    DebugOptions,
    PipelineOptions,
    SetupOptions,
    StandardOptions,
)
from apache_beam.runners.runner import PipelineResult

from dataflow.options import IngestOptions, IngestSettings
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
    extractions | "Write ledger" >> WriteLedger(settings.ledger)
    (
        letters
        | "All dead letters" >> beam.Flatten()
        | "Write dead letters"
        >> WriteDeadLetters(settings.dead_letters, settings.dead_letter_topic)
    )


def start(argv: Sequence[str]) -> PipelineResult:
    """Check the options and start the job.

    Raises:
        ValueError: the options do not make a job; nothing has been started.
    """
    options = PipelineOptions(list(argv))
    settings = options.view_as(IngestOptions).settings()
    options.view_as(StandardOptions).streaming = settings.is_streaming
    options.view_as(SetupOptions).save_main_session = False
    debug = options.view_as(DebugOptions)
    if debug.number_of_worker_harness_threads is None:
        debug.number_of_worker_harness_threads = _DATAFLOW_THREADS
    pipeline = beam.Pipeline(options=options)
    build(pipeline, settings)
    return pipeline.run()


def main(argv: Sequence[str] | None = None) -> int:
    logging.basicConfig(level=logging.INFO)
    try:
        result = start(sys.argv[1:] if argv is None else argv)
    except ValueError as error:
        print(f"extract_frames: {error}", file=sys.stderr)
        return 2
    # A Flex Template's launcher ends here; the job goes on in Dataflow.
    if not hasattr(result, "job_id"):
        result.wait_until_finish()
    return 0


if __name__ == "__main__":
    sys.exit(main())
