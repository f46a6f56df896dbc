"""Sums up a run that is done, from its folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from vidset.training.running.folder import RunFolder
from vidset.training.scoring.run import LAST_EPOCHS


def sum_up(run: Mapping[str, Any], output: Path) -> dict[str, Any]:
    """Return what run.json says, and beside it, by split, the scores of the best epoch (`best`) and
    the mean of the last five (`last_five_mean`); `output` is the run's folder.
    """
    history = RunFolder(output).history()
    best = history[run["best_epoch"] - 1]["scores"]
    last = {split: _mean(history, split) for split in run["splits"]}
    return {**run, "best": best, "last_five_mean": last, "output": str(output)}


def _mean(history: Sequence[Mapping[str, Any]], split: str) -> dict[str, float]:
    lines = [line["scores"][split] for line in history[-LAST_EPOCHS:]]
    names = [name for name, value in lines[0].items() if value is not None]
    return {name: sum(line[name] for line in lines) / len(lines) for name in names}
