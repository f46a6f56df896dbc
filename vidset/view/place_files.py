"""The video files of a place, as far as a page may have them.

A ledger may come from people whom one does not know: a video is read only if it is one of the
ledger's and a plain file or an object of a bucket.
"""

import os
import stat
from dataclasses import dataclass

from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.storage.uris import is_uri, parse_uri


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
