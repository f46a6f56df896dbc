"""Completes a word that is begun in a shell: versions and runs of the place.

A shell asks at every press of the tab key: only names of files are read.
"""

import os
from itertools import pairwise
from pathlib import Path


def complete_versions(incomplete: str) -> list[str]:
    """Return the names of dataset versions, and the ids of those that have none."""
    folder = _place()
    if folder is None:
        return []
    names = _entries(folder / "datasets" / "names")
    return [
        name
        for name in (names or _entries(folder / "datasets" / "versions"))
        if name.startswith(incomplete)
    ]


def complete_runs(incomplete: str) -> list[str]:
    """Return the names of training runs."""
    folder = _place()
    return (
        [name for name in _entries(folder / "runs") if name.startswith(incomplete)]
        if folder
        else []
    )


def _place() -> Path | None:
    """Find the place of the line that is being typed; None where there is none on this machine."""
    from vidset.project import find_project

    words = os.environ.get("_TYPER_COMPLETE_ARGS") or os.environ.get("COMP_WORDS") or ""
    typed = words.split()
    given = [after for word, after in pairwise(typed) if word in ("-p", "--place")]
    try:
        project = find_project(given[-1] if given else None, is_opened=False)
    except ValueError:
        return None
    return Path(project.place) if project.is_folder else None


def _entries(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
    except OSError:
        return []
