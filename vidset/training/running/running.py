"""A training run from a dataset version to its folder."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.training.models.learner import Learner
from vidset.training.models.registry import fixed_model
from vidset.training.running.checking import CAP, Material, check_images, check_leaks
from vidset.training.running.folder import RunFolder
from vidset.training.running.initial_weights import InitialWeights
from vidset.training.running.loop import Training, run_epoch
from vidset.training.running.pictures import prepare_pictures
from vidset.training.running.settings import Settings, describe_run
from vidset.training.running.trackers.registry import NONE, open_tracker
from vidset.training.running.trackers.tracker import Tracker, figures

_IN_CHECKPOINTS = ("run_id", "model", "recipe_hash", "version", "classes", "transforms")


@dataclass(frozen=True, slots=True)
class Request:
    """The request: what to train, and on what.

    Attributes:
        reference: the dataset version: its name, id or the beginning of its id.
        output: the run's folder. A run with the same settings that is there goes on.
        cap: the most images that training and validation may have together; 0 for any number.
        track: the name of a tracker that is told of each epoch.
        weights: a file of weights to begin with, for a model that takes them.
    """

    repository: Repository
    reference: str
    output: Path
    seed: int
    epochs: int
    splits: tuple[str, ...]
    model: str = "resnet50-c2-32"
    threads: int = 1
    device: str = "cpu"
    cap: int = CAP
    allow_leaks: bool = False
    track: str = NONE
    weights: Path | None = None


class Progress(Protocol):
    """Is told what a run is doing."""

    def note(self, text: str) -> None:
        """Take what a person should know, a line."""
        ...

    def preparing(self, images: int) -> Callable[[], None]:
        """Hear that images are about to be decoded. Returns what is called after each one."""
        ...

    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]:
        """Hear that an epoch begins. Returns what is called after each batch."""
        ...

    def ended(self, line: Mapping[str, Any]) -> None:
        """Take the line that an epoch adds to history.jsonl."""
        ...

    def folds(self, done: int, folds: int) -> None:
        """Hear how many folds are done."""
        ...


def run_training(request: Request, progress: Progress) -> dict[str, Any]:
    """Train until all epochs are done. Returns what run.json says then.

    A run that is done stays as it is, and one that was interrupted goes on.

    Raises:
        DatasetError: the settings, the version or the folder cannot be used.
        FaultsError: the data have faults; each is named.
    """
    _check_device(request.device)
    tracker = open_tracker(request.track)
    model, repository = fixed_model(request.model), request.repository
    weights = None if request.weights is None else InitialWeights.read(request.weights)
    if weights is not None:
        model = model.started_from(weights.sha256)
    details = repository.details(request.reference)
    check_leaks(details, allow_leaks=request.allow_leaks)
    manifest = repository.manifest(request.reference)
    learner = model.learner()
    material = check_images(manifest, model, request.splits, cap=request.cap)
    settings = Settings(
        model=model.name,
        recipe_hash=model.recipe_hash,
        version=manifest.id,
        seed=request.seed,
        epochs=request.epochs,
        splits=request.splits,
        threads=request.threads,
        device=request.device,
    )
    folder = RunFolder(request.output)
    with folder.locked():
        run = folder.run() or describe_run(
            model,
            settings,
            manifest,
            material,
            reference=request.reference,
            transforms=list(details.get("transforms") or []),
        )
        settings.refuse_other(run, str(request.output))
        for note in material.notes:
            progress.note(note)
        if run["state"] == "done":
            progress.note(f"{request.output}: this run was done before, and stays as it is")
            return run
        folder.write_run(run)
        pictures, held_out = _prepare(request, learner, material, progress)
        training = Training(learner, settings, material, pictures, held_out)
        if weights is not None:
            training.start_from(weights)
        return _train(training, folder, run, tracker, progress)


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
    if tracker is not None:
        tracker.finish(run)
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
    if name not in ("cpu", "cuda"):
        raise DatasetError(f"--device: wanted cpu or cuda, got {name!r}")
