"""A training run from a dataset version to its folder."""

import hashlib
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import torch

from training.entry import to_json
from training.errors import DatasetError
from training.evaluation_set import evaluation_id
from training.manifest import ID_DIGITS, Manifest
from training.models.registry import FixedModel, fixed_model
from training.repository import Repository
from training.running.checking import CAP, Material, check_images, check_leaks
from training.running.folder import RunFolder
from training.running.loop import Training, run_epoch
from training.running.pictures import prepare_pictures
from training.running.settings import Settings


@dataclass(frozen=True, slots=True)
class Request:
    """What to train on what.

    Attributes:
        reference: the dataset version: its name, id or the beginning of its id.
        output: the run's folder. A run with the same settings that is there goes on.
        cap: the most images that training and validation may have together; 0 for any number.
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


class Progress(Protocol):
    """Told what a run is doing."""

    def note(self, text: str) -> None: ...
    def preparing(self, images: int) -> Callable[[], None]: ...
    def epoch(self, number: int, epochs: int, batches: int) -> Callable[[], None]: ...
    def ended(self, line: Mapping[str, Any]) -> None: ...


def run_training(request: Request, progress: Progress) -> dict[str, Any]:
    """Train until all epochs are done; what run.json says then. A run that is done stays as it is.

    Raises:
        DatasetError: the settings, the version or the folder cannot be used.
        FaultsError: the data have faults; each is named.
    """
    _check_device(request.device)
    model, repository = fixed_model(request.model), request.repository
    details = repository.details(request.reference)
    check_leaks(details, allow_leaks=request.allow_leaks)
    manifest = repository.manifest(request.reference)
    learner = model.learner()
    material = check_images(manifest, learner, request.splits, cap=request.cap)
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
        run = folder.run()
        if run is None:
            run = _describe(model, settings, request, manifest, material, details)
            folder.write_run(run)
        settings.refuse_other(run, str(request.output))
        for note in material.notes:
            progress.note(note)
        if run["state"] != "done":
            tick = progress.preparing(
                len(material.train) + sum(map(len, material.evaluation.values()))
            )

            def prepare(entries):
                return prepare_pictures(
                    entries, repository, learner.prepare, request.output, progress=tick
                )

            training = Training(
                learner,
                settings,
                material,
                prepare(material.train),
                {name: prepare(entries) for name, entries in material.evaluation.items()},
            )
            run = _go_on(training, folder, run, progress)
    return run


def _go_on(
    training: Training, folder: RunFolder, run: dict[str, Any], progress: Progress
) -> dict[str, Any]:
    from torch.utils.tensorboard import SummaryWriter

    epochs = training.settings.epochs
    if (state := folder.checkpoint("last")) is not None:
        training.load(state)
        folder.write_history(training.history)
        progress.note(f"going on after epoch {training.epoch} of {epochs}")
    details = {
        name: run[name] for name in ("run_id", "model", "recipe_hash", "classes", "transforms")
    }
    batches = -(-len(training.material.train) // training.learner.batch_size)
    board = SummaryWriter(str(folder.root / "tensorboard"), purge_step=training.epoch + 1)
    with board:
        while training.epoch < epochs:
            step = progress.epoch(training.epoch + 1, epochs, batches)
            line = run_epoch(training, folder, details, step)
            _show_on(board, line)
            run = {**run, "best_epoch": training.best_epoch}
            folder.write_run(run)
            progress.ended(line)
    run = {**run, "best_epoch": training.best_epoch, "state": "done"}
    folder.write_run(run)
    return run


def _show_on(board: Any, line: Mapping[str, Any]) -> None:
    epoch = line["epoch"]
    board.add_scalar("train/loss", line["train_loss"], epoch)
    board.add_scalar("train/seconds", line["seconds"], epoch)
    for split, scores in line["scores"].items():
        for name, value in scores.items():
            if value is not None:
                board.add_scalar(f"{split}/{name}", value, epoch)
    board.flush()


def _describe(
    model: FixedModel,
    settings: Settings,
    request: Request,
    manifest: Manifest,
    material: Material,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    fixed = asdict(settings)
    digest = hashlib.sha256(to_json(fixed).encode()).hexdigest()
    return {
        "run_id": digest[:ID_DIGITS],
        **fixed,
        "splits": list(settings.splits),
        "recipe": dict(model.recipe),
        "task": model.task,
        "reference": request.reference,
        "transforms": list(details.get("transforms") or []),
        "classes": list(material.classes),
        "evaluation_ids": {
            name: evaluation_id(manifest.split(name)) for name in material.evaluation
        },
        "train_images": len(material.train),
        "best_epoch": None,
        "state": "running",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "vidset": version("vidset"),
        },
    }


def _check_device(name: str) -> None:
    if name == "cuda" and not torch.cuda.is_available():
        raise DatasetError("--device cuda: PyTorch finds no CUDA device here")
    if name not in ("cpu", "cuda"):
        raise DatasetError(f"--device: wanted cpu or cuda, got {name!r}")
