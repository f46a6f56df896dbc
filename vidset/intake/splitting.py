"""Long videos over several nodes: plan, decode in parts, take in, each of them a task."""

import os
import time
import uuid
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from math import inf

from vidset.elements import Upload
from vidset.engines.engine import Outcome as Ended
from vidset.intake.tasks import DecodePart, Join, PlanParts, Task
from vidset.spread.shared import Shared
from vidset.storage.open import open_store
from vidset.storage.store import DEFAULT_SCRATCH_BYTES
from vidset.storage.uris import is_uri

# A file of this size takes a core some ten seconds. Smaller ones are not worth the way.
MIN_BYTES = 64 << 20
_FOLDER = ".cache/parts/"
# What a killed run has left behind is cleared by a later one.
_OLD_SECONDS = 14 * 24 * 3600


class Splitting:
    """Turns an upload into tasks for several nodes.

    Args:
        place: what all nodes see, where parts wait.
    """

    def __init__(self, place: str):
        self._place = place
        self._folder = f"{_FOLDER}{int(time.time())}-{uuid.uuid4().hex}/"
        self._token, self._number = uuid.uuid4().hex, 0
        self._left: dict[str, int] = {}  # By folder: parts that are not decoded yet.
        self._free: dict[str, int] = {}  # By folder: how many nodes may take part.
        self.ready: deque[Task] = deque()
        self._clear_old()

    def begin(self, upload: Upload, free: int) -> Task | None:
        """Return the first task of an upload that several nodes shall decode; None: one shall.

        Args:
            free: how many have nothing else to do.
        """
        if free < 2 or upload.stream or not MIN_BYTES <= _size(upload) <= _most_bytes(upload):
            return None
        if is_uri(upload.uri) and upload.generation is None:
            return None
        self._number += 1
        folder = f"{self._folder}{self._number}/"
        self._free[folder] = free
        return PlanParts(upload, Shared(self._place, folder, self._token))

    def goes_on(self, ended: Ended) -> bool:
        """Make what follows a task ready, if it is one of ours. Returns whether it is."""
        task = ended.task
        if isinstance(task, PlanParts):
            self.ready.extend(self._planned(task, ended))
        elif isinstance(task, DecodePart):
            # Whoever takes the upload in decodes what is missing.
            self._left[task.shared.folder] -= 1
            if not self._left[task.shared.folder]:
                self.ready.append(Join(task.upload, task.shared))
        else:
            return False
        return True

    def _planned(self, task: PlanParts, ended: Ended) -> Sequence[Task]:
        if ended.error is not None:
            return [task.upload]  # What is wrong comes out when it is taken in.
        segments, upload = ended.result
        parts = min(segments, self._free[task.shared.folder])
        if parts < 2:
            return [task.upload]
        self._left[task.shared.folder] = parts
        return [DecodePart(upload, task.shared, part, parts) for part in range(parts)]

    def end(self) -> None:
        """Clear what waits: nobody takes it any more."""
        if self._number:
            Shared(self._place, self._folder, self._token).clear()

    def _clear_old(self) -> None:
        store = open_store(self._place)
        # Another run clears it, too; where nothing may be deleted, it stays.
        with suppress(FileNotFoundError, PermissionError):
            for old in store.list(_FOLDER):
                made_at = old.name.removeprefix(_FOLDER).partition("-")[0]
                if made_at.isdecimal() and time.time() - int(made_at) > _OLD_SECONDS:
                    store.delete(old.name)


def _most_bytes(upload: Upload) -> float:
    """Return how large a file may be: whoever judges the samples needs one of its own machine."""
    return DEFAULT_SCRATCH_BYTES if is_uri(upload.uri) else inf


def _size(upload: Upload) -> int:
    if is_uri(upload.uri):
        return upload.size_bytes or 0
    try:
        return os.path.getsize(upload.uri)
    except OSError:
        return 0
