"""A folder that recordings appear in. Polled: network shares notify nobody."""

import heapq
import os
import struct
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from vidset.upload.containers import is_closed
from vidset.upload.identity import Identity
from vidset.upload.listing import Listing
from vidset.upload.writers import is_written

# A recording that was never closed, as when a camera lost its power, is told of after so long.
_ABANDONED_SECONDS = 600.0


# So many recordings are taken at a time. A card may hold more than memory should.
_MOST_AT_ONCE = 1000
# What is known of a file, in as many bytes: its identity, since when it has had it, and these.
_SEEN = struct.Struct("qqqqdB")
_CLOSED, _TOLD, _LEFT = 1, 2, 4


class Watch:
    """Tells which recordings of a folder are complete.

    Args:
        tell: gets what a person should know, once: a path and a text.

    Attributes:
        has_more: more were complete than the last look has named.
    """

    def __init__(
        self,
        folder: Path,
        settle_seconds: float,
        tell: Callable[[Path, str], None],
        clock: Callable[[], float] = time.monotonic,
    ):
        self._folder, self._settle_seconds = folder, settle_seconds
        self._tell, self._clock = tell, clock
        self._seen: dict[str, bytes] = {}
        self._listing = Listing(tell)
        self._kinds_told: set[str] = set()
        self.has_more = False

    @property
    def passed_over(self) -> Counter[str]:
        """Returns how many files the last look did not take for videos, by their extension."""
        return self._listing.passed_over

    def quiet_seconds(self, path: Path) -> float:
        """Returns for how long this process has seen the recording unchanged."""
        return self._clock() - _SEEN.unpack(self._seen[str(path)])[4]

    def has(self, path: Path) -> bool:
        """Returns whether the last look found it."""
        return str(path) in self._seen

    def leave(self, path: Path) -> None:
        """Leave it alone for as long as it does not change."""
        *identity, since, flags = _SEEN.unpack(self._seen[str(path)])
        self._seen[str(path)] = _SEEN.pack(*identity, since, flags | _LEFT)

    def complete(
        self, is_wanted: Callable[[Path, Identity], bool] = lambda *_: True
    ) -> list[tuple[Path, Identity]]:
        """Returns closed files that this process has seen unchanged for long enough.

        Oldest first, and not all at once if they are many. A folder that cannot be read has none;
        its files count as new when it is back.

        Args:
            is_wanted: whether it is time to take this one.
        """
        self.passed_over.clear()
        oldest = heapq.nsmallest(_MOST_AT_ONCE, self._look(is_wanted))
        self.has_more = len(oldest) == _MOST_AT_ONCE
        self._tell_passed_over()
        return [(Path(path), _identity(self._seen[path])) for _, path in oldest]

    def _look(self, is_wanted: Callable[[Path, Identity], bool]) -> Iterator[tuple[int, str]]:
        """Yield the times and paths of complete ones; then forget the files that are gone."""
        before, self._seen = self._seen, {}
        time = self._clock()
        for path, status in self._listing.videos(self._folder):
            name, identity = str(path), Identity.of(status)
            seen = before.pop(name, None)
            if seen is None or _identity(seen) != identity:
                seen = _packed(identity, time, 0)
            self._seen[name] = seen
            _, _, _, _, since, flags = _SEEN.unpack(seen)
            if flags & _LEFT or time - since < self._settle_seconds or not identity.size_bytes:
                continue
            if not flags & _CLOSED:  # Asked once: to open each at each look is much for a share.
                flags |= self._closed(path, time - since, flags)
                self._seen[name] = _packed(identity, since, flags)
            if flags & _CLOSED and is_wanted(path, identity):
                yield identity.mtime_ns, name

    def _closed(self, path: Path, age: float, flags: int) -> int:
        """Returns what becomes known of a file when it is opened."""
        try:
            if is_closed(path) and not _is_open_elsewhere(path):
                return _CLOSED
        except OSError:
            return 0  # It has just gone.
        if age < _ABANDONED_SECONDS or flags & _TOLD:
            return 0
        self._tell(
            path,
            f"left alone: not closed, and unchanged for {age / 60:.0f} minutes; "
            "if nothing writes it any more, upload it by its name",
        )
        return _TOLD

    def _tell_passed_over(self) -> None:
        for kind in sorted(set(self.passed_over) - self._kinds_told):
            self._kinds_told.add(kind)
            number = self.passed_over[kind]
            self._tell(self._folder, f"passed over, not named like videos: {number} {kind}")


def _packed(identity: Identity, since: float, flags: int) -> bytes:
    numbers = identity.size_bytes, identity.mtime_ns, identity.inode, identity.ctime_ns
    return _SEEN.pack(*numbers, since, flags)


def _identity(seen: bytes) -> Identity:
    return Identity(*_SEEN.unpack(seen)[:4])


def _is_open_elsewhere(path: Path) -> bool:
    """Returns whether another program has it open for writing; a recorder may pause for long."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return bool(is_written(descriptor, path))
    finally:
        os.close(descriptor)
