"""A training run from a dataset version to its folder."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.training.models.learner import Learner
from vidset.training.models.registry import BFLOAT16, fixed_model
from vidset.training.running.beginning import begin
from vidset.training.running.checking import Material
from vidset.training.running.folder import RunFolder
from vidset.training.running.initial_weights import InitialWeights
from vidset.training.running.loop import Training, run_epoch
from vidset.training.running.pictures import prepare_pictures
from vidset.training.running.request import Progress, Request
from vidset.training.running.trackers.records import write_records
from vidset.training.running.trackers.registry import open_tracker
from vidset.training.running.trackers.tracker import Tracker, figures

_IN_CHECKPOINTS = ("run_id", "model", "recipe_hash", "version", "classes", "transforms")


def run_training(request: Request, progress: Progress) -> dict[str, Any]:
    """Train until all epochs are done. Returns what run.json says then.

    A run that is done stays as it is, and one that was interrupted goes on.

    Raises:
        DatasetError: the settings, the version or the folder cannot be used.
        FaultsError: the data have faults; each is named.
    """
    _check_device(request.device)
    tracker = open_tracker(request.track)
    model = fixed_model(request.model).in_precision(request.precision)
    weights = None if request.weights is None else InitialWeights.read(request.weights)
    if weights is not None:
        model = model.started_from(weights.sha256)
    learner = model.learner()
    with begin(request, model, progress, {"torch": torch.__version__}) as begun:
        if begun.is_done:
            return begun.run
        pictures, held_out = _prepare(request, learner, begun.material, progress)
        training = Training(
            learner,
            begun.settings,
            begun.material,
            pictures,
            held_out,
            is_mixed=request.precision == BFLOAT16,
        )
        if weights is not None:
            training.start_from(weights)
        run = _train(training, begun.folder, begun.run, tracker, progress)
    if tracker is not None:
        write_records(request.output, request.repository)
        tracker.finish(run)
    return run


def _prepare(
    request: Request, learner: Learner, material: Material, progress: Progress
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """The training images and those of each evaluated split."""
    evaluated = material.evaluation
    step = progress.preparing(len(material.train) + sum(map(len, evaluated.values())))

    def prepare(entries: Sequence[Entry]) -> np.ndarray:
        return prepare_pictures(
            entries, request.repository, learner.prepare, request.output, progress=step
        )

    return prepare(material.train), {name: prepare(each) for name, each in evaluated.items()}


def _train(
    training: Training,
    folder: RunFolder,
    run: dict[str, Any],
    tracker: Tracker | None,
    progress: Progress,
) -> dict[str, Any]:
    """The epochs that are not done yet; run.json in the end."""
    from torch.utils.tensorboard import SummaryWriter

    epochs = training.settings.epochs
    if (state := folder.checkpoint("last")) is not None:
        training.load(state)
        folder.write_history(training.history)
        progress.note(f"going on after epoch {training.epoch} of {epochs}")
        _note_versions(run["versions"], progress)
    if tracker is not None:
        tracker.start(run, folder.root)
        for line in training.history:
            tracker.log(line)
    details = {name: run[name] for name in _IN_CHECKPOINTS}
    batches = -(-len(training.material.train) // training.learner.batch_size)
    board = SummaryWriter(str(folder.root / "tensorboard"), purge_step=training.epoch + 1)
    with board:
        while training.epoch < epochs:
            step = progress.epoch(training.epoch + 1, epochs, batches)
            line = run_epoch(training, folder, details, step)
            _show_on(board, line)
            if tracker is not None:
                tracker.log(line)
            folder.write_run(run | {"best_epoch": training.best_epoch})
            progress.ended(line)
    run = run | {"best_epoch": training.best_epoch, "state": "done"}
    folder.write_run(run)
    return run


def _note_versions(versions: Mapping[str, str], progress: Progress) -> None:
    if versions["torch"] != torch.__version__:
        progress.note(
            f"begun with PyTorch {versions['torch']}, going on with {torch.__version__}: "
            "the weights may differ from those of a run by one of them"
        )


def _show_on(board: Any, line: Mapping[str, Any]) -> None:
    for name, value in figures(line):
        board.add_scalar(name, value, line["epoch"])
    board.flush()


def _check_device(name: str) -> None:
    if name == "cuda" and not torch.cuda.is_available():
        raise DatasetError("--device cuda: PyTorch finds no CUDA device here")
