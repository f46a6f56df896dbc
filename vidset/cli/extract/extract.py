"""`vidset extract`: an extraction with a display and a summary, on this machine or by Beam."""

import io
import sys
from contextlib import nullcontext, redirect_stderr

from vidset.cli.extract.display import show_progress, show_summary
from vidset.cli.stopping import if_stopped
from vidset.errors import ExtractionError
from vidset.intake.progress import Progress
from vidset.intake.request import Request, Summary
from vidset.intake.run import extract


def run_extract(
    request: Request, *, as_json: bool = False, quiet: bool = False, debug: bool = False
) -> int:
    """Extract and report; the exit code: 1 when some inputs failed, else 0.

    Raises:
        ValueError: the request cannot be carried out; nothing has been started.
    """
    show = not (quiet or as_json or debug) and sys.stderr.isatty()
    if request.beam_options or request.options.get("runner"):
        summary, notes = _by_beam(request, show=show, debug=debug)
        show_summary(summary, notes, request.output, as_json=as_json, quiet=quiet)
        return 1 if summary.failed else 0
    progress = Progress()
    options = {name: value for name, value in request.options.items() if name != "runner"}
    mine = Request(request.inputs, request.output, options, request.workers, limits=request.limits)
    try:
        with show_progress(progress, enabled=show):
            summary = extract(mine, progress)
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
    show_summary(summary, progress.notes, request.output, as_json=as_json, quiet=quiet)
    return 1 if summary.failed else 0


def _by_beam(request: Request, *, show: bool, debug: bool) -> tuple[Summary, dict[str, str]]:
    """Without `debug`, what Beam prints beside its exception is not shown."""
    from vidset.beam.ingest import PROGRESS
    from vidset.beam.run import extract_by_beam

    hidden = nullcontext() if debug else redirect_stderr(io.StringIO())
    with show_progress(PROGRESS, enabled=show), hidden:
        return extract_by_beam(request), PROGRESS.notes
