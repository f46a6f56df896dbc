"""The dataset versions of a place, for the commands that work on one of them."""

from dataclasses import dataclass
from pathlib import Path

from vidset.cli.console import tell
from vidset.cli.dataset.display import SHORT_ID
from vidset.datasets.errors import UnknownVersionError
from vidset.datasets.versions.listing import names_by_id
from vidset.datasets.versions.repository import Repository
from vidset.project import Project, find_project, make_place

FOLDER = "datasets"


@dataclass(frozen=True, slots=True)
class Versions:
    """A place, and the repository of dataset versions in it."""

    project: Project
    repository: Repository

    @classmethod
    def at(cls, place: str | None, command: str, *, is_made: bool = False) -> "Versions":
        """Find them.

        Args:
            is_made: whether a place that is not there yet will do; `make` makes it.

        Raises:
            ValueError: there is no place, or it is in a bucket.
        """
        project = find_project(place, is_made=is_made)
        return cls(project, Repository(project.folder(f"vidset dataset {command}") / FOLDER))

    def make(self) -> None:
        """Make the place if it is not there."""
        if not Path(self.project.place).exists():
            make_place(self.project)

    def chosen(self, reference: str | None) -> str:
        """The id of a version; of the newest one, which is said on stderr, where none is named.

        Raises:
            ValueError: there is none such.
        """
        if reference is not None:
            return self.repository.resolve(reference)
        ids = self.repository.versions()
        if not ids:
            raise UnknownVersionError(
                f"{self.repository.root} has no version yet: vidset dataset create makes one"
            )
        tell(f"version {self.called(ids[-1])}, the newest")
        return ids[-1]

    def called(self, id_: str) -> str:
        """A name of the version, or where it has none the beginning of its id."""
        names = names_by_id(self.repository).get(id_)
        return names[0] if names else id_[:SHORT_ID]
