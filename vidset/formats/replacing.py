"""Files that are whole, or not there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO


@contextmanager
def replaced_at_once(place: Path) -> Iterator[IO[str]]:
    """A file to write, which takes its place when it is done; after an error nothing is left."""
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            yield file
        os.replace(unfinished, place)
    finally:
        unfinished.unlink(missing_ok=True)
