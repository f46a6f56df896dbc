"""Weights & Biases: offline unless WANDB_MODE says otherwise; `wandb sync` sends it later.

The version and the best checkpoint are artifacts. Online, the run uses the version, which draws the
lineage; W&B has no such edge offline, where the run logs both, each with the other's id.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import PIL.Image  # noqa: F401  W&B's pictures need it: say so before hours of training.
import wandb  # pyright: ignore[reportMissingImports]  A plug-in's package.

from vidset.training.running.trackers.shown import BEST, Shown, Table, read_shown
from vidset.training.running.trackers.tracker import figures, parameters

_PROJECT = "vidset"


def open_tracker() -> "WandbTracker":
    """Nothing is written yet."""
    return WandbTracker()


class WandbTracker:
    """A run there has our run_id as its id. What it is told again, the server ignores."""

    def start(self, run: Mapping[str, Any], folder: Path) -> None:
        self._folder = folder
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
        if (shown := read_shown(self._folder)) is not None:
            self._show(shown, run)
        self._run.finish()

    def _show(self, shown: Shown, run: Mapping[str, Any]) -> None:
        for name, value in shown.figures.items():
            self._run.summary[name] = value
        version = shown.version
        data = wandb.Artifact(
            f"version-{version['id'][:12]}", type="dataset", metadata=dict(version)
        )
        for path in shown.version_files:
            data.add_file(str(path), path.name)
        if self._run.offline:
            self._run.log_artifact(data)
        else:
            self._run.use_artifact(data)
        tables = {name: _table(shown, table) for name, table in shown.tables.items()}
        self._run.log(tables, step=run["epochs"])
        if (best := self._folder / BEST).is_file():
            told = {"run_id": run["run_id"], "version": run["version"]}
            model = wandb.Artifact(f"run-{run['run_id'][:12]}", type="model", metadata=told)
            model.add_file(str(best), "best.pt")
            for split, path in shown.curves.items():
                model.add_file(str(path), f"{split}/{path.name}")
            self._run.log_artifact(model, aliases=["best"])


def _table(shown: Shown, table: Table) -> "wandb.Table":
    place = table.columns.index(table.images) if table.images else None
    rows = [
        [
            wandb.Image(str(shown.folder / value)) if column == place else value
            for column, value in enumerate(row)
        ]
        for row in table.rows
    ]
    return wandb.Table(columns=table.columns, data=rows)
