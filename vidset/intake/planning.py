"""A long video's packets are listed while its content is hashed: both read all of the file."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from vidset.elements import Upload
from vidset.errors import BadInputError
from vidset.video.decoding import Video

# Smaller files are hashed and listed in a moment, and may have been done before.
_MIN_BYTES = 256 << 20


@contextmanager
def planned(upload: Upload, min_bytes: int = _MIN_BYTES) -> Iterator[Callable[[], Video | None]]:
    """Begin to open a large local video; what is yielded waits for it and returns it.

    It returns None where there is nothing to wait for: the video is no large file, it cannot be
    opened, or it has changed since. Whoever gets the video closes it.
    """
    stamp = _stamp(upload.uri)
    if stamp is None or stamp[0] < min_bytes:
        yield lambda: None
        return
    stop = threading.Event()
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(Video, upload.uri, upload.video_uri, stop=stop, stream=upload.stream)
        taken = False

        def take() -> Video | None:
            nonlocal taken
            try:
                video = future.result()
            except BadInputError:
                return None  # Whoever opens it next is told the same.
            taken = _stamp(upload.uri) == stamp
            return video if taken else None

        try:
            yield take
        finally:
            stop.set()
            if not taken:
                future.add_done_callback(lambda done: done.exception() or done.result().close())


def _stamp(uri: str) -> tuple[int, int] | None:
    """Size and time of a local file; None of what is none."""
    try:
        status = os.stat(uri)
    except (OSError, ValueError):
        return None
    return (status.st_size, status.st_mtime_ns) if os.path.isfile(uri) else None
