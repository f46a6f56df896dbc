"""The versions of a repository, with what is known of each without reading its images."""

from collections import defaultdict
from dataclasses import dataclass

from vidset.datasets.versions.repository import Repository


@dataclass(frozen=True, slots=True)
class Listed:
    """A version as a list shows it.

    Attributes:
        parents: the ids of the versions that it was made from.
        actor: who made it; None where an earlier vidset did not record that.
    """

    id: str
    names: list[str]
    created_at: str | None
    parents: list[str]
    message: str
    images: int
    actor: str | None


def list_versions(repository: Repository) -> list[Listed]:
    """All versions, oldest first."""
    names = names_by_id(repository)
    found = []
    for id_ in repository.versions():
        details = repository.details(id_)
        found.append(
            Listed(
                id=id_,
                names=names.get(id_, []),
                created_at=details.get("created_at"),
                parents=details.get("parents", []),
                message=details.get("message", ""),
                images=repository.number_of_images(id_),
                actor=details.get("actor"),
            )
        )
    return found


def names_by_id(repository: Repository) -> dict[str, list[str]]:
    """The names of each version that has any."""
    named: defaultdict[str, list[str]] = defaultdict(list)
    for name, id_ in repository.names().items():
        named[id_].append(name)
    return dict(named)
