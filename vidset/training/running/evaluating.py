"""Evaluate a run: its results, kept beside it, and whether they pass the gate."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.versions.evaluation_id import evaluation_id
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository, write_atomically
from vidset.storage.writing import replacing
from vidset.training.scoring.curves import Point, precision_recall
from vidset.training.scoring.evaluation import Target, evaluate_predictions, evaluate_split
from vidset.training.scoring.gate import Verdict
from vidset.training.scoring.predictions import read_predictions, to_parquet
from vidset.training.scoring.rivals import BEST, Gate, judge_run
from vidset.training.scoring.run import Run, read_run
from vidset.training.scoring.sides import evaluation_paths
from vidset.training.scoring.trained_on import find_trained_on

if TYPE_CHECKING:  # OpenCV comes with it.
    from vidset.training.running.drawn.folder import DrawnFolder


@dataclass(frozen=True, slots=True)
class Request:
    """The request for an evaluation.

    Attributes:
        run: the run's folder.
        repository: where the dataset versions are.
        split: one split; None means all that the run was evaluated on.
        on: another version, whose images the model looks at now.
        answer_score: from which score on a detector's predictions count as answers; None: the
            best one of each label.
        postprocess: with `on`, the name of a function that has the last word on each image's
            objects.
        allow_leaks: evaluate on images that stood in training, too.
        model: the model of the run, with `on`: see `vidset.training.running.predict.predict`.
        draw: a folder for the images with predictions and truth drawn.
        curves: a CSV file for precision and recall at every threshold.
    """

    run: Path
    repository: Path
    split: str | None
    on: str | None
    gate: Gate
    answer_score: float | None = None
    allow_leaks: bool = False
    model: str | None = None
    postprocess: str | None = None
    draw: Path | None = None
    curves: Path | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Evaluated:
    """The results by split, in order, and what the gate says of the first; None without a gate.

    Attributes:
        drawn: how many images were drawn.
    """

    results: list[dict[str, Any]]
    verdict: Verdict | None
    drawn: int = 0


def evaluate(request: Request) -> Evaluated:
    """Score a run and keep the results beside it.

    A gate looks at one split: the one that was asked for, or the run's first.

    Raises:
        DatasetError: the request cannot be used; an UnequalError, if a result that the gate is to
            compare with is of another model or on other images.
        FaultsError: images of another version stood in training; each is named.
    """
    if BEST in request.gate.no_worse_than and not request.gate.runs.is_dir():
        raise DatasetError(f"--runs {request.gate.runs}: wanted a folder with runs, there is none")
    if request.postprocess is not None and request.on is None:
        raise DatasetError(
            "--postprocess: wanted --on VERSION beside it, whose images are looked at"
        )
    run = read_run(request.run)
    others = [read_run(name) for name in request.gate.no_worse_than if name != BEST]
    repository = Repository(request.repository)
    drawn = None if request.draw is None else _open_drawn(request.draw, run, repository, request)
    if request.on is None:
        splits = run.splits if request.split is None else (request.split,)
        results = [_on_own(run, repository, split, request, drawn) for split in splits]
    else:
        results = [_on_other(run, repository, request, drawn)]
    verdict = judge_run(request.gate, run, results[0], others) if request.gate.is_set else None
    if request.curves is not None:
        _write_curves(request.curves, run, results, request)
    number = 0 if drawn is None else sum(result["images"] for result in results)
    return Evaluated(results, verdict, number)


def _write_curves(
    path: Path, run: Run, results: Sequence[Mapping[str, Any]], request: Request
) -> None:
    """Write a line for each split, label and threshold."""
    with replacing(path, "w") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(("split", *(field.name for field in fields(Point))))
        for result in results:
            split = result["split"]
            if request.on is None:
                table = run.predictions(split, run.best_epoch)
            else:
                table = read_predictions(evaluation_paths(run, split, result["evaluation_id"])[1])
            lines.writerows((split, *astuple(each)) for each in precision_recall(run, table))


def _open_drawn(folder: Path, run: Run, repository: Repository, request: Request) -> "DrawnFolder":
    from vidset.training.running.drawn.folder import DrawnFolder

    version = run.version if request.on is None else repository.resolve(request.on)
    whose = {"run_id": run.run_id, "version": version, "postprocess": request.postprocess}
    return DrawnFolder.open(folder, whose)


def _draw(
    folder: "DrawnFolder",
    run: Run,
    repository: Repository,
    target: Target,
    table: pa.Table,
    request: Request,
) -> None:
    from vidset.training.running.drawn.split import draw_split

    draw_split(folder, run, repository, target.manifest, table, target.split, request.answer_score)


def _on_own(
    run: Run, repository: Repository, split: str, request: Request, drawn: "DrawnFolder | None"
) -> dict[str, Any]:
    run.check_split(split)
    target = _target(repository, run.version, split)
    if target.evaluation_id != run.evaluation_ids[split]:
        raise DatasetError(
            f"run {run.folder}: {split} has the evaluation_id {run.evaluation_ids[split]}, but "
            f"version {run.version} in {repository.root} has {target.evaluation_id}"
        )
    result = evaluate_split(run, target, request.answer_score)
    if drawn is not None:
        table = run.predictions(split, run.best_epoch)
        _draw(drawn, run, repository, target, table, request)
    return _keep(run, result)


def _on_other(
    run: Run, repository: Repository, request: Request, drawn: "DrawnFolder | None"
) -> dict[str, Any]:
    from vidset.training.running.predict import predict

    split = request.split or run.splits[0]
    target = _target(repository, request.on or run.version, split)
    seen = find_trained_on(run, repository, target)
    if seen.same and not request.allow_leaks:
        raise FaultsError(
            f"{len(seen.same)} images of {split} of version {target.version} stood in this run's "
            "training: the score would flatter (--allow-leaks evaluates all the same)",
            seen.same,
        )
    table = predict(
        run.folder,
        repository,
        target.version,
        split,
        request.model,
        postprocess=request.postprocess,
    )
    path = evaluation_paths(run, split, target.evaluation_id)[1]
    write_atomically(path, to_parquet(table))
    result = evaluate_predictions(run, table, target, request.answer_score)
    if drawn is not None:
        _draw(drawn, run, repository, target, table, request)
    return _keep(
        run, result | {"leaks": [*seen.same, *seen.near], "postprocess": request.postprocess}
    )


def _target(repository: Repository, version: str, split: str) -> Target:
    id_ = repository.resolve(version)
    manifest = repository.manifest(id_)
    images = manifest.split(split)
    if not len(images):
        known = ", ".join(manifest.splits)
        raise DatasetError(f"version {id_} has no split {split!r}; it has: {known}")
    return Target(
        split, evaluation_id(images), id_, Manifest(images.table), repository.measures(id_)
    )


def _keep(run: Run, result: dict[str, Any]) -> dict[str, Any]:
    path = evaluation_paths(run, result["split"], result["evaluation_id"])[0]
    write_atomically(path, json.dumps(result, indent=1, ensure_ascii=False).encode())
    return result
