"""`vidset extract` shows progress and problems on stderr, the summary on stdout."""

import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from vidset.cli.console import duration, plural, say, show_problems, tell

if TYPE_CHECKING:
    from vidset.intake.progress import Progress as Counts
    from vidset.intake.request import Summary

_REFRESH_SECONDS = 0.2
# So many images that have labels are named; --json names all.
_NAMED = 20
# What a listing passes over, by its kinds.
_KINDS = {
    "hidden": "hidden",
    "unreadable": "that cannot be read",
    "special": "pipes or devices",
    "other": "that are no videos",
}


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


def show_notes(summary: "Summary", notes: Mapping[str, str], place: str) -> None:
    """Name on stderr each input that failed, or of which a part is there."""
    show_problems(f"{uri}: {what}" for uri, what in sorted(notes.items()))
    if (unnamed := summary.failed - len(notes)) > 0:
        tell(f"{unnamed:,} more failed: see {place}/dead_letters")
    if other := summary.skipped_with_other_settings:
        videos = plural(other, "video")
        text = f"{videos} of those done before had other settings and stay as they are"
        show_problems([f"{text}: --redo outdated extracts them anew."])
    if labeled := summary.labeled:
        more = f" and {len(labeled) - _NAMED:,} more" if len(labeled) > _NAMED else ""
        have = "has labels and stays as it is" if len(labeled) == 1 else "have labels and stay"
        told = f"{plural(len(labeled), 'image')} {have}: {', '.join(labeled[:_NAMED])}{more}"
        show_problems([told])


def _left(counts: "Counts") -> str:
    """Write how far each video is that is being decoded: "12/60 s 40/41 s"."""
    with suppress(RuntimeError):  # It changes meanwhile: the next time will do.
        return "  ".join(
            f"{min(done, total or done):.0f}/{'?' if total is None else f'{total:.0f}'} s"
            for done, total in counts.at_work.values()
        )
    return ""


def is_empty(summary: "Summary") -> bool:
    """Tell whether no video was found: no new one, none done before, none of other shards."""
    return not (summary.videos or summary.failed or summary.in_other_shards)


def show_summary(summary: "Summary", place: str, sources: Sequence[str] = ()) -> None:
    """Print what became of the videos and their samples, and where it is."""
    say(f"No video was found{_in(sources)}." if is_empty(summary) else told_videos(summary))
    if summary.in_other_shards:
        say(f"{plural(summary.in_other_shards, 'video')} left to other shards")
    if passed_over := summary.passed_over:
        each = ", ".join(f"{number:,} {_KINDS[kind]}" for kind, number in passed_over.items())
        say(f"passed over: {each}")
    if summary.redone:
        videos, images = plural(summary.redone, "video"), plural(summary.replaced, "image")
        is_dry = not (summary.done or summary.partial or summary.failed)
        say(
            f"{videos} would be extracted anew, {images} from before replaced"
            if is_dry
            else f"{videos} anew, in place of {images} from before"
        )
    if summary.samples:
        dropped = summary.samples - summary.kept
        say(
            f"{plural(summary.samples, 'sample')}: {summary.kept:,} kept, {dropped:,} dropped"
            + _reasons(summary.dropped)
        )
    if summary.videos:
        say(f"{duration(summary.seconds)}, {duration(summary.cpu_seconds)} of CPU time")
    if summary.samples:
        say(f"images   {place}/images")
    if summary.samples or summary.skipped:
        say(f"ledgers  {place}/frames, {place}/videos")


def _in(sources: Sequence[str]) -> str:
    """Write where was looked, in one line."""
    if len(sources) > 1:
        return f" in {sources[0]} and {plural(len(sources) - 1, 'other source')}"
    return f" in {sources[0]}" if sources else ""


def told_videos(summary: "Summary") -> str:
    """Write how many videos were done, are there in part, had been done before and failed."""
    parts = []
    if summary.new:
        parts.append(f"{plural(summary.new, 'video')} would be extracted")
    if summary.done:
        parts.append(f"{plural(summary.done, 'video')} extracted")
    if summary.partial:
        parts.append(f"{summary.partial:,} extracted in part")
    if summary.skipped:
        parts.append(f"{summary.skipped:,} done before, not decoded again")
    if summary.failed:
        parts.append(f"{summary.failed:,} failed")
    return ", ".join(parts) or f"{plural(summary.videos, 'video')} found"


def _reasons(dropped: Mapping[str, int]) -> str:
    names = {"near_duplicate": "near duplicates"}
    each = [f"{number:,} {names.get(reason, reason)}" for reason, number in dropped.items()]
    return f" ({', '.join(each)})" if each else ""
