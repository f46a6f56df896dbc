"""Chooses the version or run that a command is about: the one that was named, else the newest."""

from pathlib import Path

from vidset.cli.console import tell
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.listing import names_by_id
from vidset.datasets.versions.repository import Repository
from vidset.project import NoPlaceError, Project
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


def choose_part(
    repository: Repository, reference: str, images: int | None, *, show: bool = True
) -> str:
    """Return the version itself, or for --subset the one with some of its images.

    Args:
        images: about how many; None: all.
        show: whether the smaller version is named on stderr.

    Raises:
        DatasetError: there is no such version.
    """
    if images is None:
        return reference
    from vidset.datasets.curation.subset import cut_subset

    part = cut_subset(repository, reference, images)[:_SHORT_ID]
    if show:
        number = repository.number_of_images(repository.resolve(part))
        tell(f"version {part}: {number:,} images of {reference}")
    return part


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


def home_of(project: Project, given: str | None, command: str) -> Path | None:
    """Return the folder with the runs and versions that a command on a place looks at.

    A place in a bucket keeps none: those of the place that a run was trained in count, which is
    named by the path of its folder. None: no run is named.

    Raises:
        NoPlaceError: the run is named in another way.
        DatasetError: there is no such run, or it lies in no place with versions.
    """
    if project.is_folder:
        return Path(project.place)
    if given is None:
        return None
    if not Path(given).is_dir():
        raise NoPlaceError(
            f"{project.place} is in a bucket, and {command} finds no run {given!r} there",
            "Name the run by the path of its folder on this machine, such as roads/runs/v0-1.",
        )
    home = Runs(Path(given).absolute().parent).folder(Path(given).name).parent.parent
    if not (home / "datasets").is_dir():
        raise DatasetError(
            f"{given}: wanted a run in a place with its dataset versions, which say what the model "
            f"has to stay away from; there is no {home / 'datasets'}"
        )
    return home


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
