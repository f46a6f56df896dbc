"""`vidset extract`: an extraction with a display and a summary, on this machine or by Beam."""

import io
import os
import sys
from contextlib import nullcontext, redirect_stderr
from dataclasses import asdict, replace

from vidset.cli.console import answer, say
from vidset.cli.engines import Elsewhere
from vidset.cli.extract.display import is_empty, show_notes, show_progress, show_summary
from vidset.cli.extract.result import Extracted
from vidset.cli.stopping import if_stopped
from vidset.errors import ExtractionError
from vidset.intake.listing import check_input
from vidset.intake.probing import elsewhere
from vidset.intake.progress import Progress
from vidset.intake.request import Request, Summary
from vidset.intake.run import extract
from vidset.next_step import next_words
from vidset.project import Project, make_place
from vidset.settings import extraction_settings
from vidset.storage.registry import check_client
from vidset.storage.uris import is_uri


def run_extract(
    request: Request,
    project: Project,
    engine: Elsewhere | None = None,
    *,
    as_json: bool = False,
    quiet: bool = False,
    debug: bool = False,
) -> int:
    """Extract and report; the exit code: 1 when some inputs failed or none is a video, else 0.

    Args:
        engine: the machines that do it; None: this one.

    Raises:
        ValueError: the request cannot be carried out; nothing has been started.
    """
    _check(request)
    is_by_beam = bool(request.beam_options or request.options.get("runner"))
    if request.is_dry and is_by_beam:
        raise ValueError("--dry-run does not go to Beam: leave --runner and what follows -- out")
    if is_by_beam and engine is not None:
        raise ValueError("wanted one engine, got Beam's runner and another one")
    if request.shard and is_by_beam:
        raise ValueError("--shard does not go to Beam, which spreads the videos by itself")
    if not request.is_dry:
        make_place(project)
    if_stopped("The same command goes on from there.")
    show = not (quiet or as_json or debug) and sys.stderr.isatty()
    if is_by_beam:
        summary, notes = _by_beam(request, show=show, debug=debug)
    else:
        summary, notes = _by_workers(request, engine, show=show, debug=debug)
    show_notes(summary, notes, project.place)
    found = asdict(summary)
    if is_empty(summary):
        following = "vidset extract VIDEOS"
    else:
        following = None if request.is_dry else next_words(project, "extract")

    def show_all() -> None:
        show_summary(summary, project.place, request.inputs)
        if summary.samples and not request.is_dry:
            say(f"look     {project.command('vidset view')}")

    answer(
        Extracted(place=project.place, warnings=notes, **found),
        show_all,
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=following,
    )
    return 1 if summary.failed or is_empty(summary) else 0


def _check(request: Request) -> None:
    """Find what is wrong before the place is made.

    Raises:
        ValueError: a setting is wrong, an input is not there, or a client is not installed.
    """
    others = ("collector", "runner")
    extraction_settings({k: v for k, v in request.options.items() if k not in others})
    for pattern in request.inputs:
        check_input(pattern)
        check_client(pattern)


def _by_workers(
    request: Request, engine: Elsewhere | None, *, show: bool, debug: bool
) -> tuple[Summary, dict[str, str]]:
    progress = Progress()
    options = {name: value for name, value in request.options.items() if name != "runner"}
    mine = replace(request, options=options, beam_options=())
    try:
        with show_progress(progress, enabled=show):
            if engine is None or request.is_dry:
                summary = extract(mine, progress)
            else:
                summary = _by_others(mine, engine, progress)
    except KeyboardInterrupt:
        finished = progress.videos_done + progress.videos_skipped
        if_stopped(
            f"{finished} of {progress.videos_found} videos are done. "
            "The same command goes on from there."
        )
        raise
    except ExtractionError as error:
        if debug:
            print(error.trace, file=sys.stderr)
        raise
    return summary, progress.notes


def _by_others(request: Request, engine: Elsewhere, progress: Progress) -> Summary:
    """Let other machines do it; several of them share a long video when the others are done."""
    output = request.output if is_uri(request.output) else os.path.abspath(request.output)
    with elsewhere(*engine, output, request.inputs) as start_engine:
        mine = replace(request, output=output, workers=1)
        return extract(mine, progress, start_engine, is_elsewhere=True)


def _by_beam(request: Request, *, show: bool, debug: bool) -> tuple[Summary, dict[str, str]]:
    """Let Beam do it. Without `debug`, what it prints beside its exception is not shown."""
    from vidset.beam.ingest import PROGRESS
    from vidset.beam.run import extract_by_beam

    hidden = nullcontext() if debug else redirect_stderr(io.StringIO())
    with show_progress(PROGRESS, enabled=show), hidden:
        return extract_by_beam(request), PROGRESS.notes
