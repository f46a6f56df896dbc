"""MLflow: to MLFLOW_TRACKING_URI, or a folder `mlruns` beside the run's.

The version is the run's input, by its id. Tables are JSON as MLflow's own `log_table` writes it,
which needs pandas.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow import MlflowClient  # pyright: ignore[reportMissingImports]  A plug-in's package.
from mlflow.entities import (  # pyright: ignore[reportMissingImports]
    Dataset,
    DatasetInput,
    InputTag,
)

from vidset.training.running.trackers.shown import BEST, Shown, read_shown
from vidset.training.running.trackers.tracker import figures, parameters

_EXPERIMENT = "vidset"
_RUN_ID = "vidset.run_id"
_EVERY_RUN_HAS = "train/loss"


def open_tracker() -> "MlflowTracker":
    """Nothing is written yet."""
    return MlflowTracker()


class MlflowTracker:
    """A run there has ours in its tag `vidset.run_id`, and is found again by it."""

    def start(self, run: Mapping[str, Any], folder: Path) -> None:
        if not os.environ.get("MLFLOW_TRACKING_URI"):
            # MLflow 3 writes to a folder only if it is told that this is meant.
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
        beside = (folder.resolve().parent / "mlruns").as_uri()
        self._client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or beside)
        self._folder = folder
        experiment = self._experiment()
        found = self._client.search_runs([experiment], f"tags.`{_RUN_ID}` = '{run['run_id']}'")
        if found:
            self._id = found[0].info.run_id
            self._client.update_run(self._id, status="RUNNING")
        else:
            tags = {_RUN_ID: run["run_id"]}
            name = f"{run['model']} {run['reference']} seed {run['seed']}"
            created = self._client.create_run(experiment, tags=tags, run_name=name)
            self._id = created.info.run_id
            for key, value in parameters(run).items():
                self._client.log_param(self._id, key, value)
        told = self._client.get_metric_history(self._id, _EVERY_RUN_HAS)
        self._epoch = max((metric.step for metric in told), default=0)

    def log(self, line: Mapping[str, Any]) -> None:
        if line["epoch"] <= self._epoch:
            return
        # What says that an epoch was told comes last.
        for name, value in sorted(figures(line), key=lambda each: each[0] == _EVERY_RUN_HAS):
            self._client.log_metric(self._id, name, value, step=line["epoch"])
        self._epoch = line["epoch"]

    def finish(self, run: Mapping[str, Any]) -> None:
        self._client.set_tag(self._id, "vidset.best_epoch", str(run["best_epoch"]))
        for name in ("run.json", "history.jsonl"):
            self._client.log_artifact(self._id, str(self._folder / name))
        if (shown := read_shown(self._folder)) is not None:
            self._show(shown, run)
        self._client.set_terminated(self._id)

    def _show(self, shown: Shown, run: Mapping[str, Any]) -> None:
        for name, value in shown.figures.items():
            self._client.log_metric(self._id, name, value, step=run["best_epoch"])
        version = shown.version
        dataset = Dataset(
            name=f"version-{version['id'][:12]}",
            digest=version["id"][:36],
            source_type="vidset",
            source=json.dumps({"version": version["id"], "parents": version["parents"]}),
            profile=json.dumps(
                {name: version.get(name) for name in ("images", "splits", "licences")}
            ),
        )
        tags = [InputTag("mlflow.data.context", "training")]
        self._client.log_inputs(self._id, [DatasetInput(dataset, tags)])
        for path in shown.version_files:
            self._client.log_artifact(self._id, str(path), "version")
        for name, table in shown.tables.items():
            said = {"columns": table.columns, "data": table.rows}
            self._client.log_dict(self._id, said, f"{name}.json")
            for row in table.rows if table.images else ():
                file = str(row[table.columns.index(table.images or "")])
                self._client.log_artifact(
                    self._id, str(shown.folder / file), Path(file).parent.name
                )
        for split, path in shown.curves.items():
            self._client.log_artifact(self._id, str(path), split)
        told = [{"path": f"{name}.json", "type": "table"} for name in shown.tables]
        self._client.set_tag(self._id, "mlflow.loggedArtifacts", json.dumps(told))
        if (best := self._folder / BEST).is_file():
            self._client.log_artifact(self._id, str(best), "checkpoints")

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name(_EXPERIMENT)
        return found.experiment_id if found else self._client.create_experiment(_EXPERIMENT)
