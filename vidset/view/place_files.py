"""The image and video files of a place, as far as a page may have them.

A ledger may come from people whom one does not know: what it names is read only below the place's
images, and a video only if it is one of the ledger's and a plain file or an object of a bucket.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import PurePosixPath

from vidset.labeling.events import image_id as id_of
from vidset.project import Project
from vidset.regular_files import has_link
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.storage.uris import is_uri, parse_uri


class ImageFiles:
    """The images of one place. Several threads may read."""

    def __init__(self, project: Project):
        self._root = project.below("images")
        self._store = open_store(self._root)
        self._folder = self._root if project.is_folder else None

    def read(self, image_id: str, uri: str) -> bytes:
        """Return an image's file.

        Raises:
            ValueError: it does not lie below the place's images, or a link leads elsewhere.
            FileNotFoundError: it is not there.
        """
        name = self._name(image_id, uri)
        if self._folder is not None and has_link(self._folder, name):
            raise ValueError(f"{uri}: wanted an image of this place, got a link")
        return self._store.read(name)

    def _name(self, image_id: str, uri: str) -> str:
        if uri.startswith(f"{self._root}/"):
            name = uri.removeprefix(f"{self._root}/")
        elif is_uri(uri):
            raise ValueError(f"{uri}: wanted an image below {self._root}")
        else:
            # The place has been moved: the id tells which segments are the image's name.
            segments = uri.split("/")
            names = ("/".join(segments[start:]) for start in range(1, len(segments)))
            name = next((each for each in names if id_of(each) == image_id), "..")
        if ".." in PurePosixPath(name).parts or name.startswith("/") or not name:
            raise ValueError(f"{uri}: wanted an image below {self._root}")
        return name


@dataclass(frozen=True, slots=True)
class Source:
    """A video's bytes, to play it.

    Attributes:
        store, name: where ranges of it are read.
    """

    store: ObjectStore
    name: str
    size_bytes: int

    def read(self, start: int, end: int) -> bytes:
        """Return the bytes [start, end), fewer where the video ends before."""
        return self.store.read_range(self.name, start, end)


def open_source(video_uri: str, size_bytes: int) -> Source | None:
    """Open a video as it was extracted; None if it is gone, or is not the same any more."""
    if is_uri(video_uri):
        parsed = parse_uri(video_uri)
        return Source(open_store(parsed.root), parsed.name, size_bytes)
    try:
        found = os.lstat(video_uri)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size != size_bytes:
        return None
    folder, name = os.path.split(video_uri)
    return Source(open_store(folder), name, size_bytes)
