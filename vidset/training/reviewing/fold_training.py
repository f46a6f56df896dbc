"""The fixed model trained on all folds but one: what `vidset.training.reviewing.folds` asks for."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from vidset.datasets.versions.canonical import to_json
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.engines.engine import StartEngine
from vidset.training.models.registry import find_model
from vidset.training.reviewing.folds import HELD_OUT
from vidset.training.scoring.predictions import SCHEMA
from vidset.training.scoring.run import Run, read_run

if TYPE_CHECKING:
    from vidset.training.running.request import Progress


@dataclass(frozen=True, slots=True)
class FoldSettings:
    """The settings with which each fold is trained."""

    model: str
    epochs: int
    seed: int
    folds: int
    threads: int = 1
    device: str = "cpu"

    def key(self, manifest: Manifest) -> str:
        """Returns what tells predictions of these images and settings from others, as JSON.

        Where a model's file is makes no difference, and stays out of the folder that is kept.
        """
        model = find_model(self.model)
        known = {"images": manifest.id, "model": model.name, "recipe_hash": model.recipe_hash}
        return to_json({**asdict(self), **known})


class _Folded(Repository):
    """The images of a repository, and one manifest that is kept nowhere."""

    def __init__(self, images: Repository, manifest: Manifest):
        super().__init__(images.root)
        self._manifest = manifest

    def manifest(self, reference: str) -> Manifest:
        return self._manifest

    def details(self, reference: str) -> dict[str, Any]:
        return {"id": self._manifest.id}


class FoldTrainer:
    """Trains the fixed model as `vidset train` does; a run that was interrupted goes on.

    It answers by the mean of its last five epochs' probabilities: choosing the best epoch would
    look at the labels that are in question.

    Args:
        classes: of all folds. One that no image outside of a fold has gets no probability there.
        workers: the most folds at once; None: all cores.
        start_elsewhere: starts an engine of other machines, if they train.
    """

    def __init__(
        self,
        repository: Repository,
        settings: FoldSettings,
        classes: Sequence[str],
        progress: "Progress",
        workers: int | None = None,
        start_elsewhere: StartEngine | None = None,
    ):
        self._repository, self._settings = repository, settings
        self._classes, self._workers = tuple(classes), workers
        self._start_elsewhere = start_elsewhere
        self._progress = progress

    def __call__(self, folds: Sequence[tuple[Manifest, Path]]) -> Iterator[tuple[int, pa.Table]]:
        from vidset.training.running.request import Request
        from vidset.training.running.side_by_side import train_all

        settings = self._settings
        requests = [
            Request(
                repository=_Folded(self._repository, manifest),
                reference=manifest.id,
                output=folder,
                seed=settings.seed,
                epochs=settings.epochs,
                splits=(HELD_OUT,),
                model=settings.model,
                threads=settings.threads,
                device=settings.device,
                cap=0,
                blind=True,
            )
            for manifest, folder in folds
        ]
        names = [folder.name.replace("-", " ") for _, folder in folds]
        how = self._progress, self._workers, self._start_elsewhere
        for place, _ in train_all(requests, names, *how):
            run = read_run(requests[place].output)
            yield place, mean_predictions(run, HELD_OUT, self._classes)


def mean_predictions(run: Run, split: str, classes: Sequence[str]) -> pa.Table:
    """Averages the last epochs' probabilities of `classes`, of which the run's are some."""
    tables = [run.predictions(split, epoch) for epoch in run.last_epochs]
    rows = [np.array(table["probabilities"].to_pylist(), np.float64) for table in tables]
    mean = np.zeros((tables[0].num_rows, len(classes)))
    mean[:, [classes.index(label) for label in run.classes]] = np.mean(rows, axis=0)
    columns = {
        "predicted": [classes[place] for place in mean.argmax(axis=1)],
        "probabilities": mean.astype(np.float32).tolist(),
    }
    table = tables[0]
    for name, values in columns.items():
        place = table.schema.get_field_index(name)
        table = table.set_column(place, name, pa.array(values, SCHEMA.field(name).type))
    return table.cast(SCHEMA)
