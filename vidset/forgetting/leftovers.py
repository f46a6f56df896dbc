"""Forgets what commands that were killed have left half written: it may be of the videos.

Nothing in such a file says what it would have become, so that all of them go.
"""

import os
import time
from collections.abc import Iterator
from contextlib import suppress

from vidset.forgetting.step import Work, counted
from vidset.storage.folder import PARTIAL, is_abandoned

# Whoever writes such a file holds no lock on it: a command that lives has renamed it long before.
_OLD_SECONDS = 3600.0
_ENDING = ".unfinished"


def forget_leftovers(work: Work) -> dict[str, int]:
    """Delete half-written files of a place in a folder, but for those of living commands."""
    number = 0
    if work.records.project.is_folder:
        before = time.time() - _OLD_SECONDS
        for path in _leftovers(work.place, before):
            number += 1
            if not work.is_dry:
                with suppress(FileNotFoundError):
                    os.unlink(path)
    return counted(half_written_files=number)


def _leftovers(folder: str, before: float) -> Iterator[str]:
    """Yield files that a store has not renamed and does not write, and others from `before`."""
    is_store = os.path.basename(folder) == PARTIAL
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _leftovers(entry.path, before)
            elif not entry.is_file(follow_symlinks=False):
                continue
            elif is_store:
                if is_abandoned(entry.path):
                    yield entry.path
            elif entry.name.startswith(".") and entry.name.endswith(_ENDING):
                with suppress(FileNotFoundError):
                    if entry.stat(follow_symlinks=False).st_mtime < before:
                        yield entry.path
