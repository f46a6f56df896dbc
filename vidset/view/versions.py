"""Dataset versions and training runs as pages show them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.counts import label_counts
from vidset.datasets.versions.diff import Row, diff_versions
from vidset.datasets.versions.listing import list_versions, names_by_id
from vidset.datasets.versions.objects import read_objects
from vidset.datasets.versions.repository import Repository
from vidset.json_files import parse_json, read_object
from vidset.project import Project
from vidset.regular_files import read_regular
from vidset.suggestions import unknown
from vidset.training.scoring.answer_scores import answer_scores
from vidset.training.scoring.detection import keep_answers
from vidset.training.scoring.matching import IOU, Thing, match, overlap, read_things
from vidset.training.scoring.pixels import count_pixels
from vidset.training.scoring.run import Run, read_run
from vidset.training.scoring.runs import Runs

_MOST_CHANGES = 500
_MOST_HISTORY_BYTES = 64 << 20
_RUN = (
    *("model", "version", "seed", "state", "created_at", "task", "classes", "splits"),
    *("best_epoch", "recipe_hash", "epochs"),
)
_MOST_BOXES = 20_000
NOTHING = "(nothing)"
LEAST_SHARE = 0.01
"""Fewer of an image's pixels that are confused are not worth to be shown as one of its cells."""


def open_repository(project: Project) -> Repository | None:
    """Return the place's repository; None where there is none."""
    if not project.is_folder:
        return None
    root = Path(project.place, "datasets")
    return Repository(root) if root.is_dir() else None


def describe_versions(repository: Repository) -> list[dict[str, Any]]:
    """All versions, newest first."""
    return [
        {
            "version": each.id,
            "names": each.names,
            "created_at": each.created_at,
            "parents": each.parents,
            "message": each.message,
            "images": each.images,
        }
        for each in reversed(list_versions(repository))
    ]


def describe_version(repository: Repository, reference: str) -> dict[str, Any]:
    """One version: images by label and split, and where its boxes are and how large.

    Raises:
        DatasetError: there is no such version.
    """
    id_ = repository.resolve(reference)
    columns = ["width", "height", "label", "objects", "split"]
    images = repository.columns(id_, columns)
    return {
        "version": id_,
        "names": names_by_id(repository).get(id_, []),
        "details": repository.details(id_),
        "images": len(images),
        "splits": dict(Counter(images["split"].to_pylist())),
        "labels": label_counts(images),
        "boxes": list(islice(_boxes(images), _MOST_BOXES)),
    }


def _boxes(images: pa.Table) -> Iterator[list[Any]]:
    """Yield each object's label, and its middle and size as shares of the image."""
    columns = (images[name].to_pylist() for name in ("width", "height", "objects"))
    for wide, high, objects in zip(*columns, strict=True):
        for thing in read_objects(objects):
            if thing.bounds is not None:
                x, y, width, height = thing.bounds
                middle = (x + width / 2) / wide, (y + height / 2) / high
                shares = (*middle, width / wide, height / high)
                yield [thing.label, *(round(share, 4) for share in shares)]


def compare_versions(repository: Repository, before: str, after: str) -> dict[str, Any]:
    """Returns what is different, with the first images of each kind.

    Raises:
        DatasetError: there is no such version.
    """
    found = diff_versions(repository, before, after)
    lists = {name: getattr(found, name) for name in found.counts if name != "unchanged"}
    return {
        "counts": found.counts,
        "images": {
            name: [_changed(each) for each in rows[:_MOST_CHANGES]]
            for name, rows in lists.items()
            if rows
        },
    }


def _changed(row: Row | tuple[Row, Row]) -> dict[str, Any]:
    if isinstance(row, Row):
        return {"after": row.to_dict()}
    return {"before": row[0].to_dict(), "after": row[1].to_dict()}


def describe_runs(project: Project) -> list[dict[str, Any]]:
    """All runs, newest first, with the scores after each epoch.

    Raises:
        ValueError: a run's file is damaged, or larger than any that vidset writes.
    """
    found = []
    for path in Path(project.place, "runs").glob("*/run.json"):
        run = read_object(path, "a training run")
        shown = {name: run.get(name) for name in _RUN}
        found.append({"run": path.parent.name, **shown, "history": _history(path.parent)})
    return sorted(found, key=lambda run: str(run["created_at"]), reverse=True)


def _history(run: Path) -> list[Any]:
    path = run / "history.jsonl"
    try:
        lines = read_regular(path, _MOST_HISTORY_BYTES).splitlines()
    except FileNotFoundError:  # Before its first epoch.
        return []
    return [
        parse_json(line, f"{path}:{number}", "an epoch") for number, line in enumerate(lines, 1)
    ]


def read_confusion(project: Project, name: str, split: str) -> dict[str, Any]:
    """Returns what a run's best epoch answered for each label of a split, and the cells' images.

    A detector's objects are matched one to one; "(nothing)" stands for what is missed or invented.

    Raises:
        DatasetError: there is no such run, or it has not ended.
    """
    run = run_named(project, name)
    table = run.predictions(split, run.best_epoch)
    found = _answers_of(run, table)
    cells: dict[tuple[str, str], list[str]] = {}
    for origin, of_image in zip(table["origin"].to_pylist(), found, strict=True):
        for cell in of_image:
            cells.setdefault(cell, []).append(origin)
    names = list(run.classes)
    names += sorted({name for cell in cells for name in cell} - {*names, NOTHING})
    if run.is_detection:
        names.append(NOTHING)
    return {
        "run": name,
        "split": split,
        "splits": list(run.splits),
        "has_errors": _has_errors(project, run, split),
        "labels": names,
        "cells": [
            {"truth": truth, "predicted": predicted, "images": images}
            for (truth, predicted), images in sorted(cells.items())
        ],
    }


def run_named(project: Project, name: str) -> Run:
    """Return a run of the place that has ended.

    Raises:
        DatasetError: there is no such run, or it has not ended.
    """
    runs = Runs(Path(project.place, "runs"))
    if name not in runs.names():  # A path would lead out of the place.
        raise DatasetError(unknown("run", name, runs.names()))
    return read_run(runs.folder(name))


def _has_errors(project: Project, run: Run, split: str) -> bool:
    """Returns whether `vidset errors` has looked at this run and split last."""
    path = Path(project.place, "errors", "errors.json")
    if run.is_detection or not path.is_file():
        return False
    found = read_object(path, "what vidset errors writes")
    return found.get("run_id") == run.run_id and found.get("splits") == [split]


def _answers_of(run: Run, table: pa.Table) -> Iterable[list[tuple[str, str]]]:
    """Return each image's cells: pairs of a true label and the one that was answered."""
    if run.is_detection:
        return _of_detector(run, table)
    return _of_pixels(run, table) if run.is_segmentation else _of_classifier(table)


def _of_pixels(run: Run, table: pa.Table) -> Iterator[list[tuple[str, str]]]:
    """Yield the cells that hold a hundredth of an image's pixels or more."""
    counts = count_pixels(table, run.classes)
    for matrix in counts.matrices:
        rows, columns = np.nonzero(matrix >= max(LEAST_SHARE * matrix.sum(), 1))
        yield [
            (counts.labels[row], counts.labels[column])
            for row, column in zip(rows.tolist(), columns.tolist(), strict=True)
        ]


def _of_classifier(table: pa.Table) -> Iterator[list[tuple[str, str]]]:
    truths, answers = table["truth"].to_pylist(), table["predicted"].to_pylist()
    for truth, answer in zip(truths, answers, strict=True):
        yield [(NOTHING if truth is None else truth, answer)]


def _of_detector(run: Run, table: pa.Table) -> Iterator[list[tuple[str, str]]]:
    answers = keep_answers(read_things(table, "predicted"), answer_scores(run))
    for truths, found in zip(read_things(table, "truth"), answers, strict=True):
        yield _cells(truths, found)


def _cells(truths: Sequence[Thing], answers: Sequence[Thing]) -> list[tuple[str, str]]:
    """Match objects of the same label first; what is left is matched whatever its label."""
    matched = match(truths, answers)
    cells = [(truths[at].label, answers[place].label) for place, at, _ in matched.pairs]
    missed = [truths[at] for at in matched.missed]
    extra = [answers[place] for place in matched.extra]
    overlaps = overlap(missed, extra)
    while overlaps.size and overlaps.max() >= IOU:
        place, at = divmod(int(overlaps.argmax()), overlaps.shape[1])
        cells.append((missed[at].label, extra[place].label))
        overlaps = np.delete(np.delete(overlaps, place, axis=0), at, axis=1)
        del missed[at], extra[place]
    cells += [(NOTHING, each.label) for each in extra]
    return cells + [(each.label, NOTHING) for each in missed]


def find_image(repository: Repository, image_sha256: str) -> tuple[bytes, str]:
    """Return an image that versions hold, and its media type.

    Raises:
        DatasetError: it is no hash, or there is no such image.
    """
    for image_format, media_type in (
        ("jpeg", "image/jpeg"),
        ("png", "image/png"),
        ("webp", "image/webp"),
        ("bmp", "image/bmp"),
    ):
        path = repository.image_path(image_sha256, image_format)
        if path.is_file() and not path.is_symlink():
            return path.read_bytes(), media_type
    raise DatasetError(f"{image_sha256}: there is no such image in {repository.root}")
