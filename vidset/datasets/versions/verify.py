"""Checks that a repository holds what its versions say, byte for byte."""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import pyarrow as pa

from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.entry import FORMATS, is_hash
from vidset.datasets.versions.forgotten import is_what_is_left
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.regular_files import open_regular, read_regular

_AT_ONCE = 8
_BATCH = 1000


@dataclass(slots=True)
class Verified:
    """The findings of a check.

    Attributes:
        versions, images: how many were read.
        damage: a line for each version, image or name that is not as it should be.
        strays: files of no version: of a run that was stopped or refused. They do no harm.
    """

    versions: int = 0
    images: int = 0
    damage: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)


def verify(
    repository: Repository,
    references: Sequence[str] = (),
    progress: Callable[[int], None] = lambda _: None,
) -> Verified:
    """Read manifests, measures and images again.

    Args:
        references: versions; none: all, and what belongs to none of them.

    Raises:
        UnknownVersionError: there is none such.
    """
    found = Verified()
    wanted = [repository.resolve(each) for each in references] or _all_versions(repository)
    images: dict[Path, tuple[str, str]] = {}
    for id_ in dict.fromkeys(wanted):
        found.versions += 1
        images |= _images_of(repository, id_, found)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = iter(images.items())
        while batch := list(islice(waiting, _BATCH)):
            found.damage += filter(None, pool.map(_damage, batch))
            found.images += len(batch)
            progress(found.images)
    if not references:
        _check_names(repository, found)
        found.strays = sorted({*found.strays, *_strays(repository, images)})
    return found


def _all_versions(repository: Repository) -> list[str]:
    """Lists versions by their folders: one that lacks a file is damaged, not absent."""
    return [folder.name for folder in sorted(repository.root.glob("versions/*/"))]


def _images_of(repository: Repository, id_: str, found: Verified) -> dict[Path, tuple[str, str]]:
    """Returns where a version's images must be, each with its hash and uri."""
    folder = repository.root / "versions" / id_
    if not (folder / "version.json").exists():
        # A run was stopped before it: the version is not there yet.
        found.versions -= 1
        found.strays += [str(path) for path in sorted(folder.iterdir())]
        return {}
    try:
        manifest = Manifest.from_parquet(read_regular(folder / "manifest.parquet"))
    except (OSError, ValueError, pa.ArrowException) as error:
        found.damage.append(f"version {id_}: its manifest cannot be read: {error}")
        return {}
    if manifest.id != id_ and not is_what_is_left(folder, manifest.id):
        found.damage.append(
            f"version {id_}: its manifest was changed, its content has the id {manifest.id}"
        )
    try:
        repository.details(id_)
    except DatasetError as error:
        found.damage.append(str(error))
    columns = ("image_sha256", "image_format", "image_uri")
    rows = list(zip(*(manifest.table[name].to_pylist() for name in columns), strict=True))
    if lies := sum(not is_hash(sha256) for sha256, _, _ in rows):
        found.damage.append(f"version {id_}: {lies} of its images have no SHA-256")
    _check_measures(repository, id_, {row[0] for row in rows}, found)
    return {
        repository.image_path(sha256, image_format): (sha256, uri)
        for sha256, image_format, uri in rows
        if image_format in FORMATS and is_hash(sha256)
    }


def _check_measures(repository: Repository, id_: str, hashes: set[str], found: Verified) -> None:
    try:
        measured = set(repository.measures(id_)["image_sha256"].to_pylist())
    except DatasetError as error:
        found.damage.append(str(error))
        return
    if missing := len(hashes - measured):
        found.damage.append(f"version {id_}: {missing} of its images have no measures")


def _damage(image: tuple[Path, tuple[str, str]]) -> str | None:
    path, (sha256, uri) = image
    try:
        with open_regular(path) as file:
            got = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        return f"{path}: image {uri} cannot be read: {error.strerror}"
    return None if got == sha256 else f"{path}: image {uri} was changed"


def _check_names(repository: Repository, found: Verified) -> None:
    for name, id_ in repository.names().items():
        if not (repository.root / "versions" / id_ / "version.json").exists():
            found.damage.append(f"name {name}: there is no version {id_}")


def _strays(repository: Repository, images: dict[Path, tuple[str, str]]) -> list[str]:
    there = (path for path in repository.root.glob("images/*/*") if path not in images)
    unfinished = (
        path for each in ("versions/*/.*", "names/.*") for path in repository.root.glob(each)
    )
    return [str(path) for path in (*there, *unfinished)]
