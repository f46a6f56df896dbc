"""Opens a dataset version for Python."""

from os import PathLike
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.datasets.reading.dataset import Dataset
from vidset.datasets.reading.stored import CACHE_BYTES, open_at, open_stored
from vidset.datasets.versions.repository import Repository
from vidset.project import find_project


def open_dataset(
    version: str | None = None,
    place: str | None = None,
    *,
    source: str | None = None,
    cache: str | PathLike[str] | None = None,
    cache_bytes: int = CACHE_BYTES,
) -> Dataset:
    """Open a version by its name, its id or the beginning of its id.

    Args:
        version: None is the newest version of the place.
        place: the folder that holds the work, as for `vidset.open`.
        source: read the version where `vidset dataset push` brought it instead: a folder, gs:// or
            s3://. Its images come one by one, when they are asked for.
        cache: a folder for images of `source`, which other processes may share.
        cache_bytes: how large it may become; what was used longest ago goes first.

    Raises:
        vidset.project.NoPlaceError: there is no such place.
        DatasetError: there is no such version, or it is damaged.
    """
    if source is not None:
        if place is not None:
            raise DatasetError("wanted place or source, got both")
        if version is None:
            raise DatasetError(f"source {source}: wanted a version's name or id beside it")
        return Dataset(open_at(source, version, Path(cache) if cache else None, cache_bytes))
    if cache is not None:
        raise DatasetError("cache: it keeps images of a source, and none is given")
    repository = Repository(find_project(place).folder("vidset.dataset") / "datasets")
    if version is None:
        versions = repository.versions()
        if not versions:
            raise DatasetError(f"{repository.root}: there is no version yet")
        version = versions[-1]
    return Dataset(open_stored(repository, version))
