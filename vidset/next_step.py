"""The command that makes sense next, from what a place holds.

extract -> plan -> label dispatch -> label status -> dataset create -> train -> evaluate ->
errors -> review -> dataset fix
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from vidset.documents.documents import Part
from vidset.documents.sqlite import SqliteDocuments
from vidset.json_files import read_object
from vidset.project import Project
from vidset.storage.open import open_store

_OPEN = ("requested", "dispatched")
# What follows a command whatever the place holds.
_FOLLOWS = {
    "label dispatch": "vidset label status",
    "label import": "vidset label status",
    "sync": "vidset sql",
    "dataset create": "vidset train",
    "dataset apply": "vidset train",
    "dataset fix": "vidset train",
    "train": "vidset evaluate",
    "evaluate": "vidset errors",
    "errors": "vidset review",
}


@dataclass(frozen=True, slots=True)
class State:
    """The state of a place, as far as the next step depends on it.

    Attributes:
        is_extracted: whether a video has its rows.
        tasks, annotations: numbers of documents by state.
        versions: ids of dataset versions, oldest first.
        names: names of dataset versions.
        runs: training runs, by the id of the version that they are of: whether one has ended.
        has_errors: whether `vidset errors` has written something.
    """

    is_extracted: bool = False
    tasks: Mapping[str, int] = field(default_factory=dict)
    annotations: Mapping[str, int] = field(default_factory=dict)
    versions: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    runs: Mapping[str, bool] = field(default_factory=dict)
    has_errors: bool = False


def next_words(project: Project, after: str = "", *, images: int | None = None) -> str | None:
    """Return the command that makes sense after the command `after`, without the place.

    Args:
        after: the command that has just ended, such as "label status"; empty if none has.
        images: how many images were kept, if that is known: some may have no task yet.

    Raises:
        ValueError: the file with the labels cannot be read.
    """
    if after in _FOLLOWS:
        return _FOLLOWS[after]
    words = _of_state(read_state(project), after, images)
    if project.is_folder:
        return words
    return _in_bucket(words, has_store=project.store is not None)


def read_state(project: Project) -> State:
    """Look at what the place holds; files are named, not read, but for the labels' counts.

    Raises:
        ValueError: the file with the labels cannot be read.
    """
    tasks, annotations = _labels(project.store)
    if not project.is_folder:
        is_extracted = any(True for _ in open_store(project.below("videos")).list())
        return State(is_extracted, tasks, annotations)
    folder = Path(project.place)
    return State(
        is_extracted=_holds(folder / "videos", ".parquet"),
        tasks=tasks,
        annotations=annotations,
        versions=_versions(folder / "datasets" / "versions"),
        names=_entries(folder / "datasets" / "names"),
        runs=_runs(folder / "runs"),
        has_errors=bool(_entries(folder / "errors")),
    )


def next_version_name(names: tuple[str, ...]) -> str:
    """Return the first of v0, v1, ... that no version has."""
    number = 0
    while f"v{number}" in names:
        number += 1
    return f"v{number}"


def _of_state(state: State, after: str, images: int | None) -> str:
    if state.versions:
        if not state.runs.get(state.versions[-1]):
            return "vidset train"
        return "vidset review" if state.has_errors else "vidset errors"
    if any(state.tasks.get(each) for each in _OPEN):
        return "vidset label reconcile" if after == "label status" else "vidset label status"
    known = max(sum(state.tasks.values()), sum(state.annotations.values()))
    if state.annotations.get("labeled") and known >= (images or 0):
        return f"vidset dataset create -n {next_version_name(state.names)}"
    if not (state.is_extracted or known):
        return "vidset extract VIDEOS"
    return "vidset plan" if after == "extract" else "vidset label dispatch"


def _in_bucket(words: str, *, has_store: bool) -> str:
    """Datasets are folders of this machine, and labels need a store that is named."""
    if words.startswith("vidset dataset create"):
        words = "vidset export -f coco -o exported"
    elif not words.startswith("vidset label"):
        return words
    return words if has_store else f"{words} --store sqlite:labels.sqlite"


def _labels(store: str | None) -> tuple[dict[str, int], dict[str, int]]:
    """Count tasks and annotations by state, where they are in a file."""
    path = (store or "").removeprefix("sqlite:")
    if not path or "://" in path or not os.path.isfile(path):
        return {}, {}
    documents = SqliteDocuments(path)
    try:
        return documents.states(Part("tasks")), documents.states(Part("annotations"))
    finally:
        documents.close()


def _versions(folder: Path) -> tuple[str, ...]:
    """Return the ids of versions by the time at which they were committed."""
    paths = [folder / name / "version.json" for name in _entries(folder)]
    found = [(path.stat().st_mtime, path.parent.name) for path in paths if path.is_file()]
    return tuple(name for _, name in sorted(found))


def _runs(folder: Path) -> dict[str, bool]:
    """Tell by version whether a run of it has ended; what is no run is passed over."""
    ended: dict[str, bool] = {}
    for name in _entries(folder):
        path = folder / name / "run.json"
        if path.is_file():
            run = read_object(path, "a run")
            version = str(run.get("version"))
            ended[version] = ended.get(version, False) or run.get("state") == "done"
    return ended


def _holds(folder: Path, ending: str) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(entry.name.endswith(ending) for entry in entries)
    except OSError:
        return False


def _entries(folder: Path) -> tuple[str, ...]:
    try:
        with os.scandir(folder) as entries:
            return tuple(sorted(e.name for e in entries if not e.name.startswith(".")))
    except OSError:
        return ()
