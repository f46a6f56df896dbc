"""Dataset versions in a git repository with DVC, for teams that keep their data so.

A version is a folder that DVC tracks, and a git tag. The folder holds the images by split and
label, and the version's manifest, so that it comes back as the version that it was.
"""

import json
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from vidset.datasets.curation.create import Wanted, create
from vidset.datasets.curation.sources.folders import FolderSource
from vidset.datasets.errors import DatasetError, FaultsError
from vidset.datasets.exchange.dvc_folder import ChangedFolder, hash_of
from vidset.datasets.exchange.received import check_details, check_rows, measures_table
from vidset.datasets.exchange.transfer import refuse_forgotten
from vidset.datasets.images.measures import measure
from vidset.datasets.versions.checkout import file_name, segment, write_images
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.forgotten import read_forgotten
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository
from vidset.formats.new_folder import new_folder
from vidset.json_files import read_json
from vidset.regular_files import read_regular

_MARKER, _MANIFEST = "dataset.json", "manifest.parquet"
_TOLD = 2_000  # Characters of what a tool says.


@dataclass(frozen=True, slots=True)
class Exported:
    """`commit` is the one that the tag is on."""

    version: str
    folder: str
    tag: str
    commit: str
    images: int


@dataclass(frozen=True, slots=True)
class Imported:
    """`is_as_it_was`: nothing was changed since it was exported, so it is the same version."""

    version: str
    images: int
    is_as_it_was: bool


def to_dvc(
    repository: Repository,
    reference: str,
    folder: Path,
    tag: str,
    *,
    is_pushed: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Exported:
    """Write a version into a folder that DVC tracks, commit that and tag it.

    Only the folder's .dvc file and the .gitignore beside it are committed, whatever else is staged.

    Raises:
        DatasetError: the folder is in no git repository with DVC, something else is there, the tag
            is there, or a tool fails: with what it said.
        FaultsError: images were removed from the version.
    """
    id_, folder = repository.resolve(reference), folder.absolute()
    refuse_forgotten(repository, [id_])
    _check_tag(tag)
    folder.parent.mkdir(parents=True, exist_ok=True)
    _run(["git", "rev-parse", "--show-toplevel"], folder.parent)
    _run(["dvc", "root"], folder.parent)
    if _run(["git", "tag", "--list", tag], folder.parent):
        raise DatasetError(f"git has a tag {tag} already: wanted a new one")
    images, details = repository.manifest(id_), repository.details(id_)
    with new_folder(str(folder), _MARKER, overwrite=True) as unfinished:
        write_images(
            repository, _placed(images), unfinished, link=False, upright=False, progress=progress
        )
        (unfinished / _MANIFEST).write_bytes(images.to_parquet())
        text = json.dumps({"version": id_, "details": details}, indent=1, sort_keys=True)
        (unfinished / _MARKER).write_text(text + "\n")
    _run(["dvc", "add", folder.name], folder.parent)
    paths = [f"{folder.name}.dvc", ".gitignore"]
    _run(["git", "add", "--", *paths], folder.parent)
    if _run(["git", "status", "--porcelain", "--", *paths], folder.parent):
        message = f"{folder.name}: dataset version {id_}"
        _run(["git", "commit", "--quiet", "-m", message, "--", *paths], folder.parent)
    _run(["git", "tag", "--annotate", tag, "-m", f"dataset version {id_}"], folder.parent)
    if is_pushed:
        _run(["dvc", "push", f"{folder.name}.dvc"], folder.parent)
    commit = _run(["git", "rev-parse", "HEAD"], folder.parent)
    return Exported(id_, str(folder), tag, commit, len(images))


def from_dvc(
    repository: Repository,
    git_repository: str,
    path: str,
    revision: str | None,
    wanted: Wanted | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Imported:
    """Bring a folder that DVC tracks back as a version.

    A folder that `to_dvc` wrote and nobody changed is the version that it was. Of any other a new
    version is cut: from one that was changed as `ChangedFolder` says, else by folders by label.

    Args:
        git_repository: a folder or url.
        revision: a tag, branch or commit; None: what is checked out.
        wanted: how to cut a new version.

    Raises:
        DatasetError: DVC cannot get it: with what it said.
        FaultsError: the images and labels make no version, or it is one from which images were
            removed here.
    """
    for name, value in ("repository", git_repository), ("path", path), ("revision", revision):
        if value is not None and (not value or value.startswith("-")):
            raise DatasetError(f"wanted a {name}, got {value!r}")
    if Path(git_repository).exists():  # DVC works in a folder of its own.
        git_repository = str(Path(git_repository).absolute())
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "folder"
        at = ["--rev", revision] if revision is not None else []
        command = ["dvc", "get", *at, "--out", str(folder), git_repository, path]
        _run(command, Path(scratch))
        images = _exported(folder)
        if images is not None:
            _refuse_forgotten_here(repository, images.id)
        if images is None or not _is_unchanged(folder, images):
            source = FolderSource(folder) if images is None else ChangedFolder(folder, images)
            made = create(repository, source, wanted or Wanted(), progress)
            return Imported(made.id, len(made.images), is_as_it_was=False)
        _restore(repository, images, folder, progress)
    return Imported(images.id, len(images), is_as_it_was=True)


def _refuse_forgotten_here(repository: Repository, id_: str) -> None:
    """Refuse what would bring images back that were removed from this repository.

    Raises:
        FaultsError: the version has a tombstone here.
    """
    if found := read_forgotten(repository.root / "versions" / id_):
        raise FaultsError(
            "a version that vidset forget changed here does not come back",
            [f"version {id_}: {found.images} images were removed from it"],
        )


def _placed(images: Manifest) -> Iterator[tuple[Entry, str]]:
    """`<split>/<label>/<name>`, and where an image has objects only, `<split>/<name>`."""
    for entry in images:
        parts = [entry.split] if entry.label is None else [entry.split, entry.label]
        yield entry, "/".join([*map(segment, parts), file_name(entry)])


def _exported(folder: Path) -> Manifest | None:
    """Returns what the folder held when `to_dvc` wrote it; None if it did not.

    Raises:
        DatasetError: its manifest is none.
    """
    if not (folder / _MANIFEST).is_file() or not (folder / _MARKER).is_file():
        return None
    try:
        manifest = Manifest.from_parquet(read_regular(folder / _MANIFEST))
    except (ValueError, pa.ArrowException) as error:
        raise DatasetError(f"{_MANIFEST}: cannot be read: {error}") from None
    check_rows(manifest, _MANIFEST)
    return manifest


def _is_unchanged(folder: Path, images: Manifest) -> bool:
    """Returns whether the same files are there, with the same bytes."""
    wanted = {path: entry.image_sha256 for entry, path in _placed(images)}
    found = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}
    if found != {*wanted, _MANIFEST, _MARKER}:
        return False
    return all(hash_of(folder / path) == sha256 for path, sha256 in wanted.items())


def _restore(
    repository: Repository, images: Manifest, folder: Path, progress: Callable[[int], None]
) -> None:
    measured: dict[str, dict[str, Any]] = {}
    for number, (entry, path) in enumerate(_placed(images), 1):
        data = read_regular(folder / path)
        repository.put_image(data, entry.image_format)
        measured[entry.image_sha256] = asdict(measure(data, entry.image_uri))
        progress(number)
    table = measures_table(measured.values())
    marker = read_json(folder / _MARKER, "the details of a version", DatasetError)
    details = marker.get("details") if isinstance(marker, dict) else None
    if not isinstance(details, dict):
        raise DatasetError(f"{_MARKER}: wanted an object with details, got another")
    check_details(details, _MARKER, images.id)
    came = {"created_at": datetime.now(UTC).isoformat(timespec="milliseconds")}
    repository.write_version(images, table, came | details)


def _check_tag(tag: str) -> None:
    checked = subprocess.run(
        ["git", "check-ref-format", f"refs/tags/{tag}"], capture_output=True, check=False
    )
    if tag.startswith("-") or checked.returncode:
        raise DatasetError(f"wanted the name of a git tag, got {tag!r}")


def _run(command: Sequence[str], folder: Path) -> str:
    """Runs a tool in a folder, and returns what it prints."""
    try:
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        install = {"git": "https://git-scm.com", "dvc": "pip install dvc"}[command[0]]
        raise DatasetError(f"{command[0]} is not installed: {install}") from None
    if ended.returncode:
        said = (ended.stderr or ended.stdout).strip()[-_TOLD:]
        raise DatasetError(f"{' '.join(command[:2])} in {folder} failed: {said}")
    return ended.stdout.strip()
