"""Trains a model that is a program of its own, and asks it: see docs/training.md.

The program is called twice. First it gets labeled images and leaves weights; then it gets the
images of the evaluated splits, without labels, and leaves predictions. All else is as with a model
that vidset trains itself: the same run.json, history and predictions.
"""

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.repository import Repository
from vidset.regular_files import open_regular
from vidset.storage.writing import make_folder, refuse_link, remove_tree
from vidset.training.models.commands import CommandModel
from vidset.training.models.registry import FLOAT32
from vidset.training.running.beginning import Begun, begin
from vidset.training.running.command.answers import read_answers_of, score_answers_of
from vidset.training.running.command.calling import LOG, Program
from vidset.training.running.command.data import (
    CHOOSING,
    TRAINING,
    class_folders,
    class_numbers,
    write_images_to_predict,
    write_training_data,
)
from vidset.training.running.request import Progress, Request
from vidset.training.running.trackers.records import write_records
from vidset.training.running.trackers.registry import open_tracker

MODEL, WEIGHTS = "model", "weights"
_WORK, _COPY = ".work-", ".model-"


def train_program(request: Request, model: CommandModel, progress: Progress) -> dict[str, Any]:
    """Train by a model's program. Returns what run.json says then.

    A run that was interrupted trains again: its folder of weights stays as it was left, so that a
    program may go on from there.

    Raises:
        DatasetError: the request cannot be used, the program failed, or what it wrote is not as
            the contract says.
        FaultsError: the data have faults; each is named.
    """
    if request.weights is not None:
        raise DatasetError(f"--weights: {model.name} is a program, which brings its own")
    if request.precision != FLOAT32:
        raise DatasetError(f"--precision: {model.name} is a program, which chooses its own")
    tracker = open_tracker(request.track)
    with begin(request, model, progress, {}) as begun:
        if begun.is_done:
            return begun.run
        _remove_unfinished(request.output)
        if tracker is not None:
            tracker.start(begun.run, request.output)
        line = _train(request, model, begun, progress)
        begun.folder.write_history([line])
        progress.ended(line)
        run = begun.run | {
            "best_epoch": 1,
            "scored_epochs": 1,
            "weights_sha256": _digest(request.output / WEIGHTS),
            "state": "done",
        }
        begun.folder.write_run(run)
    if tracker is not None:
        tracker.log(line)
        write_records(request.output, request.repository)
        tracker.finish(run)
    return run


def ask_program(
    run: Path,
    details: Mapping[str, Any],
    model: CommandModel,
    repository: Repository,
    entries: Sequence[Entry],
    steps: Sequence[Mapping[str, Any]],
) -> pa.Table:
    """Return a done run's predictions for other images.

    Args:
        details: what run.json says.
        steps: transforms that these images have not had and the run's have.

    Raises:
        DatasetError: the weights are not those that training left, or the program failed.
    """
    if _digest(run / WEIGHTS) != details["weights_sha256"]:
        raise DatasetError(f"{run / WEIGHTS}: these are not the weights that training left")
    with tempfile.TemporaryDirectory(dir=run, prefix=_COPY) as folder:
        copied = model.copy_to(Path(folder))
        program = Program(copied, run)
        return _ask(program, run, details, copied, repository, entries, steps)


def _train(
    request: Request, model: CommandModel, begun: Begun, progress: Progress
) -> dict[str, Any]:
    """Call the program for weights, then for predictions. Returns the line of the history."""
    run, material, repository = request.output, begun.material, request.repository
    choosing = request.splits[0]
    splits: dict[str, Sequence[Entry]] = {TRAINING: material.train}
    if not request.blind:
        splits[CHOOSING] = material.evaluation[choosing]
    program = Program(_copy(model, run), run)
    make_folder(run, run / WEIGHTS)
    progress.note(f"{model.name} is a program: what it says goes to {run / LOG}")
    began = time.perf_counter()
    with _work_below(run) as work:
        data = work / "data"
        dropped = write_training_data(repository, model, splits, material.classes, data)
        for what, number in sorted(dropped.items()):
            progress.note(f"{number} {what} are left out: {model.data} cannot say them")
        folders = {name: program.path(data / name) for name in splits}
        said = {
            **_said(begun.run),
            "data": program.path(data),
            "format": model.data,
            **class_folders(model, material.classes),
            **class_numbers(model, material.classes),
            "train": folders[TRAINING],
            "validation": folders.get(CHOOSING),
            "weights": program.path(run / WEIGHTS),
        }
        program.call("train", said, work)
    if not any(each.is_file() for each in (run / WEIGHTS).rglob("*")):
        raise DatasetError(
            f"{model.name}: its program has left no file in {run / WEIGHTS}: wanted weights there"
        )
    trained = time.perf_counter()
    scores = {}
    for split, entries in material.evaluation.items():
        table = _ask(program, run, begun.run, model, repository, entries, ())
        begun.folder.write_predictions(split, 1, table)
        scores[split] = score_answers_of(table, material.classes, model)
    return {
        "epoch": 1,
        "train_loss": None,
        "seconds": trained - began,
        "evaluation_seconds": time.perf_counter() - trained,
        "scores": scores,
    }


def _ask(
    program: Program,
    run: Path,
    details: Mapping[str, Any],
    model: CommandModel,
    repository: Repository,
    entries: Sequence[Entry],
    steps: Sequence[Mapping[str, Any]],
) -> pa.Table:
    with _work_below(run) as work:
        images, predictions = work / "images", work / "predictions.jsonl"
        maps = work / "label_maps"
        maps.mkdir()
        named = write_images_to_predict(repository, entries, steps, images)
        said = {
            **_said(details),
            "images": program.path(images),
            "weights": program.path(run / WEIGHTS),
            "predictions": program.path(predictions),
            **class_numbers(model, details["classes"]),
            **({"label_maps": program.path(maps)} if model.task == "segmentation" else {}),
        }
        program.call("predict", said, work)
        return read_answers_of(predictions, named, details["classes"], model, maps)


def _said(run: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what both requests tell the program of the run."""
    return {name: run[name] for name in ("classes", "seed", "epochs", "threads", "device")}


def _remove_unfinished(run: Path) -> None:
    """Remove the folders of an attempt that was killed. The run's folder is locked."""
    for prefix in (_WORK, _COPY):
        for left in run.glob(f"{prefix}*"):
            remove_tree(left)


def _copy(model: CommandModel, run: Path) -> CommandModel:
    """Write the files of a model into RUN/model, where nothing else is then.

    A language looks for modules beside its program: what an earlier attempt, or another person, has
    left there would run with it.
    """
    with tempfile.TemporaryDirectory(dir=run, prefix=_COPY) as fresh:
        copied = model.copy_to(Path(fresh) / MODEL)
        remove_tree(run / MODEL)
        os.rename(copied.folder, run / MODEL)
    return replace(copied, folder=run / MODEL)


@contextmanager
def _work_below(run: Path) -> Iterator[Path]:
    """A folder for one request, which is removed with all that is in it."""
    with tempfile.TemporaryDirectory(dir=run, prefix=_WORK) as work:
        yield Path(work)


def _digest(weights: Path) -> str:
    """SHA-256 over the names and contents of all files, in hex.

    Raises:
        LinkError: one is a link, or a folder is: what it leads to may change unseen.
    """
    whole = hashlib.sha256()
    refuse_link(weights)
    for path in sorted(weights.rglob("*")):
        refuse_link(path)
        if path.is_dir():
            continue
        with open_regular(path) as file:
            one = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{one} {path.relative_to(weights).as_posix()}\n".encode())
    return whole.hexdigest()
