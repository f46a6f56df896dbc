"""The versions that a version was made from, and those that they were made from."""

from collections.abc import Iterator
from typing import Any

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository


def line_of(repository: Repository, id_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a version and all before it, the latest first, each with its version.json.

    Raises:
        DatasetError: one of them is not in the repository.
    """
    for version, child in _walk(repository, id_):
        if not repository.has(version):
            raise DatasetError(
                f"version {child} was made from {version}, which {repository.root} does not have. "
                "It tells on which side of the split its images were: bring it with "
                "vidset dataset pull"
            )
        yield version, repository.details(version)


def is_made_from(repository: Repository, ancestor: str, id_: str) -> bool:
    """Returns whether a version came from another one, directly or over others that are here."""
    return any(version == ancestor != id_ for version, _ in _walk(repository, id_))


def _walk(repository: Repository, id_: str) -> Iterator[tuple[str, str]]:
    """Yield each version once with the one that was made from it, whether or not it is here."""
    waiting, seen = [(id_, id_)], set()
    while waiting:
        version, child = waiting.pop(0)
        if version in seen:
            continue
        seen.add(version)
        yield version, child
        if repository.has(version):
            parents = repository.details(version).get("parents", [])
            waiting += [(each, version) for each in parents]
