"""Which recordings in a folder are complete, while others are still being written."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from dataflow.containers import VideoFile
from dataflow.elements import Upload
from dataflow.errors import UndecodableVideoError
from dataflow.listing import list_uploads
from dataflow.naming import printable

# Since the last write, of a closed container; of another one, which may never be closed.
SETTLED_SECONDS = 5.0
ABANDONED_SECONDS = 60.0


@dataclass(slots=True)
class _Seen:
    """A file in one state. `since` is when it was first met in it."""

    stamp: tuple[int, int, int]
    since: float
    was_given: bool = False
    is_closed: bool | None = None


class CompleteFiles:
    """The recordings below a folder, each once in each state.

    A file is complete when it has not changed for some seconds and its container is closed: it
    opens, and nothing that its header or index promises is missing. One that stays as it is for a
    minute counts as well: what is wrong with it does not change any more.
    """

    def __init__(self, folder: str, collector_id: str | None = None):
        self._folder, self._collector_id = folder, collector_id
        self._seen: dict[str, _Seen] = {}

    def new(self) -> Iterator[Upload]:
        """What has become complete since the last call."""
        there = set()
        with suppress(FileNotFoundError):  # It went away while it was listed: next time.
            for upload in list_uploads(self._folder, self._collector_id):
                there.add(upload.uri)
                if self._is_new(upload.uri):
                    yield upload
        self._seen = {uri: seen for uri, seen in self._seen.items() if uri in there}

    def again(self, upload: Upload) -> None:
        """Give it once more, in the state in which it is."""
        self._seen.pop(upload.uri, None)

    def _is_new(self, path: str) -> bool:
        status, now = os.stat(path), time.monotonic()
        stamp = (status.st_size, status.st_mtime_ns, status.st_ino)
        seen = self._seen.get(path)
        if seen is None or seen.stamp != stamp:
            self._seen[path] = seen = _Seen(stamp, now)
        if seen.was_given:
            return False
        quiet_seconds = max(now - seen.since, time.time() - status.st_mtime)
        if quiet_seconds < SETTLED_SECONDS:
            return False
        if quiet_seconds < ABANDONED_SECONDS:
            if seen.is_closed is None:
                seen.is_closed = is_closed(path)
            if not seen.is_closed:
                return False
        seen.was_given = True
        return True


def is_closed(path: str) -> bool:
    """Whether the video is there to the end that its header or index promises."""
    try:
        video = VideoFile(path, printable(path))
    except UndecodableVideoError:
        return False
    video.close()
    return video.damage is None
