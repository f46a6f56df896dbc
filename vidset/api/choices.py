"""The options of an extraction as they are chosen: what was given, else what the place says."""

from collections.abc import Mapping
from typing import Any

from vidset.extraction_options import OPTIONS
from vidset.project import Project


def extraction_options(project: Project, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of an extraction by their own names: those given, else the project's.

    Raises:
        ValueError: a variable holds no number where one is wanted, or rights are none.
    """
    found: dict[str, Any] = {
        each.name: project.choose(f"extract.{each.word}", given.get(each.word)) for each in OPTIONS
    }
    found["rights"] = project.rights(given.get("rights")) or None
    return {name: value for name, value in found.items() if value is not None}


def workers_of(project: Project, given: int | None) -> int | None:
    """Return how many workers are wanted; None for one a core.

    Raises:
        ValueError: it is no positive number.
    """
    workers = project.choose("extract.workers", given)
    if workers is None:
        return None
    if not isinstance(workers, int) or workers < 1:
        raise ValueError(f"workers: wanted a whole number of at least 1, got {workers!r}")
    return workers
