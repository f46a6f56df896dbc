"""Dataset versions and runs from the tables of a BigQuery dataset.

The tables say less than the folders of a place: of objects their number, and no differences.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.counts import NOTHING
from vidset.overview.overview import RunOverview, VersionOverview
from vidset.training.scoring.evaluation import MEASURES
from vidset.view.memory import MemoryTables
from vidset.view.watched_tables import WatchedTables
from vidset.warehouse.bigquery_tables import TableState

_VERSION = ("version", "names", "created_at", "actor", "message", "parents", "images")
_RUN = (
    *("run_id", "run", "version", "model", "recipe_hash", "seed", "epochs", "splits", "classes"),
    *("best_epoch", "state", "created_at"),
)
_EPOCH = ("run_id", "epoch", "split", "score_name", "score", "train_loss", "seconds")
_SPLIT = "SELECT DISTINCT origin, split FROM entries WHERE version = @version"
_COUNTS = (
    "SELECT split, TO_JSON_STRING(labels) AS labels, COUNT(*) AS images "
    "FROM entries WHERE version = @version GROUP BY 1, 2"
)
_SPLITS = pa.schema([("origin", pa.string()), ("split", pa.string())])


class WarehouseVersions:
    """The versions and runs of a dataset, as its tables tell them.

    Attributes:
        versions: newest first.
        runs: newest first, each with its history by epoch.
    """

    def __init__(self, tables: MemoryTables, watched: WatchedTables):
        self._tables, self._watched = tables, watched
        self._dataset = watched.dataset
        self.versions: list[dict[str, Any]] = []
        self.runs: list[dict[str, Any]] = []
        self._history: dict[str, list[dict[str, Any]]] = {}
        self._described: dict[str, dict[str, Any]] = {}
        self._split_of = ""

    def steps(self) -> Sequence[Callable[[], bool]]:
        """Return what takes in what is new; each says whether there was something."""
        return (
            lambda: self._watched.take("versions", self._take_versions),
            # Epochs first: a run is shown with those that it has.
            lambda: self._watched.take("epochs", self._take_epochs),
            lambda: self._watched.take("runs", self._take_runs),
        )

    def describe(self, name: str) -> dict[str, Any]:
        """Return one version: its images by label and split.

        Raises:
            DatasetError: there is no such version.
            ValueError: BigQuery cannot be asked.
        """
        found = [each for each in self.versions if name in (each["version"], *each["names"])]
        if not found:
            raise DatasetError(f"{self._dataset.uri}: there is no version {name!r}")
        version = found[0]
        id_ = version["version"]
        if id_ not in self._described:  # What is in a version never changes.
            self._described[id_] = _counted(self._dataset.query(_COUNTS, {"version": id_}))
        shown = {name: version[name] for name in ("version", "names", "images")}
        details = {name: version[name] for name in ("actor", "message", "parents", "created_at")}
        return {**shown, "details": details, **self._described[id_], "boxes": []}

    def told(self) -> tuple[list[VersionOverview], list[RunOverview]]:
        """Return what the overview says of versions, the newest last, and of runs."""
        versions = [
            VersionOverview(each["version"], next(iter(each["names"]), None), each["created_at"])
            for each in reversed(self.versions)
        ]
        runs = []
        for each in sorted(self.runs, key=lambda run: run["run"]):
            score = each["score"]
            name = score and f"{score['split']} {score['measure']}"
            value = score and score["value"]
            runs.append(RunOverview(each["run"], each["version"], each["state"], value, name))
        return versions, runs

    def _take_versions(self, _: TableState | None, __: TableState) -> bool:
        rows = sorted(self._dataset.rows("versions", _VERSION), key=lambda row: row["created_at"])
        self.versions = [{**row, "created_at": _text(row["created_at"])} for row in reversed(rows)]
        newest = self.versions[0]["version"] if self.versions else ""
        if newest == self._split_of:
            return False
        found = list(self._dataset.query(_SPLIT, {"version": newest})) if newest else []
        self._tables.insert(
            "splits",
            pa.Table.from_pylist(found, _SPLITS),
            select="DISTINCT ON (origin) *",
            before="DELETE FROM splits",
        )
        self._split_of = newest
        return bool(newest)

    def _take_epochs(self, _: TableState | None, __: TableState) -> bool:
        found: dict[str, dict[int, dict[str, Any]]] = {}
        for row in self._dataset.rows("epochs", _EPOCH):
            epochs = found.setdefault(row["run_id"], {})
            each = epochs.setdefault(
                row["epoch"],
                {name: row[name] for name in ("epoch", "train_loss", "seconds")} | {"scores": {}},
            )
            each["scores"].setdefault(row["split"], {})[row["score_name"]] = row["score"]
        for each in (each for epochs in found.values() for each in epochs.values()):
            each["scores"] = {split: _main_first(of) for split, of in each["scores"].items()}
        self._history = {
            id_: [epochs[number] for number in sorted(epochs)] for id_, epochs in found.items()
        }
        self.runs = list(map(self._with_history, self.runs))
        return False

    def _take_runs(self, _: TableState | None, __: TableState) -> bool:
        rows = sorted(self._dataset.rows("runs", _RUN), key=lambda row: row["created_at"])
        self.runs = [
            self._with_history({**row, "task": None, "created_at": _text(row["created_at"])})
            for row in reversed(rows)
        ]
        return False

    def _with_history(self, run: dict[str, Any]) -> dict[str, Any]:
        history = self._history.get(run["run_id"], [])
        best = [each for each in history if each["epoch"] == run["best_epoch"]]
        split = next(iter(run["splits"]), None)
        scores = best[0]["scores"].get(split, {}) if best else {}
        name, value = next(iter(scores.items()), (None, None))
        score = None
        if name is not None and value is not None:
            told = {"measure": name, "split": split, "images": None, "value": value}
            score = {**told, "interval": None}
        return {**run, "history": history, "score": score}


def _counted(rows: Any) -> dict[str, Any]:
    splits: dict[str, int] = {}
    labels: dict[str, dict[str, int]] = {}
    for row in rows:
        split, images = row["split"], row["images"]
        splits[split] = splits.get(split, 0) + images
        for label in json.loads(row["labels"] or "[]") or [NOTHING]:
            of_label = labels.setdefault(label, {})
            of_label[split] = of_label.get(split, 0) + images
    return {"splits": splits, "labels": {label: labels[label] for label in sorted(labels)}}


def _main_first(scores: dict[str, Any]) -> dict[str, Any]:
    """Return scores by name, first the one that a model of its task is known by."""
    main = set(MEASURES.values())
    return {
        name: scores[name] for name in sorted(scores, key=lambda each: (each not in main, each))
    }


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat()
