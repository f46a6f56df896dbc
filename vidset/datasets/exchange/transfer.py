"""Dataset versions between a repository and another place: a folder, gs:// or s3://.

The place is laid out as a repository is. Images go first and version.json last, so that who reads
meanwhile sees whole versions only, and what was interrupted goes on where it was.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import pyarrow as pa

from vidset.datasets.errors import DatasetError, FaultsError, UnknownVersionError
from vidset.datasets.exchange.received import (
    known_measures,
    measures_table,
    read_details,
    read_manifest,
)
from vidset.datasets.images.measures import measure
from vidset.datasets.versions.entry import FORMATS, Entry
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
_AT_ONCE = 16

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Exchanged:
    """The outcome of an exchange.

    Attributes:
        versions: their ids.
        images, size_bytes: what was transferred; what was there already is not counted.
        names: that stand for these versions now, on both sides.
    """

    versions: tuple[str, ...]
    images: int
    size_bytes: int
    names: tuple[str, ...]


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
        FaultsError: an image is not what its name says, or a name stands for another version there.
    """
    ids = tuple(ids)
    names = {name: id_ for name, id_ in repository.names().items() if id_ in ids}
    there = _names_in(place)
    if not move_names:
        _refuse_other("there", names, there)
    known = {item.name: item.size_bytes for item in place.list("images/")}
    images = size_bytes = 0
    for id_ in ids:
        manifest, sizes = repository.manifest(id_), _sizes(repository.measures(id_))

        def send(entry: Entry) -> int:
            data = _checked(repository.read_image(entry), entry)
            # Whatever is there has another length: it is not this image.
            place.put(_name(entry), data, _TYPES[entry.image_format])
            return len(data)

        wanted = (
            entry
            for entry in _once(manifest)
            if known.get(_name(entry)) != sizes[entry.image_sha256]
        )
        for length in in_order(send, wanted, _AT_ONCE):
            images, size_bytes = images + 1, size_bytes + length
            progress(images)
        known |= {_name(entry): sizes[entry.image_sha256] for entry in _once(manifest)}
        for file in _FILES:
            data = read_regular(repository.root / "versions" / id_ / file)
            place.put_once(
                f"versions/{id_}/{file}", data, _JSON if file.endswith("json") else _PARQUET
            )
    schema = repository.root / "schema.json"
    if schema.exists():
        place.put_once("schema.json", read_regular(schema), _JSON)
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

    Manifests and images are checked by their hashes, and images are measured again here:
    vidset.datasets.exchange.received says what is believed.

    Args:
        actor: who gives the names here; None is the operating system's user.

    Raises:
        UnknownVersionError: the place has no such version.
        FaultsError: what came is not what its name says, or a name stands for another version here.
    """
    there = _names_in(place)
    ids = _resolved(place, there, tuple(references))
    names = {name: id_ for name, id_ in there.items() if id_ in ids}
    for name in names:
        check_name(name)
    if not move_names:
        _refuse_other("here", names, repository.names())
    images = size_bytes = 0
    for id_ in ids:
        source = place.uri(f"versions/{id_}")
        manifest = read_manifest(_read(place, f"versions/{id_}/manifest.parquet"), source, id_)
        details = read_details(
            _read(place, f"versions/{id_}/version.json"), f"{source}/version.json", id_
        )
        measured = known_measures(repository, manifest)
        fetch = partial(_fetch, repository, place, frozenset(measured))
        wanted = (
            entry
            for entry in _once(manifest)
            if entry.image_sha256 not in measured
            or not repository.image_path(entry.image_sha256, entry.image_format).exists()
        )
        for row, length in in_order(fetch, wanted, _AT_ONCE):
            if row is not None:
                measured[row["image_sha256"]] = row
            if length is not None:
                images, size_bytes = images + 1, size_bytes + length
                progress(images)
        repository.write_version(manifest, measures_table(measured), details)
    for name, id_ in names.items():
        repository.name_version(name, id_, move=move_names, actor=actor)
    return Exchanged(ids, images, size_bytes, tuple(names))


def _fetch(
    repository: Repository, place: ObjectStore, measured: frozenset[str], entry: Entry
) -> tuple[dict[str, Any] | None, int | None]:
    """Return an image's measures unless they are known, and its size if it came from the place."""
    path = repository.image_path(entry.image_sha256, entry.image_format)
    is_here = path.exists()
    read = repository.read_image(entry) if is_here else _read(place, _name(entry))
    data = _checked(read, entry)
    is_measured = entry.image_sha256 in measured
    row = None if is_measured else asdict(measure(data, entry.image_uri))
    if not is_here:
        repository.put_image(data, entry.image_format)
    return row, None if is_here else len(data)


def _names_in(place: ObjectStore) -> dict[str, str]:
    found = [item.name for item in place.list("names/")]
    return {name.removeprefix("names/"): place.read(name).decode().strip() for name in found}


def _refuse_other(where: str, names: dict[str, str], others: dict[str, str]) -> None:
    faults = [
        f"{name}: {others[name]} {where}, wanted {id_}"
        for name, id_ in names.items()
        if others.get(name, id_) != id_
    ]
    if faults:
        raise FaultsError(f"names stand for other versions {where}; --move moves them", faults)


def _resolved(
    place: ObjectStore, names: dict[str, str], references: tuple[str, ...]
) -> tuple[str, ...]:
    ids = sorted(
        item.name.split("/")[1]
        for item in place.list("versions/")
        if item.name.endswith("/version.json")
    )
    if not references:
        return tuple(ids)
    found = []
    for reference in references:
        wanted = names.get(reference, reference)
        matching = [id_ for id_ in ids if len(wanted) >= 6 and id_.startswith(wanted)]
        if len(matching) != 1:
            what = "more than one" if matching else "no"
            known = ", ".join([*names, *ids][:10]) or "none"
            raise UnknownVersionError(
                f"{place.uri('')} has {what} version {reference!r}; it has: {known}"
            )
        found += matching
    return tuple(dict.fromkeys(found))


def _sizes(measures: pa.Table) -> dict[str, int]:
    columns = (measures[name].to_pylist() for name in ("image_sha256", "size_bytes"))
    return dict(zip(*columns, strict=True))


def _once(manifest: Manifest) -> Iterator[Entry]:
    """Each image once: rows of the same image follow one another."""
    last = None
    for entry in manifest:
        if entry.image_sha256 != last:
            yield entry
        last = entry.image_sha256


def _name(entry: Entry) -> str:
    digest = entry.image_sha256
    return f"images/{digest[:2]}/{digest}{FORMATS[entry.image_format]}"


def _checked(data: bytes, entry: Entry) -> bytes:
    digest = hashlib.sha256(data).hexdigest()
    if digest != entry.image_sha256:
        raise FaultsError(
            "an image is not what its name says",
            [f"{entry.image_uri}: wanted the SHA-256 {entry.image_sha256}, got {digest}"],
        )
    return data


def _read(place: ObjectStore, name: str) -> bytes:
    try:
        return place.read(name)
    except FileNotFoundError:
        raise DatasetError(f"{place.uri(name)}: is not there") from None
