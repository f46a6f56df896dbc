"""The training runs of a place, RUNS/<version>-<seed>: found by name, by version, or by age."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from vidset.datasets.errors import DatasetError, UnknownVersionError
from vidset.datasets.versions.repository import Repository
from vidset.json_files import read_object
from vidset.suggestions import unknown
from vidset.training.scoring.run import Run, read_run


@dataclass(frozen=True, slots=True)
class Runs:
    """The folder that holds the runs of a place."""

    root: Path

    def names(self) -> list[str]:
        """Return the names of all runs, those that have not ended too, sorted."""
        return sorted(path.parent.name for path in self.root.glob("*/run.json"))

    def folder(self, reference: str) -> Path:
        """Return a run's folder by its name in the place, or by its path.

        Raises:
            DatasetError: there is no such run.
        """
        for path in (self.root / reference, Path(reference)):
            if (path / "run.json").is_file():
                return path
        if Path(reference).is_dir():
            raise DatasetError(f"{reference}: wanted a run's folder, but it has no run.json")
        raise DatasetError(unknown("run", reference, self.names()))

    def newest(self) -> Path:
        """Return the folder of the run that was begun last, of those that are done.

        Raises:
            DatasetError: there is none.
        """
        done = [
            (details["created_at"], path.parent)
            for path in self.root.glob("*/run.json")
            if (details := read_object(path, "a run", DatasetError)).get("state") == "done"
        ]
        if not done:
            raise DatasetError(f"{self.root}: there is no run that is done: vidset train makes one")
        return max(done)[1]

    def of_version(self, version: str) -> list[Run]:
        """Return the done runs that were trained on a version, given by its id, by seed."""
        found = []
        for path in self.root.glob("*/run.json"):
            details = read_object(path, "a run", DatasetError)
            if details.get("version") == version and details.get("state") == "done":
                found.append(read_run(path.parent))
        return sorted(found, key=lambda run: (run.seed, str(run.folder)))

    def side(self, words: Sequence[str], repository: Repository) -> list[Run]:
        """Return one side of a comparison: runs by name or path, or all runs of a version.

        A run's name comes first where a version is called alike.

        Raises:
            DatasetError: a word is neither, or the version has no run that is done.
        """
        found: list[Run] = []
        for word in words:
            if not self.is_version_only(word, repository):
                if not (self.is_run(word) or Path(word).is_dir()):
                    known = [*self.names(), *repository.names()]
                    raise DatasetError(unknown("run or version", word, known))
                found.append(read_run(self.folder(word)))
                continue
            runs = self.of_version(repository.resolve(word))
            if not runs:
                raise DatasetError(
                    f"version {word} has no run that is done: vidset train {word} --seeds 1-3"
                )
            found += runs
        return found

    def is_run(self, word: str) -> bool:
        """Tell whether a word names a run, by its name in the place or by its path."""
        return any((path / "run.json").is_file() for path in (self.root / word, Path(word)))

    def is_version_only(self, word: str, repository: Repository) -> bool:
        """Tell whether a word names a dataset version, and no run."""
        if self.is_run(word):
            return False
        try:
            repository.resolve(word)
        except UnknownVersionError:
            return False
        return True
