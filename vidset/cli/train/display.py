"""`vidset train` shows progress on stderr, the result on stdout."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from vidset.cli.console import plural, say
from vidset.training.scoring.run import LAST_EPOCHS


class RunProgress:
    """A bar for the epoch at work and a line for each that is done.

    Args:
        name: stands before what is told, where several runs are shown.
    """

    def __init__(self, display: Progress, *, quiet: bool, name: str = ""):
        self._display, self._quiet = display, quiet
        self._before = f"{name}: " if name else ""
        self._task = display.add_task("", total=None, visible=False)

    def of_run(self, name: str) -> "RunProgress":
        """One of several runs, on a bar of its own."""
        return RunProgress(self._display, quiet=self._quiet, name=name)

    def note(self, text: str) -> None:
        """Said even when quiet: it may explain the figures."""
        self._display.console.print(f"[yellow]{escape(self._before + text)}[/]")

    def preparing(self, images: int) -> Callable[[], None]:
        """Decoding; to be called for each image."""
        return self._count("preparing images", images)

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        """Returns what is to be called for each batch."""
        return self._count(f"epoch {number}/{epochs}", batches)

    def ended(self, line: Mapping[str, Any]) -> None:
        """The line of the history."""
        if not self._quiet:
            self._display.console.print(escape(self._before) + _told(line))

    def folds(self, done: int, folds: int) -> None:
        """Show how many folds are done."""
        if not self._quiet:
            self.note(f"{done} of {folds} folds")

    def _count(self, what: str, total: int) -> Callable[[], None]:
        self._display.reset(self._task, description=self._before + what, total=total, visible=True)
        return lambda: self._display.advance(self._task)


@contextmanager
def showing_progress(*, quiet: bool) -> Iterator[RunProgress]:
    """Shows progress on stderr, with a bar only on a terminal."""
    console = Console(file=sys.stderr, highlight=False, soft_wrap=True)
    display = Progress(
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    with display:
        yield RunProgress(display, quiet=quiet)


def show_runs(runs: Sequence[Mapping[str, Any]]) -> None:
    """Show each run's best epoch, which flatters, and the mean of the last five beside it."""
    for run in runs:
        say(
            f"{run['model']} on {run['reference']}, seed {run['seed']}: "
            f"{run['train_images']:,} images, {plural(len(run['classes']), 'class', 'classes')}, "
            f"{plural(run['epochs'], 'epoch')}"
        )
        for split in run["splits"]:
            name, value = next(iter(run["best"][split].items()))
            by = run.get("select_by")
            mean = run["last_five_mean"][split].get(name)
            if "scored_epochs" in run:  # By a program of its own, which is asked once.
                say(f"  {split} {name} {_figure(value)}")
                continue
            say(
                f"  {split} {name} {_figure(value)} at the best epoch "
                f"({run['best_epoch']}{', by ' + by if by else ''}), "
                f"{_figure(mean)} mean of the last {min(LAST_EPOCHS, run['epochs'])}"
            )
        say(f"  run {run['output']}")


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _told(line: Mapping[str, Any]) -> str:
    scores = ", ".join(
        f"{split} {_figure(next(iter(scores.values())))}"
        for split, scores in line["scores"].items()
    )
    loss = "" if line["train_loss"] is None else f"loss {line['train_loss']:.3f}, "
    return f"epoch {line['epoch']}: {loss}{escape(scores)}, {line['seconds']:.1f} s"
