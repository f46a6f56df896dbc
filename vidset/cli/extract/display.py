"""What the commands show a person. Progress and messages go to stderr, results to stdout."""

import json
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from vidset.intake.progress import Progress as Counts
    from vidset.intake.request import Summary

_REFRESH_SECONDS = 0.2


@contextmanager
def show_progress(counts: "Counts", *, enabled: bool) -> Iterator[None]:
    """Show `counts` until the block ends."""
    if not enabled:
        yield
        return
    display = Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} videos"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[samples]} samples, {task.fields[kept]} kept"),
        TextColumn("{task.fields[speed]}"),
        TextColumn("{task.fields[left]}"),
        TimeElapsedColumn(),
        console=Console(file=sys.stderr),  # As it is now: it may be redirected for Beam.
        transient=True,
    )
    ended = threading.Event()

    def refresh() -> None:
        while not ended.wait(_REFRESH_SECONDS):
            elapsed = display.tasks[0].elapsed or 0
            display.update(
                task,
                total=counts.videos_found,
                completed=counts.videos_done + counts.videos_skipped,
                samples=counts.samples,
                kept=counts.kept,
                speed=f"{counts.video_seconds / elapsed:.0f}x real time" if elapsed else "",
                left=_left(counts),
            )

    with display:
        task = display.add_task("", total=0, samples=0, kept=0, speed="", left="")
        thread = threading.Thread(target=refresh, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def show_summary(
    summary: "Summary", notes: Mapping[str, str], output: str, *, as_json: bool, quiet: bool
) -> None:
    """The totals; on stderr each input that failed or is there in part."""
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    for uri, what in sorted(notes.items()):
        errors.print(f"[yellow]{escape(uri)}[/]: {escape(what)}")
    if (unnamed := summary.failed - len(notes)) > 0:
        errors.print(f"{unnamed} more failed: see {escape(output)}/dead_letters")
    if other := summary.skipped_with_other_settings:
        errors.print(
            f"[yellow]{other} of the videos done before were done with other settings and are left "
            "as they are; another --output extracts them anew.[/]"
        )
    if as_json:
        print(json.dumps(asdict(summary)))
    elif not quiet:
        _print_summary(summary, output)


def _left(counts: "Counts") -> str:
    """How far each video is that is at work, as "12/60 s 40/41 s"."""
    with suppress(RuntimeError):  # It changes meanwhile: the next time will do.
        return "  ".join(
            f"{min(done, total or done):.0f}/{'?' if total is None else f'{total:.0f}'} s"
            for done, total in counts.at_work.values()
        )
    return ""


def _print_summary(summary: "Summary", output: str) -> None:
    console = Console(highlight=False, soft_wrap=True)
    parts = []
    if summary.done or not (summary.partial or summary.failed or summary.skipped):
        parts.append(f"{summary.done} video{'s' * (summary.done != 1)} extracted")
    if summary.partial:
        parts.append(f"{summary.partial} extracted in part")
    if summary.skipped:
        parts.append(f"{summary.skipped} done before, not decoded again")
    if summary.failed:
        parts.append(f"[red]{summary.failed} failed[/]")
    console.print(", ".join(parts))
    if summary.samples:
        dropped = summary.samples - summary.kept
        console.print(
            f"{summary.samples} samples: [green]{summary.kept} kept[/], {dropped} dropped"
            + _reasons(summary.dropped)
        )
    console.print(f"{summary.seconds:.1f} s, {summary.cpu_seconds:.1f} CPU s")
    if summary.samples:
        console.print(f"images  {escape(output)}/images")
    if summary.samples or summary.skipped:
        console.print(f"ledgers {escape(output)}/frames, videos")


def _reasons(dropped: Mapping[str, int]) -> str:
    names = {"near_duplicate": "near duplicates"}
    each = [f"{number} {names.get(reason, reason)}" for reason, number in dropped.items()]
    return f" ({', '.join(each)})" if each else ""
