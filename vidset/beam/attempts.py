"""Counts how often each upload was begun, outside of the worker, which may not survive it.

Dataflow tries a failed element again for ever in a stream, and four times in a batch job, which
then fails as a whole. So it is up to us to give up an upload that ends its worker (memory, a full
disk, a bug).
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from vidset.elements import Upload, ledger_key
from vidset.engines.engine import TaskError, TaskLostError
from vidset.naming import printable
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

# With three, a batch job's four tries leave one in which the upload is given up.
LIMIT = 3


@dataclass(slots=True)
class Attempts:
    """The attempts at one upload. A marker holds them: an object that survives the worker.

    Attributes:
        begun: how many attempts were begun and did not end well.
        reason: what the last one of them failed with; None if its worker ended without a word.
    """

    _store: ObjectStore | None
    _name: str
    begun: int = 0
    reason: str | None = None

    def begin(self) -> None:
        """Count an attempt before it begins."""
        self._set(self.begun + 1, None)

    def fail(self, error: BaseException) -> None:
        """Keep what the attempt failed with."""
        if isinstance(error, TaskError | TaskLostError):  # Of a process that has named it.
            self._set(self.begun, error.reason)
            return
        text = str(error)
        self._set(self.begun, f"{type(error).__name__}: {text}" if text else type(error).__name__)

    def withdraw(self) -> None:
        """Take the attempt back: it failed for no fault of the upload's."""
        self._set(self.begun - 1, self.reason)

    def end(self) -> None:
        """Forget all attempts: the upload is done."""
        self._set(0, None)

    @property
    def verdict(self) -> str:
        """Returns why the upload is given up, for the ledger and the dead letter."""
        why = self.reason or "its worker ended each time (out of memory, or taken away)"
        return f"given up after {self.begun} attempts: {why}"

    def _set(self, begun: int, reason: str | None) -> None:
        self.begun, self.reason = begun, reason
        if self._store is not None:
            data = json.dumps({"begun": begun, "reason": reason}).encode()
            self._store.put(self._name, data, "application/json")


class AttemptCounter:
    """Opens the attempts at uploads.

    Args:
        place: folder or uri of the markers; None counts within an attempt alone, so that a worker's
            end is not noticed.
    """

    def __init__(self, place: str | None):
        self._store = None if place is None else open_store(place)

    def of(self, upload: Upload) -> Attempts:
        """Read the attempts at `upload` so far."""
        name = f"{ledger_key(printable(upload.uri), upload.generation or '')}.json"
        attempts = Attempts(self._store, name)
        if self._store is not None:
            try:
                marker = json.loads(self._store.read(name))
            except FileNotFoundError:
                return attempts
            attempts.begun, attempts.reason = marker["begun"], marker["reason"]
        return attempts


class Turns:
    """Work that is done side by side, and work that waits until nothing else is done."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work = 0
        self._alone = 0
        """The number of uploads that are alone or wait to be: nobody else begins meanwhile."""

    @contextmanager
    def turn(self, *, alone: bool) -> Iterator[None]:
        """Wait for the turn, and hold it within the block."""
        with self._changed:
            self._alone += alone
            self._changed.wait_for(lambda: not self._at_work if alone else not self._alone)
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._alone -= alone
                self._changed.notify_all()
