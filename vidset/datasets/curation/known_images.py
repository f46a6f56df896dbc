"""Images of a source that were measured before, and whose files have not changed since."""

import os
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

import pyarrow as pa

from vidset.datasets.curation.sources.source import Found
from vidset.datasets.rows import rows_with
from vidset.datasets.versions.entry import FORMATS, is_hash
from vidset.datasets.versions.kept_measures import latest_measures
from vidset.datasets.versions.repository import Repository
from vidset.known_files import KnownFiles


class Seen(NamedTuple):  # There are as many as images: a dataclass takes four times as long.
    """The facts that a manifest has of an image's file."""

    image_sha256: str
    image_format: str
    width: int
    height: int


class KnownImages:
    """The images that the latest versions have, by the files that they came from.

    Args:
        is_full: no file is believed to be as it was, each is read.
    """

    def __init__(self, repository: Repository, parent: str | None, *, is_full: bool = False):
        name = ".cache/sources.parquet"
        self._files = KnownFiles(str(repository.root), name, is_full=is_full)
        versions, parents = repository.root / "versions", [parent] if parent else []
        self._table = latest_measures(versions, parents)
        columns = (self._table[name].to_pylist() for name in Seen._fields)
        seen = (each for each in map(Seen, *columns) if is_hash(each.image_sha256))
        self._seen = {each.image_sha256: each for each in seen}
        self._images = str(repository.root / "images")

    def __contains__(self, image_sha256: str) -> bool:
        return image_sha256 in self._seen

    def find(self, found: Found) -> Seen | None:
        """Return what is known of an image without reading it; None: it is to be read."""
        digest = None if found.path is None else self._files.digest(found.path)
        seen = None if digest is None else self.recognize(found, digest)
        if seen is None:
            return None
        name = f"{seen.image_sha256}{FORMATS[seen.image_format]}"
        path = f"{self._images}/{seen.image_sha256[:2]}/{name}"
        return seen if os.path.exists(path) else None

    def recognize(self, found: Found, image_sha256: str) -> Seen | None:
        """Return what is known of an image with these bytes; None: it is to be measured."""
        seen = self._seen.get(image_sha256)
        if seen is None or found.size in (None, (seen.width, seen.height)):
            return seen
        return None  # Its labels may be of the image as it lies in its file.

    def learn(self, found: Found, image_sha256: str) -> None:
        """Remember what is in the file of an image that was read."""
        if found.path is not None:
            self._files.learn(found.path, image_sha256)

    def measures(self, hashes: Collection[str]) -> pa.Table:
        """Return the measures of those of these images that are known."""
        return rows_with(self._table, "image_sha256", hashes)

    def save(self) -> None:
        with suppress(OSError):  # The next run reads the files again.
            self._files.save()
