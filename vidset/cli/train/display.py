"""What `vidset train` shows: progress on stderr, the result on stdout."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
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

from vidset.training.running.folder import RunFolder
from vidset.training.scoring.run import LAST_EPOCHS


class RunProgress:
    """A bar for the epoch at work and a line for each that is done."""

    def __init__(self, display: Progress, *, quiet: bool):
        self._display, self._quiet = display, quiet
        self._task = display.add_task("", total=None, visible=False)

    def note(self, text: str) -> None:
        """Said even when quiet: it may explain the figures."""
        self._display.console.print(f"[yellow]{escape(text)}[/]")

    def preparing(self, images: int) -> Callable[[], None]:
        """Decoding; to be called for each image."""
        return self._count("preparing images", images)

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        """To be called for each batch."""
        return self._count(f"epoch {number}/{epochs}", batches)

    def ended(self, line: Mapping[str, Any]) -> None:
        """The line of the history."""
        if not self._quiet:
            self._display.console.print(_told(line))

    def folds(self, done: int, folds: int) -> None:
        """Show how many folds are done."""
        if not self._quiet:
            self.note(f"{done} of {folds} folds")

    def _count(self, what: str, total: int) -> Callable[[], None]:
        self._display.reset(self._task, description=what, total=total, visible=True)
        return lambda: self._display.advance(self._task)


@contextmanager
def showing_progress(*, quiet: bool) -> Iterator[RunProgress]:
    """On stderr; the bar only where it is a terminal."""
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


def show_result(run: Mapping[str, Any], output: Path, *, as_json: bool, quiet: bool) -> None:
    """Show the best epoch, and the mean of the last five beside it: the best one flatters."""
    history = RunFolder(output).history()
    best = history[run["best_epoch"] - 1]
    if as_json:
        last = {split: _mean(history, split) for split in run["splits"]}
        found = {"best": best["scores"], "last_five_mean": last, "output": str(output)}
        print(json.dumps({**run, **found}))
    elif not quiet:
        console = Console(highlight=False, soft_wrap=True)
        console.print(
            f"{run['model']} on {run['reference']}: {run['train_images']:,} images, "
            f"{len(run['classes'])} classes, {run['epochs']} epochs"
        )
        for split in run["splits"]:
            name, value = next(iter(best["scores"][split].items()))
            mean = _mean(history, split)[name]
            console.print(
                f"{split}: {name} [green]{value:.3f}[/] at the best epoch ({best['epoch']}), "
                f"{mean:.3f} mean of the last {min(LAST_EPOCHS, len(history))}"
            )
        console.print(f"run     {escape(str(output))}")


def _mean(history: list[dict[str, Any]], split: str) -> dict[str, float]:
    lines = [line["scores"][split] for line in history[-LAST_EPOCHS:]]
    names = [name for name, value in lines[0].items() if value is not None]
    return {name: sum(line[name] for line in lines) / len(lines) for name in names}


def _told(line: Mapping[str, Any]) -> str:
    scores = ", ".join(
        f"{split} {next(iter(scores.values())):.3f}" for split, scores in line["scores"].items()
    )
    return (
        f"epoch {line['epoch']}: loss {line['train_loss']:.3f}, {escape(scores)}, "
        f"{line['seconds']:.1f} s"
    )
