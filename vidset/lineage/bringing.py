"""Bring versions and runs of a place to the tables of its warehouse.

A file that has not changed since it was brought is not read again. Which ones these are is kept
beside the warehouse's tables, or for BigQuery in the place's cache; without that record everything
is read again, and no row changes. A row is replaced by a newer one of the same key, so that this
may be stopped at any time and run twice at once.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.listing import names_by_id
from vidset.datasets.versions.repository import Repository
from vidset.json_files import read_object
from vidset.lineage.run_rows import epoch_rows, prediction_rows, read_evaluation, run_row
from vidset.lineage.version_rows import Row, entry_rows, version_row
from vidset.storage.writing import write_atomically
from vidset.training.scoring.run import Run, read_run
from vidset.training.scoring.sides import evaluation_paths
from vidset.warehouse.export import Warehouse

# In the order in which they are merged: a version or a run counts when its own row is there.
TABLES = ("entries", "versions", "epochs", "slices", "scores", "run_predictions", "runs")
_NAMINGS = "datasets/names.jsonl"
# The rows of a version or a run, by table.
_Staged = dict[str, list[Iterable[Row]]]


class Lineage:
    """The versions and runs of a place in a folder, and what of them is in one warehouse.

    Args:
        place: the folder.
        warehouse: its folder or uri.
    """

    def __init__(self, place: Path, warehouse: str):
        self._place, self._repository = place, Repository(place / "datasets")
        name = hashlib.sha256(warehouse.encode()).hexdigest()[:16]
        is_folder = "://" not in warehouse
        self._record = (
            Path(warehouse, ".lineage.json")
            if is_folder
            else place / ".cache" / f"lineage-{name}.json"
        )

    def is_brought(self) -> bool:
        """Tell whether nothing has changed since all of it was brought."""
        return self._found() == self._known()

    def bring(self, warehouse: Warehouse, *, full: bool = False) -> dict[str, int]:
        """Bring what is new or changed; returns how many rows of which tables changed.

        Args:
            warehouse: prepared.
            full: also what has not changed.

        Raises:
            DatasetError: a version or a run cannot be read.
        """
        # What is written from here on is found by the next one.
        found, known = self._found(), {} if full else self._known()
        new = {path for path, stamp in found.items() if known.get(path) != stamp}
        files: dict[str, list[str]] = {table: [] for table in TABLES}
        for staged in chain(self._versions(new), self._runs(new)):
            for table in TABLES:
                files[table] += warehouse.stage(table, chain.from_iterable(staged.get(table, ())))
        counts = {table: warehouse.merge(table, files[table]) for table in TABLES}
        if found != self._known():
            write_atomically(self._record, json.dumps(found, indent=1))
        return {table: number for table, number in counts.items() if number}

    def _versions(self, new: set[str]) -> Iterator[_Staged]:
        ids = {Path(path).parent.name for path in new if path.endswith("/version.json")}
        namings = self._repository.namings()
        names = names_by_id(self._repository)
        renamed: set[str] = set()
        if _NAMINGS in new:
            named = {id_ for each in namings for id_ in (each.version, each.before) if id_}
            renamed = {id_ for id_ in named if self._repository.has(id_)}
        for id_ in sorted(ids | renamed):
            row = version_row(self._repository, id_, names.get(id_, []), namings)
            staged: _Staged = {"versions": [[row]]}
            if id_ in ids:
                staged["entries"] = [entry_rows(self._repository, id_)]
            yield staged

    def _runs(self, new: set[str]) -> Iterator[_Staged]:
        for folder in sorted({Path(*Path(path).parts[:2]) for path in new if _is_of_run(path)}):
            yield self._run(self._place / folder, new)

    def _run(self, folder: Path, new: set[str]) -> _Staged:
        row = run_row(folder / "run.json")
        staged: _Staged = {"runs": [[row]], "epochs": [], "scores": [], "slices": []}
        if self._name(folder / "history.jsonl") in new:
            staged["epochs"].append(epoch_rows(folder / "history.jsonl", row["run_id"]))
        for path in sorted(folder.glob("evaluations/*.json")):
            if self._name(path) in new:
                score, slices = read_evaluation(path)
                staged["scores"].append([score])
                staged["slices"].append(slices)
        if row["state"] == "done":
            run = read_run(folder)
            # Predictions that were found while it was running come with its end.
            has_ended = self._name(folder / "run.json") in new
            staged["run_predictions"] = [
                prediction_rows(run, path, split, evaluation_id)
                for path, split, evaluation_id in _predictions(run)
                if has_ended or self._name(path) in new
            ]
        return staged

    def _found(self) -> dict[str, str]:
        """Return the files that rows come from, each with what tells that it has changed."""
        patterns = (
            *("datasets/versions/*/version.json", _NAMINGS, "runs/*/run.json"),
            *("runs/*/history.jsonl", "runs/*/evaluations/*", "runs/*/predictions/*/*.parquet"),
        )
        found = {}
        for path in sorted(chain.from_iterable(map(self._place.glob, patterns))):
            if not _is_unfinished(path):
                stat = path.stat()
                found[self._name(path)] = f"{stat.st_mtime_ns} {stat.st_size}"
        runs = {name.rpartition("/")[0] for name in found if name.endswith("/run.json")}
        return {
            name: stamp
            for name, stamp in found.items()
            if not _is_of_run(name) or "/".join(name.split("/")[:2]) in runs
        }

    def _known(self) -> Mapping[str, str]:
        try:
            return read_object(self._record, "a record of versions and runs", DatasetError)
        except FileNotFoundError:
            return {}

    def _name(self, path: Path) -> str:
        return path.relative_to(self._place).as_posix()


def _predictions(run: Run) -> Iterator[tuple[Path, str, str]]:
    """Yield the files of a run's best epoch, each with its split and evaluation id."""
    for split in run.splits:
        path = run.folder / "predictions" / split / f"epoch-{run.best_epoch:04d}.parquet"
        if path.exists():
            yield path, split, run.evaluation_ids[split]
    for path in sorted(run.folder.glob("evaluations/*.json")):
        score, _ = read_evaluation(path)
        split, evaluation_id = score["split"], score["evaluation_id"]
        predictions = evaluation_paths(run, split, evaluation_id)[1]
        if predictions.exists():
            yield predictions, split, evaluation_id


def _is_of_run(name: str) -> bool:
    return name.startswith("runs/")


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith(".")
