"""Leave word in the place where `label serve` is, so that tasks get the right urls."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from vidset.json_files import read_object
from vidset.place import Place
from vidset.storage.writing import write_atomically

_NAME = "serving.json"
_LONGEST_SECONDS = 60.0


@contextmanager
def left_word(place: Place, url: str) -> Iterator[None]:
    """Write down the url for as long as the block runs."""
    if place.folder is None:
        yield
        return
    file = Path(place.folder, _NAME)
    write_atomically(file, json.dumps({"url": url, "pid": os.getpid()}) + "\n")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def url_left(folder: str) -> str | None:
    """Return the url that a `label serve` has left in a place; None if none has."""
    try:
        url = read_object(Path(folder, _NAME), "where label serve is")["url"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return url if isinstance(url, str) else None


def answers(url: str) -> bool:
    """Return whether somebody listens at a url of this machine."""
    parts = urlsplit(url)
    try:
        address = (parts.hostname or "", parts.port or 80)
        socket.create_connection(address, _LONGEST_SECONDS).close()
    except (OSError, ValueError):
        return False
    return True
