"""Images of a source that were measured before, and whose files have not changed since."""

import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass

import pyarrow as pa

from vidset.datasets.curation.sources.source import Found
from vidset.datasets.images.measures import SCHEMA, Measures
from vidset.datasets.rows import rows_with
from vidset.datasets.versions.entry import FORMATS, is_hash
from vidset.datasets.versions.kept_measures import latest_measures
from vidset.datasets.versions.repository import Repository
from vidset.known_files import KnownFiles


@dataclass(frozen=True, slots=True)
class Seen:
    """The facts that a manifest has of an image's file."""

    image_sha256: str
    image_format: str
    width: int
    height: int

    @classmethod
    def of(cls, measures: Measures) -> "Seen":
        return cls(measures.image_sha256, measures.image_format, measures.width, measures.height)


class KnownImages:
    """The images that the latest versions have, by the files that they came from.

    Args:
        is_full: nothing is believed, each file is read.
    """

    def __init__(self, repository: Repository, parent: str | None, *, is_full: bool = False):
        name = ".cache/sources.parquet"
        self._files = KnownFiles(str(repository.root), name, is_full=is_full)
        versions, parents = repository.root / "versions", [parent] if parent else []
        self._table = SCHEMA.empty_table() if is_full else latest_measures(versions, parents)
        names = ("image_sha256", "image_format", "width", "height")
        rows = zip(*(self._table[each].to_pylist() for each in names), strict=True)
        self._seen = {row[0]: row for row in rows if is_hash(row[0])}
        self._images = str(repository.root / "images")

    def __contains__(self, image_sha256: str) -> bool:
        return image_sha256 in self._seen

    def find(self, found: Found) -> Seen | None:
        """Return what is known of an image without reading it; None: it is to be read."""
        digest = None if found.path is None else self._files.digest(found.path)
        if digest is None or digest not in self._seen:
            return None
        seen = Seen(*self._seen[digest])
        if found.size not in (None, (seen.width, seen.height)):
            return None  # Its labels may be of the image as it lies in its file.
        path = f"{self._images}/{digest[:2]}/{digest}{FORMATS[seen.image_format]}"
        return seen if os.path.exists(path) else None

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
