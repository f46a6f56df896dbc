"""A version to read: from the repository of this machine, or straight from where it was pushed."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from vidset.datasets.errors import FaultsError
from vidset.datasets.exchange.layout import (
    checked,
    image_name,
    names_in,
    read_object_of,
    resolve_in,
)
from vidset.datasets.exchange.received import read_details, read_manifest
from vidset.datasets.exchange.remotes import open_remote
from vidset.datasets.reading.cache import BoundedCache
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.manifest import Manifest
from vidset.datasets.versions.repository import Repository

CACHE_BYTES = 10 << 30


class Images(Protocol):
    """Gives the files of images. It can be pickled, for the workers of a data loader."""

    def read_image(self, entry: Entry) -> bytes:
        """Return an image's file as it is stored."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Stored:
    """A version and where its images are.

    Attributes:
        details: what version.json says.
    """

    manifest: Manifest
    details: Mapping[str, Any]
    images: Images


def open_stored(repository: Repository, reference: str) -> Stored:
    """Open a version of this machine.

    Raises:
        DatasetError: there is none, or it is damaged.
    """
    return Stored(repository.manifest(reference), repository.details(reference), repository)


def open_at(
    url: str, reference: str, cache: Path | None = None, cache_bytes: int = CACHE_BYTES
) -> Stored:
    """Open a version where `vidset dataset push` brought it. Images come when they are read.

    Args:
        url: a folder, gs:// or s3://.
        cache: a folder that keeps images, for the next epoch; None keeps none.
        cache_bytes: how large it may become.

    Raises:
        UnknownVersionError: there is no such version, or more than one.
        DatasetError: it is damaged, or the place cannot be opened.
    """
    store = open_remote(url, "source", is_made=False).store
    [id_] = resolve_in(store, names_in(store), (reference,))
    source = store.uri(f"versions/{id_}")
    data = read_object_of(store, f"versions/{id_}/manifest.parquet")
    details = read_object_of(store, f"versions/{id_}/version.json")
    return Stored(
        read_manifest(data, source, id_),
        read_details(details, f"{source}/version.json", id_),
        _Remote(url, None if cache is None else BoundedCache(cache, cache_bytes)),
    )


class _Remote:
    """Images of a place by their hashes, which are checked when they come."""

    def __init__(self, url: str, cache: BoundedCache | None):
        self._url, self._cache = url, cache
        self._store: Any = None

    def read_image(self, entry: Entry) -> bytes:
        name = image_name(entry.image_sha256, entry.image_format)
        if self._cache is None:
            return self._fetch(name, entry)
        kept = Path(name).name
        try:
            return checked(self._cache.get(kept, lambda: self._fetch(name, entry)), entry)
        except FaultsError:  # A disk may have damaged what was kept.
            self._cache.forget(kept)
            return self._fetch(name, entry)

    def _fetch(self, name: str, entry: Entry) -> bytes:
        if self._store is None:
            self._store = open_remote(self._url, "source", is_made=False).store
        return checked(read_object_of(self._store, name), entry)

    def __getstate__(self) -> dict[str, Any]:
        """Clients of stores are opened anew in each process."""
        return {**self.__dict__, "_store": None}
