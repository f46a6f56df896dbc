"""A training run's folder, read: what was trained on what, and what it predicted."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.json_files import read_object
from vidset.training.scoring.predictions import read_predictions

LAST_EPOCHS = 5
LOSS = "loss"  # Of this score less is better, of all others more.
_DETAILS = (
    *("run_id", "model", "recipe_hash", "version", "classes", "seed", "epochs", "splits"),
    *("evaluation_ids", "best_epoch", "state", "created_at", "task"),
)


@dataclass(frozen=True, slots=True)
class Run:
    """A run that has ended.

    Attributes:
        splits: what it was evaluated on after each epoch; the first one chose the best epoch.
        evaluation_ids: of each split; results with other ids are not to be compared.
        task: what it predicts: classification, detection or segmentation.
        details: all of run.json.
    """

    folder: Path
    run_id: str
    model: str
    recipe_hash: str
    version: str
    classes: tuple[str, ...]
    seed: int
    epochs: int
    splits: tuple[str, ...]
    evaluation_ids: Mapping[str, str]
    best_epoch: int
    created_at: str
    task: str
    details: Mapping[str, Any]

    @property
    def is_detection(self) -> bool:
        """It predicts objects."""
        return self.task == "detection"

    @property
    def is_segmentation(self) -> bool:
        """It predicts a label for each pixel."""
        return self.task == "segmentation"

    @property
    def last_epochs(self) -> list[int]:
        """The last five, or all if there are fewer. A program of its own is asked once."""
        scored = self.details.get("scored_epochs", self.epochs)
        return list(range(max(1, scored - LAST_EPOCHS + 1), scored + 1))

    def check_split(self, split: str) -> None:
        """Raises DatasetError: the run was not evaluated on it."""
        if split not in self.splits:
            known = ", ".join(self.splits)
            raise DatasetError(
                f"run {self.folder}: wanted one of its splits ({known}), got {split!r}"
            )

    def predictions(self, split: str, epoch: int) -> pa.Table:
        """Returns what it predicted for a split after an epoch, sorted by (origin, image_uri).

        Raises:
            DatasetError: it was not kept, or is no table of predictions.
        """
        self.check_split(split)
        path = self.folder / "predictions" / split / f"epoch-{epoch:04d}.parquet"
        return read_predictions(path)


def read_run(folder: str | os.PathLike[str]) -> Run:
    """The run of a folder.

    Raises:
        DatasetError: it holds no run, or one that has not ended.
    """
    path = Path(folder) / "run.json"
    try:
        details = read_object(path, "a run", DatasetError)
    except (FileNotFoundError, NotADirectoryError):
        raise DatasetError(f"{folder}: wanted a run's folder, but it has no run.json") from None
    missing = [name for name in _DETAILS if name not in details]
    if missing:
        raise DatasetError(f"{path}: wanted a run, but it has no {', '.join(missing)}")
    if details["state"] != "done":
        raise DatasetError(f"run {folder}: wanted one that is done, it is {details['state']!r}")
    return Run(
        folder=Path(folder),
        run_id=details["run_id"],
        model=details["model"],
        recipe_hash=details["recipe_hash"],
        version=details["version"],
        classes=tuple(details["classes"]),
        seed=details["seed"],
        epochs=details["epochs"],
        splits=tuple(details["splits"]),
        evaluation_ids=details["evaluation_ids"],
        best_epoch=details["best_epoch"],
        created_at=details["created_at"],
        task=details["task"],
        details=details,
    )
