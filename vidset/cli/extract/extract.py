"""`vidset extract`: the ingest job over what the user names, with a display and a summary."""

import io
import os
import resource
import sys
import time
from contextlib import nullcontext, redirect_stderr
from dataclasses import dataclass, field
from typing import Any

from vidset.beam.counters import job_counters
from vidset.beam.ingest_job import configure, start
from vidset.beam.progress import PROGRESS
from vidset.cli.extract.display import show_progress, show_summary
from vidset.output import make_output
from vidset.storage.folder import FolderStore
from vidset.storage.uris import open_store

_REASONS = ("near_duplicate", "blurred", "dark", "bright")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for; `options` are the job's, None where not given."""

    inputs: tuple[str, ...]
    output: str
    options: dict[str, Any] = field(default_factory=dict)
    workers: int | None = None
    beam_options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did. `skipped` videos were done before; their samples are not counted."""

    videos: int
    samples: int
    kept: int
    dropped: dict[str, int]
    failed: int
    partial: int
    skipped: int
    seconds: float
    cpu_seconds: float
    skipped_with_other_settings: int = 0


def run_extract(
    request: Request, *, as_json: bool = False, quiet: bool = False, debug: bool = False
) -> int:
    """Extract and report; the exit code: 1 when some inputs failed, else 0.

    Raises:
        ValueError: the request does not make a job; nothing has been started.
    """
    summary = extract(request, show=not (quiet or as_json or debug), debug=debug)
    show_summary(summary, PROGRESS.notes, request.output, as_json=as_json, quiet=quiet)
    return 1 if summary.failed else 0


def extract(request: Request, *, show: bool = False, debug: bool = False) -> Summary:
    """Run the job to its end. Without `debug`, what Beam prints beside its exception is not shown.

    Raises:
        ValueError: the request does not make a job.
    """
    began, cpu_began = time.perf_counter(), _cpu_seconds()
    options, settings = configure(_arguments(request))
    folders = _prepare(request.output)
    spans = settings.extraction.spans or {}
    for uri in spans:  # Until it is found.
        PROGRESS.note(uri, "has spans, and is not among the inputs")
    with show_progress(PROGRESS, enabled=show and sys.stderr.isatty()):
        try:
            hidden = nullcontext() if debug else redirect_stderr(io.StringIO())
            with hidden:
                result = start(options, settings)
                result.wait_until_finish()
        finally:
            for folder in folders:
                folder.sweep()
    counts = job_counters(result)
    return Summary(
        videos=counts.get("videos_with_spans" if spans else "videos_found", 0),
        samples=sum(counts.get(f"samples_{reason}", 0) for reason in ("kept", *_REASONS)),
        kept=counts.get("samples_kept", 0),
        dropped={
            reason: counts[f"samples_{reason}"]
            for reason in _REASONS
            if counts.get(f"samples_{reason}")
        },
        failed=len(spans)
        - counts.get("videos_with_spans", 0)
        + sum(counts.get(f"videos_{how}", 0) for how in ("failed", "failed_before", "missing")),
        partial=counts.get("videos_partial", 0),
        skipped=counts.get("videos_skipped", 0),
        seconds=round(time.perf_counter() - began, 3),
        cpu_seconds=round(_cpu_seconds() - cpu_began, 3),
        skipped_with_other_settings=counts.get("videos_skipped_with_other_settings", 0),
    )


def _arguments(request: Request) -> list[str]:
    output = request.output.rstrip("/") or "/"
    arguments = [f"--input={item}" for item in request.inputs]
    arguments += [f"--images={output}/images", f"--ledger={output}"]
    arguments += [f"--dead_letters={output}/dead_letters"]
    arguments += [f"--{k}={v}" for k, v in request.options.items() if v is not None]
    workers = request.workers or os.cpu_count() or 1
    if workers > 1 and request.options.get("runner") is None:
        # Threads, not processes: decoding runs outside of Python's lock.
        arguments += [f"--direct_num_workers={workers}", "--direct_running_mode=multi_threading"]
    return [*arguments, *request.beam_options]


def _prepare(output: str) -> list[FolderStore]:
    """Make the output folder, and clear what a killed run left half written."""
    if "://" in output:
        open_store(output)  # Its uri and its client, before any work.
        return []
    make_output(output)
    folders = [FolderStore(os.path.join(output, name)) for name in ("", "images", "dead_letters")]
    for folder in folders:
        folder.sweep()
    return folders


def _cpu_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
