"""Dataset versions between a repository and another place: a folder, gs:// or s3://.

The place is laid out as a repository is. Images go first and version.json last, so that who reads
meanwhile sees whole versions only, and what was interrupted goes on where it was.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import PurePath
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import FaultsError
from vidset.datasets.exchange.layout import (
    checked,
    image_name,
    names_in,
    read_object_of,
    resolve_in,
)
from vidset.datasets.exchange.received import (
    measures_table,
    read_details,
    read_manifest,
)
from vidset.datasets.images.measures import measure
from vidset.datasets.rows import rows_with, rows_without
from vidset.datasets.schema.files import receive_schema
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.forgotten import read_forgotten
from vidset.datasets.versions.kept_measures import measured_images
from vidset.datasets.versions.lacking import lacking
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.names import check_name
from vidset.datasets.versions.repository import Repository
from vidset.regular_files import read_regular
from vidset.storage.store import ObjectStore
from vidset.threads import in_order

_TYPES = {"png": "image/png", "jpeg": "image/jpeg", "webp": "image/webp", "bmp": "image/bmp"}
_FILES = (
    "manifest.parquet",
    "measures.parquet",
    "version.json",
)  # In this order: the last commits.
_JSON, _PARQUET = "application/json", "application/vnd.apache.parquet"
_SCHEMA = "schema.json"
_AT_ONCE = 16
# Of a folder more threads wait for Python's lock and for each other, not for an answer.
_AT_ONCE_OF_FOLDER = 4

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The outcome of an exchange.

    Attributes:
        versions: their ids.
        images, size_bytes: what was transferred; what was there already is not counted.
        names: that stand for these versions now, on both sides.
        forgotten: versions of which images were removed here: they do not come back.
    """

    versions: tuple[str, ...]
    images: int
    size_bytes: int
    names: tuple[str, ...]
    forgotten: tuple[str, ...] = ()


def push(
    repository: Repository,
    place: ObjectStore,
    ids: Iterable[str],
    *,
    move_names: bool = False,
    progress: Progress = lambda _: None,
) -> Exchanged:
    """Bring versions to the place, with the names that stand for them.

    Raises:
        FaultsError: an image is not what its name says, a name stands for another version there, or
            images were removed from a version: its id is not its content's, nobody could pull it.
    """
    ids = tuple(ids)
    refuse_forgotten(repository, ids)
    names = {name: id_ for name, id_ in repository.names().items() if id_ in ids}
    there = names_in(place)
    if not move_names:
        _refuse_other("there", names, there)
    known = {item.name: item.size_bytes for item in place.list("images/")}
    images = size_bytes = 0
    there_already = pa.array([], pa.string())
    for id_ in ids:
        manifest = repository.manifest(id_)
        sizes = _sizes(repository.measures(id_, ["image_sha256", "size_bytes"]))

        def send(entry: Entry) -> int:
            data = checked(repository.read_image(entry), entry)
            # Whatever is there has another length: it is not this image.
            place.put(
                image_name(entry.image_sha256, entry.image_format), data, _TYPES[entry.image_format]
            )
            return len(data)

        # Versions have most of their images in common.
        table = rows_without(manifest.table, "image_sha256", there_already)
        wanted = [each for each, name in _names_of(table) if known.get(name) != sizes[each]]
        for length in in_order(send, _entries(table, wanted), _AT_ONCE):
            images, size_bytes = images + 1, size_bytes + length
            progress(images)
        there_already = pa.concat_arrays([there_already, *table["image_sha256"].chunks])
        for file in _FILES:
            data = read_regular(repository.root / "versions" / id_ / file)
            place.put_once(
                f"versions/{id_}/{file}", data, _JSON if file.endswith("json") else _PARQUET
            )
    schema = repository.root / _SCHEMA
    if schema.exists():
        place.put_once(_SCHEMA, read_regular(schema), _JSON)
    for name, id_ in names.items():
        if there.get(name) != id_:
            place.put(f"names/{name}", id_.encode(), "text/plain")
    return Exchanged(ids, images, size_bytes, tuple(names))


def pull(
    repository: Repository,
    place: ObjectStore,
    references: Iterable[str],
    *,
    move_names: bool = False,
    actor: str | None = None,
    progress: Progress = lambda _: None,
) -> Exchanged:
    """Bring versions from the place; none named: all.

    A version of which images were removed here stays as it is: its images would come back. The
    place's schema comes along where there is none here: one of these versions would freeze it.

    Manifests and images are checked by their hashes, and images are measured again here:
    vidset.datasets.exchange.received says what is believed.

    Args:
        actor: who gives the names here; None is the operating system's user.

    Raises:
        UnknownVersionError: the place has no such version.
        DatasetError: the place's schema is none.
        FaultsError: what came is not what its name says, or a name stands for another version here.
    """
    there = names_in(place)
    found = resolve_in(place, there, tuple(references))
    forgotten = tuple(id_ for id_ in found if _is_forgotten(repository, id_))
    ids = tuple(id_ for id_ in found if id_ not in forgotten)
    names = {name: id_ for name, id_ in there.items() if id_ in ids}
    for name in names:
        check_name(name)
    if not move_names:
        _refuse_other("here", names, repository.names())
    with suppress(FileNotFoundError):
        receive_schema(repository, place.read(_SCHEMA), place.uri(_SCHEMA))
    images = size_bytes = 0
    threads = _AT_ONCE if place.parallel_writes > 1 else _AT_ONCE_OF_FOLDER
    stored = pa.array([], pa.string())
    for id_ in ids:
        source = place.uri(f"versions/{id_}")
        manifest = read_manifest(
            read_object_of(place, f"versions/{id_}/manifest.parquet"), source, id_
        )
        details = read_details(
            read_object_of(place, f"versions/{id_}/version.json"), f"{source}/version.json", id_
        )
        hashes = manifest.table["image_sha256"]
        known = measured_images(repository.root / "versions", hashes)
        unknown = rows_without(manifest.table, "image_sha256", known)
        to_measure = frozenset(unknown["image_sha256"].to_pylist())
        # Versions have most of their images in common.
        others = rows_without(manifest.table, "image_sha256", stored)
        gone = lacking(str(repository.root), (name for _, name in _names_of(others)))
        wanted = [*to_measure, *(PurePath(name).stem for name in gone)]
        fetch = partial(_fetch, repository, place, to_measure)
        rows = []
        for row, length in in_order(fetch, _entries(manifest.table, wanted), threads):
            if row is not None:
                rows.append(row)
            if length is not None:
                images, size_bytes = images + 1, size_bytes + length
                progress(images)
        stored = pa.concat_arrays([stored, *others["image_sha256"].chunks])
        if not repository.has(id_):
            repository.write_version(manifest, measures_table(rows), details, known)
    for name, id_ in names.items():
        repository.name_version(name, id_, move=move_names, actor=actor)
    return Exchanged(ids, images, size_bytes, tuple(names), forgotten)


def _fetch(
    repository: Repository, place: ObjectStore, to_measure: Collection[str], entry: Entry
) -> tuple[dict[str, Any] | None, int | None]:
    """Return an image's measures unless they are known, and its size if it came from the place."""
    path = repository.image_path(entry.image_sha256, entry.image_format)
    is_here = path.exists()
    read = (
        repository.read_image(entry)
        if is_here
        else read_object_of(place, image_name(entry.image_sha256, entry.image_format))
    )
    data = checked(read, entry)
    row = asdict(measure(data, entry.image_uri)) if entry.image_sha256 in to_measure else None
    if not is_here:
        repository.put_image(data, entry.image_format, entry.image_sha256)
    return row, None if is_here else len(data)


def whole_versions(repository: Repository) -> list[str]:
    """Return the ids of the versions from which no image was removed: those that can be pushed."""
    return [each for each in repository.versions() if not _is_forgotten(repository, each)]


def _is_forgotten(repository: Repository, id_: str) -> bool:
    return read_forgotten(repository.root / "versions" / id_) is not None


def refuse_forgotten(repository: Repository, ids: Iterable[str]) -> None:
    """Refuse to push versions that are not what their ids say any more.

    Raises:
        FaultsError: images were removed from one; each is named.
    """
    faults = []
    for id_ in ids:
        if found := read_forgotten(repository.root / "versions" / id_):
            left = f"version {found.instead} has what is left" if found.instead else "none are left"
            faults.append(f"version {id_}: {found.images} images were removed from it; {left}")
    if faults:
        raise FaultsError("versions that vidset forget changed cannot be pushed", faults)


def _refuse_other(where: str, names: dict[str, str], others: dict[str, str]) -> None:
    faults = [
        f"{name}: {others[name]} {where}, wanted {id_}"
        for name, id_ in names.items()
        if others.get(name, id_) != id_
    ]
    if faults:
        raise FaultsError(f"names stand for other versions {where}; --move moves them", faults)


def _sizes(measures: pa.Table) -> dict[str, int]:
    columns = (measures[name].to_pylist() for name in ("image_sha256", "size_bytes"))
    return dict(zip(*columns, strict=True))


def _names_of(images: pa.Table) -> Iterator[tuple[str, str]]:
    """Yield the hash of each row's image, with where a repository has it."""
    columns = (images[name].to_pylist() for name in ("image_sha256", "image_format"))
    for sha256, image_format in zip(*columns, strict=True):
        yield sha256, image_name(sha256, image_format)


def _entries(images: pa.Table, hashes: Collection[str]) -> Iterator[Entry]:
    """Yield an entry for each of these images of a manifest: rows of one follow one another."""
    last = None
    for entry in Manifest(rows_with(images, "image_sha256", hashes)):
        if entry.image_sha256 != last:
            yield entry
        last = entry.image_sha256
