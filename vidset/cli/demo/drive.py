"""`vidset demo`: what it shows, and what it prints with --json."""

import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from vidset.cli.console import answer, say, show_problems, working
from vidset.cli.demo.command import Demonstrated
from vidset.cli.extract.display import show_notes, show_progress, show_summary
from vidset.demo.demo import demonstrate
from vidset.intake.progress import Progress
from vidset.intake.request import Summary

if TYPE_CHECKING:
    from vidset.demo.labels import Labeling


def run_demo(video: str | None, output: str, *, as_json: bool = False, quiet: bool = False) -> int:
    """Show the demo; the exit code: 1 when the video failed or an image was not labeled, else 0.

    Raises:
        ValueError: `video` is no file, or `output` cannot be a folder; nothing has been started.
    """
    done = demonstrate(video, output, _Display(is_shown=not (quiet or as_json)))
    labels = done.labeling

    def show() -> None:
        say(f"contact sheet  {done.sheet}" if done.sheet else "no contact sheet")
        if labels and labels.sheet:
            say(f"labels         {labels.sheet}")

    answer(
        Demonstrated(
            done.project.place,
            done.sheet,
            done.video,
            done.truth,
            labels and asdict(labels),
            **_told(done.summary),
        ),
        show,
        as_json=as_json,
        quiet=quiet,
        project=done.project,
        next_words="vidset view",
    )
    return 0 if done.is_whole else 1


def _told(summary: Summary) -> dict[str, Any]:
    """Returns what the demo tells of its extraction: nothing of a new drive was redone."""
    names = {each.name for each in fields(Demonstrated)}
    return {name: value for name, value in asdict(summary).items() if name in names}


class _Display:
    """Results on stdout, progress and problems on stderr. Problems are shown in any case."""

    def __init__(self, *, is_shown: bool):
        self._is_shown = is_shown

    def tell(self, text: str) -> None:
        if self._is_shown:
            say(text)

    def doing(self, what: str) -> AbstractContextManager[object]:
        return working(what, show=self._is_shown)

    def extracting(self, counts: Progress) -> AbstractContextManager[None]:
        return show_progress(counts, enabled=self._is_shown and sys.stderr.isatty())

    def extracted(self, summary: Summary, notes: Mapping[str, str], place: str) -> None:
        show_notes(summary, notes, place)
        if self._is_shown:
            show_summary(summary, place)

    def labeled(self, labeling: "Labeling") -> None:
        show_problems(labeling.problems)
        how = f"{labeling.dispatched} tasks sent, answered by HTTP callbacks"
        if not labeling.dispatched:
            how = "all of them before, no task sent again"
        self.tell(f"{labeling.annotations['labeled']} images labeled ({how})")
        objects = ", ".join(f"{number} {label}" for label, number in labeling.objects.items())
        self.tell(f"        {objects}; {labeling.quarantine} answers in quarantine")
