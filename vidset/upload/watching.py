"""A folder that recordings appear in. Polled: network shares notify nobody."""

import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vidset.upload.containers import is_closed
from vidset.upload.identity import Identity
from vidset.upload.listing import Listing
from vidset.upload.writers import is_written

# A recording that was never closed, as when a camera lost its power, is told of after so long.
_ABANDONED_SECONDS = 600.0


@dataclass(slots=True)
class _Seen:
    identity: Identity
    since: float
    is_closed: bool = False
    is_told: bool = False


class Watch:
    """Tells which recordings of a folder are complete.

    Args:
        tell: gets what a person should know, once: a path and a text.
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
        self._seen: dict[Path, _Seen] = {}
        self._listing = Listing(tell)
        self._kinds_told: set[str] = set()

    @property
    def passed_over(self) -> Counter[str]:
        """How many files the last look did not take for videos, by their extension."""
        return self._listing.passed_over

    def quiet_seconds(self, path: Path) -> float:
        """For how long this process has seen the recording unchanged."""
        return self._clock() - self._seen[path].since

    def complete(self) -> list[tuple[Path, Identity]]:
        """Those that have not changed for long enough, as seen by this process, and are closed.

        Oldest first. A folder that cannot be read has none; its files count as new when it is back.
        """
        self.passed_over.clear()
        found = self._listing.videos(self._folder)
        now = {path: Identity.of(status) for path, status in found}
        self._tell_passed_over()
        time = self._clock()
        for path, identity in now.items():
            if path not in self._seen or self._seen[path].identity != identity:
                self._seen[path] = _Seen(identity, time)
        self._seen = {path: self._seen[path] for path in now}
        ready = [path for path, seen in self._seen.items() if self._is_complete(path, seen, time)]
        ready.sort(key=lambda path: (now[path].mtime_ns, path))
        return [(path, now[path]) for path in ready]

    def _is_complete(self, path: Path, seen: _Seen, time: float) -> bool:
        age = time - seen.since
        if age < self._settle_seconds or not seen.identity.size_bytes:
            return False
        if seen.is_closed:
            return True  # Asked once: to open each at each look is much for a share.
        try:
            seen.is_closed = is_closed(path) and not _is_open_elsewhere(path)
        except OSError:
            return False  # It has just gone.
        if seen.is_closed:
            return True
        if age >= _ABANDONED_SECONDS and not seen.is_told:
            seen.is_told = True
            self._tell(
                path,
                f"left alone: not closed, and unchanged for {age / 60:.0f} minutes; "
                "if nothing writes it any more, upload it by its name",
            )
        return False

    def _tell_passed_over(self) -> None:
        for kind in sorted(set(self.passed_over) - self._kinds_told):
            self._kinds_told.add(kind)
            number = self.passed_over[kind]
            self._tell(self._folder, f"passed over, not named like videos: {number} {kind}")


def _is_open_elsewhere(path: Path) -> bool:
    """Whether another program has it open for writing; a recorder may pause for long."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return bool(is_written(descriptor, path))
    finally:
        os.close(descriptor)
