"""Looks at what a place holds: videos, samples, labels, versions, runs, and what is wrong."""

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidset.documents.documents import Part
from vidset.documents.sqlite import SqliteDocuments
from vidset.intake.listing import check_input, list_uploads
from vidset.json_files import parse_json, read_object
from vidset.ledger.packing import leave_packs
from vidset.ledger.rows import LedgerRows
from vidset.naming import printable
from vidset.project import Project
from vidset.regular_files import read_regular_text

_LABELED = "labeled"


@dataclass(frozen=True, slots=True)
class FailedVideo:
    """A video that gave no image, or only a part of its samples."""

    video_uri: str
    status: str
    error: str


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


@dataclass(frozen=True, slots=True)
class LedgerCounts:
    """The counts that an overview needs of the ledgers.

    Attributes:
        videos: video_uri, status and error of each.
        reasons: numbers of samples by reason, "kept" among them.
    """

    videos: list[dict[str, Any]]
    reasons: Mapping[str, int]


def read_overview(
    project: Project, inputs: str | None = None, ledgers: LedgerCounts | None = None
) -> Overview:
    """Read ledgers, the file with the labels, and what describes versions and runs.

    Args:
        inputs: a folder, glob or uri whose videos are compared with the ledger.
        ledgers: their counts, where the caller has them; None: they are read.

    Raises:
        ValueError: something there cannot be read, or the inputs name nothing.
    """
    counts = count_ledgers(project.place) if ledgers is None else ledgers
    rows, dropped = counts.videos, dict(counts.reasons)
    kept = dropped.pop("kept", 0)
    tasks, annotations = _labels(project.store)
    folder = Path(project.place) if project.is_folder else None
    failed = [
        FailedVideo(row["video_uri"], row["status"], row["error"] or "")
        for row in rows
        if row["status"] != "done"
    ]
    return Overview(
        place=project.place,
        videos=dict(Counter(row["status"] for row in rows)),
        failed=failed,
        samples=kept + sum(dropped.values()),
        kept=kept,
        dropped=dropped,
        tasks=tasks,
        annotations=annotations,
        versions=list(_versions(folder / "datasets")) if folder else [],
        runs=list(_runs(folder / "runs")) if folder else [],
        waiting=None if inputs is None else _waiting(inputs, (row["video_uri"] for row in rows)),
        warnings=_warnings(failed, kept, tasks, annotations),
    )


def count_ledgers(place: str) -> LedgerCounts:
    """Count what the ledgers of a place hold; videos come in the order of their files' names.

    Raises:
        ValueError: a file is no ledger.
    """
    ledgers = LedgerRows(place)
    rows = {
        key: row
        for each in ledgers.videos(["video_uri", "status", "error"])
        for key, row in zip(each.keys, each.table.to_pylist(), strict=True)
    }
    reasons: Counter[str] = Counter()
    for each in ledgers.frames(["reason"], [k for k, s in ledgers.stamps.items() if s.frames]):
        for found in each.table["reason"].value_counts().to_pylist():
            reasons[found["values"]] += found["counts"]
    leave_packs(place, ledgers)
    return LedgerCounts([rows[key] for key in ledgers.stamps], reasons)


def _labels(store: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Count tasks and annotations by state, where they are in a file of this machine."""
    path = (store or "").removeprefix("sqlite:")
    if not os.path.isfile(path):
        return {}, {}
    documents = SqliteDocuments(path)
    try:
        return documents.states(Part("tasks")), documents.states(Part("annotations"))
    finally:
        documents.close()


def _versions(repository: Path) -> Iterator[VersionOverview]:
    names = {_id_in(path): path.name for path in repository.glob("names/*")}
    found = [
        (path.parent.name, _object(path)) for path in repository.glob("versions/*/version.json")
    ]
    for id_, details in sorted(found, key=lambda each: str(each[1].get("created_at"))):
        yield VersionOverview(id_, names.get(id_), details.get("created_at"))


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


def _waiting(inputs: str, known: Iterable[str]) -> list[str]:
    check_input(inputs)
    done = set(known)
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
