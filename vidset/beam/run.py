"""`vidset extract` by Beam: the ingest job over what the user names, run to its end."""

import os
import time

from vidset.beam.counters import job_counters
from vidset.beam.ingest import PROGRESS
from vidset.beam.ingest_job import configure, start
from vidset.engines.engine import cpu_seconds
from vidset.intake.request import DROPPED, Request, Summary, prepare
from vidset.rights import NONE, Rights


def extract_by_beam(request: Request) -> Summary:
    """Run the job that `request` makes. `beam.ingest.PROGRESS` tells how far it is.

    Raises:
        ValueError: the request does not make a job; nothing has been started.
    """
    began, cpu_began = time.perf_counter(), cpu_seconds()
    options, settings = configure(_arguments(request))
    folders = prepare(request.output)
    spans = settings.extraction.spans or {}
    for uri in spans:  # Until it is found.
        PROGRESS.note(uri, "has spans, and is not among the inputs")
    try:
        result = start(options, settings)
        result.wait_until_finish()
    finally:
        for folder in folders:
            folder.sweep()
    counts = job_counters(result)
    samples = {reason: counts.get(f"samples_{reason}", 0) for reason in ("kept", *DROPPED)}
    return Summary(
        videos=counts.get("videos_with_spans" if spans else "videos_found", 0),
        samples=sum(samples.values()),
        kept=samples["kept"],
        dropped={reason: samples[reason] for reason in DROPPED if samples[reason]},
        failed=len(spans)
        - counts.get("videos_with_spans", 0)
        + sum(counts.get(f"videos_{how}", 0) for how in ("failed", "failed_before", "missing")),
        partial=counts.get("videos_partial", 0),
        skipped=counts.get("videos_skipped", 0),
        seconds=round(time.perf_counter() - began, 3),
        cpu_seconds=round(cpu_seconds() - cpu_began, 3),
        skipped_with_other_settings=counts.get("videos_skipped_with_other_settings", 0),
        done=counts.get("videos_done", 0),
        redone=counts.get("videos_anew", 0),
        replaced=counts.get("images_replaced", 0),
        labeled=sorted(PROGRESS.labeled),
    )


def _arguments(request: Request) -> list[str]:
    places = request.places
    arguments = [f"--input={item}" for item in request.inputs]
    arguments += [f"--images={places.images}", f"--ledger={places.ledger}"]
    arguments += [f"--dead_letters={places.dead_letters}"]
    options = dict(request.options)
    rights: Rights = options.pop("rights", NONE)
    arguments += [f"--rights={name}={text}" for name, text in rights.told().items()]
    arguments += [f"--{k}={v}" for k, v in options.items() if v is not None]
    arguments += [f"--redo={kind}" for kind in sorted(request.redo.kinds)]
    arguments += [f"--video_stream={'all' if request.stream is None else request.stream}"]
    if request.limits.seconds is not None:
        arguments += [f"--video_timeout={request.limits.seconds:g}"]
    if request.limits.memory_bytes is not None:
        arguments += [f"--video_memory={request.limits.memory_bytes // 1_000_000}"]
    if request.labels is not None:
        arguments += [f"--label_store={request.labels}"]
    workers = request.workers or os.cpu_count() or 1
    if workers > 1 and request.options.get("runner") is None:
        # Threads, not processes: decoding runs outside of Python's lock.
        arguments += [f"--direct_num_workers={workers}", "--direct_running_mode=multi_threading"]
    return [*arguments, *request.beam_options]
