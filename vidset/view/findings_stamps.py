"""Notices that `vidset train`, `errors`, or another page has written something to a place."""

from pathlib import Path

from vidset.project import Project

_FILES = ("runs/*/run.json", "runs/*/history.jsonl", "errors/errors.json", "errors/decisions.json")


def findings_stamps(project: Project) -> dict[str, tuple[int, int]]:
    """Return when each file of runs and of the review was changed, in nanoseconds, and its size."""
    if not project.is_folder:
        return {}
    found = {}
    for pattern in _FILES:
        for path in Path(project.place).glob(pattern):
            try:
                told = path.stat()
            except OSError:  # It was replaced in this moment; the next look finds the new one.
                continue
            found[str(path)] = told.st_mtime_ns, told.st_size
    return found
