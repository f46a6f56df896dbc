"""Chooses the version or run that a command is about: the one that was named, else the newest."""

from pathlib import Path

from vidset.cli.console import tell
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.listing import names_by_id
from vidset.datasets.versions.repository import Repository
from vidset.training.scoring.runs import Runs

_SHORT_ID = 12


def choose_version(repository: Repository, given: str | None) -> str:
    """Return how the version is called: by its name, or by the beginning of its id.

    Raises:
        DatasetError: nothing was given, and there is no version.
    """
    if given is not None:
        return given if given in repository.names() else repository.resolve(given)[:_SHORT_ID]
    versions = repository.versions()
    if not versions:
        raise DatasetError(
            f"{repository.root}: there is no version yet: vidset dataset create makes one"
        )
    names = names_by_id(repository).get(versions[-1])
    chosen = names[-1] if names else versions[-1][:_SHORT_ID]
    tell(f"version {chosen}, the newest")
    return chosen


def choose_run(runs: Runs, given: str | None) -> Path:
    """Return the run's folder.

    Raises:
        DatasetError: there is no such run, or none at all.
    """
    if given is not None:
        return runs.folder(given)
    chosen = runs.newest()
    tell(f"run {chosen.name}, the newest")
    return chosen


def parse_seeds(text: str) -> tuple[int, ...]:
    """Return the seeds of a text such as 1, 1-3 or 1,4,7.

    Raises:
        DatasetError: it is no such text, or a seed stands in it twice.
    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise DatasetError(f"--seeds: wanted a text such as 1, 1-3 or 1,4,7, got {text!r}")
        seeds += range(int(first), int(last or first) + 1)
    if not seeds or len(set(seeds)) < len(seeds):
        raise DatasetError(f"--seeds: wanted each seed once, got {text!r}")
    return tuple(seeds)
