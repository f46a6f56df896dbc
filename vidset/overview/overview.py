"""Looks at what a place holds: videos, samples, labels, versions, runs, and what is wrong."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from vidset.documents.documents import Part
from vidset.documents.sqlite import SqliteDocuments
from vidset.json_files import parse_json, read_object
from vidset.naming import printable
from vidset.overview.counting import FailedVideo, LedgerCounts, count_ledgers
from vidset.project import Project
from vidset.regular_files import read_regular_text
from vidset.troubles import (
    Trouble,
    drift_troubles,
    find_drifts,
    quarantine_troubles,
    version_troubles,
)

_LABELED = "labeled"


@dataclass(frozen=True, slots=True)
class VersionOverview:
    """A dataset version. `name` is null if it has none."""

    id: str
    name: str | None
    created_at: str | None


@dataclass(frozen=True, slots=True)
class RunOverview:
    """A training run.

    Attributes:
        version: the id of the dataset version that it trained on.
        state: "done", or how far it is.
        score: the best epoch's on the split that chose it; null before the first epoch.
    """

    name: str
    version: str | None
    state: str | None
    score: float | None
    score_name: str | None


@dataclass(frozen=True, slots=True)
class Overview:
    """The contents of a place, and what is wrong with it.

    Attributes:
        videos: numbers by status: done, partial, failed.
        failed: those that are partial or failed, with the reason.
        dropped: numbers of samples by reason.
        tasks, annotations: numbers by state.
        waiting: videos of the inputs that have no row; null if no inputs were named.
        warnings: what is wrong, each as a sentence.
        troubles: what is wrong with label answers, the newest version and collectors, each with a
            command that says more of it.
    """

    place: str
    videos: dict[str, int] = field(default_factory=dict)
    failed: list[FailedVideo] = field(default_factory=list)
    samples: int = 0
    kept: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    tasks: dict[str, int] = field(default_factory=dict)
    annotations: dict[str, int] = field(default_factory=dict)
    versions: list[VersionOverview] = field(default_factory=list)
    runs: list[RunOverview] = field(default_factory=list)
    waiting: list[str] | None = None
    warnings: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Tabled:
    """The part of an overview that a warehouse tells instead of the place.

    Attributes:
        tasks, annotations: numbers by state.
        versions, runs: the newest version last; None where those of the place are shown.
    """

    tasks: dict[str, int]
    annotations: dict[str, int]
    versions: list[VersionOverview] | None
    runs: list[RunOverview] | None


def read_overview(
    project: Project,
    inputs: str | None = None,
    ledgers: LedgerCounts | None = None,
    tabled: Tabled | None = None,
) -> Overview:
    """Read ledgers, the file with the labels, and what describes versions and runs.

    Args:
        inputs: a folder, glob or uri whose videos are compared with the ledger.
        ledgers: their counts, where the caller has them; None: they are read.
        tabled: what is taken instead of what the place has.

    Raises:
        ValueError: something there cannot be read, or the inputs name nothing.
    """
    counts = count_ledgers(project.place) if ledgers is None else ledgers
    dropped = dict(counts.reasons)
    kept = dropped.pop("kept", 0)
    tasks, annotations, troubles = _labels(project.store)
    if tabled is not None:
        tasks, annotations = tabled.tasks, tabled.annotations
    folder = Path(project.place) if project.is_folder else None
    versions = _details(folder / "datasets") if folder else []
    if folder and versions:
        troubles += version_troubles(folder / "datasets", *versions[-1])
    troubles += drift_troubles(find_drifts(counts.days))
    shown = [VersionOverview(id_, name, d.get("created_at")) for id_, name, d in versions]
    runs = list(_runs(folder / "runs")) if folder else []
    if tabled is not None:
        shown = shown if tabled.versions is None else tabled.versions
        runs = runs if tabled.runs is None else tabled.runs
    return Overview(
        place=project.place,
        videos=dict(counts.videos),
        failed=counts.failed,
        samples=kept + sum(dropped.values()),
        kept=kept,
        dropped=dropped,
        tasks=tasks,
        annotations=annotations,
        versions=shown,
        runs=runs,
        waiting=None if inputs is None else _waiting(inputs, project.place),
        warnings=_warnings(counts.failed, kept, tasks, annotations),
        troubles=[replace(each, command=project.command(each.command)) for each in troubles],
    )


def _labels(store: str | None) -> tuple[dict[str, int], dict[str, int], list[Trouble]]:
    """Count tasks and annotations by state, where they are in a file of this machine."""
    path = (store or "").removeprefix("sqlite:")
    if not os.path.isfile(path):
        return {}, {}, []
    documents = SqliteDocuments(path)
    try:
        tasks, annotations = (documents.states(Part(name)) for name in ("tasks", "annotations"))
        return tasks, annotations, list(quarantine_troubles(documents))
    finally:
        documents.close()


def _details(repository: Path) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return id, name and description of each version, the newest last."""
    names = {_id_in(path): path.name for path in repository.glob("names/*")}
    found = [
        (path.parent.name, _object(path)) for path in repository.glob("versions/*/version.json")
    ]
    found.sort(key=lambda each: str(each[1].get("created_at")))
    return [(id_, names.get(id_), details) for id_, details in found]


def _runs(folder: Path) -> Iterator[RunOverview]:
    for path in sorted(folder.glob("*/run.json")):
        run = _object(path)
        name, score = _score(path.with_name("history.jsonl"), run)
        yield RunOverview(path.parent.name, run.get("version"), run.get("state"), score, name)


def _score(history: Path, run: dict[str, Any]) -> tuple[str | None, float | None]:
    """Return the score that chose the best epoch, with its name: the first of the first split."""
    epoch, splits = run.get("best_epoch"), run.get("splits")
    if not (isinstance(epoch, int) and epoch > 0 and isinstance(splits, list) and splits):
        return None, None
    if not history.is_file():
        return None, None
    lines = read_regular_text(history).splitlines()
    if len(lines) < epoch:
        return None, None
    where = f"{history}, line {epoch}"
    try:
        scores = parse_json(lines[epoch - 1], where, "an epoch").get("scores", {})
        name, score = next(iter(scores.get(splits[0], {}).items()), (None, None))
    except (AttributeError, KeyError, TypeError):
        raise ValueError(f"{where}: wanted an epoch's scores") from None
    return (None, None) if name is None else (f"{splits[0]} {name}", score)


def _id_in(path: Path) -> str:
    try:
        return read_regular_text(path, 1000).strip()
    except (OSError, ValueError) as error:
        raise ValueError(f"{path}: wanted a version's id: {error}") from None


def _object(path: Path) -> dict[str, Any]:
    try:
        return read_object(path, "an object")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None


def _waiting(inputs: str, place: str) -> list[str]:
    from vidset.intake.listing import check_input, list_uploads
    from vidset.ledger.rows import LedgerRows

    check_input(inputs)
    found = LedgerRows(place).videos(["video_uri"])
    done = {uri for each in found for uri in each.table["video_uri"].to_pylist()}
    return [uri for each in list_uploads(inputs) if (uri := printable(each.uri)) not in done]


def _warnings(
    failed: list[FailedVideo], kept: int, tasks: dict[str, int], annotations: dict[str, int]
) -> list[str]:
    warnings = [f"{each.video_uri} is {each.status}: {each.error}" for each in failed]
    if number := tasks.get("failed"):
        warnings.append(f"{number} of the labeling tasks failed")
    if number := annotations.get("rejected"):
        warnings.append(f"{number} of the images were rejected by annotators")
    if annotations.get(_LABELED, 0) > kept:
        warnings.append("there are more labeled images than the ledger has kept ones")
    return warnings
