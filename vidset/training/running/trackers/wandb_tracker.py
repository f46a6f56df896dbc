"""Weights & Biases: offline unless WANDB_MODE says otherwise; `wandb sync` sends it later."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb  # pyright: ignore[reportMissingImports]  A plug-in's package.

from vidset.training.running.trackers.tracker import figures, parameters

_PROJECT = "vidset"


def open_tracker() -> "WandbTracker":
    """Nothing is written yet."""
    return WandbTracker()


class WandbTracker:
    """A run there has our run_id as its id. What it is told again, the server ignores."""

    def start(self, run: Mapping[str, Any], folder: Path) -> None:
        self._run = wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            id=run["run_id"],
            name=f"{run['model']} {run['reference']} seed {run['seed']}",
            config=parameters(run),
            dir=str(folder),
            mode=os.environ.get("WANDB_MODE", "offline"),
            resume="allow",
            settings=wandb.Settings(console="off", silent=True),
        )

    def log(self, line: Mapping[str, Any]) -> None:
        self._run.log(dict(figures(line)), step=line["epoch"])

    def finish(self, run: Mapping[str, Any]) -> None:
        self._run.summary["best_epoch"] = run["best_epoch"]
        self._run.finish()
