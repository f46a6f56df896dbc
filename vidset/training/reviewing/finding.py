"""The predictions that `vidset errors` looks at: a run's, or those of folds."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import TRAIN
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.engines.engine import StartEngine
from vidset.training.models.registry import find_model
from vidset.training.reviewing.fold_training import FoldSettings, FoldTrainer
from vidset.training.reviewing.folds import choose_images, predict_out_of_fold
from vidset.training.reviewing.issues import Ranking
from vidset.training.scoring.answer_scores import AnswerScores, answer_scores
from vidset.training.scoring.run import Run, read_run

if TYPE_CHECKING:
    from vidset.training.running.request import Progress

_KEY_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Request:
    """The request: what to look at, and where the findings go.

    Attributes:
        subject: a run's folder, or with `folds` a dataset version.
        splits: which images to look at; () means the run's first split, or `train` with `folds`.
        workers: the most folds to train at once; None: all cores.
        top: how many images to show at most, of each order.
        categories: a YAML file with the reviewer's own kinds of error.
        sheet: where to draw the first images of the queue, if anywhere.
        spans: where to write which stretches of video to sample densely, if anywhere.
        answer_score: from which score on a detector's predictions count; None: chosen by label.
    """

    subject: str
    output: Path
    repository: Path
    splits: tuple[str, ...]
    folds: int | None
    model: str
    epochs: int
    seed: int
    threads: int
    workers: int | None
    rank: Ranking
    top: int
    categories: Path | None
    sheet: Path | None
    spans: Path | None
    margin_seconds: float
    answer_score: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Predictions by models that were not trained on these images, and where they are from.

    Attributes:
        answer_scores: from which score on a detector's predictions count; None for other models.
        task: what the models predict.
    """

    predictions: pa.Table
    classes: tuple[str, ...]
    version: str
    source: Mapping[str, Any]
    answer_scores: AnswerScores | None
    task: str = "classification"


def find_predictions(
    request: Request,
    repository: Repository,
    progress: "Progress",
    start_elsewhere: StartEngine | None = None,
) -> Found:
    """Return the run's predictions, or those of folds, which are trained unless they were before.

    Raises:
        DatasetError: the subject or the splits cannot be used.
    """
    if request.folds is None:
        return _of_run(request, repository)
    return _of_folds(request, request.folds, repository, progress, start_elsewhere)


def _of_run(request: Request, repository: Repository) -> Found:
    run = read_run(request.subject)
    if len(request.splits) > 1:
        raise DatasetError(f"--split: wanted one of a run, got {', '.join(request.splits)}")
    split = request.splits[0] if request.splits else run.splits[0]
    version = repository.resolve(run.version)
    table = run.predictions(split, run.best_epoch)
    return Found(
        table,
        run.classes,
        version=version,
        source=_source(run, split),
        answer_scores=answer_scores(run, request.answer_score) if run.is_detection else None,
        task=run.task,
    )


def _source(run: Run, split: str) -> dict[str, Any]:
    return {
        "run_id": run.run_id,
        "model": run.model,
        "recipe_hash": run.recipe_hash,
        "evaluation_id": run.evaluation_ids[split],
        "splits": [split],
        "epoch": run.best_epoch,
        "folds": None,
    }


def _of_folds(
    request: Request,
    folds: int,
    repository: Repository,
    progress: "Progress",
    start_elsewhere: StartEngine | None,
) -> Found:
    model = find_model(request.model)
    if model.task != "classification":
        raise DatasetError(f"--folds ranks labels of images; {model.name} is a {model.task} model")
    whole = repository.manifest(request.subject)
    splits = request.splits or (TRAIN,)
    images = choose_images(whole, splits)
    settings = FoldSettings(request.model, request.epochs, request.seed, folds, request.threads)
    key = settings.key(images)
    digest = hashlib.sha256(key.encode()).hexdigest()[:_KEY_DIGITS]
    folder = request.output / "folds" / digest
    write_atomically(folder / "settings.json", key.encode())
    predictions = predict_out_of_fold(
        images,
        folds,
        request.seed,
        folder,
        FoldTrainer(
            repository, settings, images.classes, progress, request.workers, start_elsewhere
        ),
        progress.folds,
    )
    source = {
        "run_id": None,
        "model": model.name,
        "recipe_hash": model.recipe_hash,
        "evaluation_id": None,
        "splits": list(splits),
        "epoch": None,
        "folds": {"folds": folds, "epochs": request.epochs, "seed": request.seed},
    }
    return Found(
        predictions, tuple(images.classes), version=whole.id, source=source, answer_scores=None
    )
