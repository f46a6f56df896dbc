"""When a watched recording is looked at again."""

import time
from collections.abc import Callable
from pathlib import Path

from vidset.upload.identity import Identity

# A recording that failed is tried again after so long, then twice as long.
_FIRST_RETRY_SECONDS = 30.0
_LONGEST_RETRY_SECONDS = 900.0


class Later:
    """Recordings that were set aside: with ever longer pauses."""

    def __init__(self) -> None:
        self._due: dict[Path, tuple[Identity, float, float]] = {}

    def add(self, path: Path, identity: Identity) -> None:
        """Try it again later: it failed, or has to be kept for now."""
        known, pause, _ = self._due.get(path, (None, 0.0, 0.0))
        pause = min(_LONGEST_RETRY_SECONDS, 2 * pause) if known == identity else 0.0
        pause = pause or _FIRST_RETRY_SECONDS
        self._due[path] = identity, pause, time.monotonic() + pause

    def is_due(self, path: Path, identity: Identity) -> bool:
        """Whether it is time to look at it: also if it has changed since."""
        known, _, due = self._due.get(path, (None, 0.0, 0.0))
        return known != identity or time.monotonic() >= due

    def forget_others(self, is_there: Callable[[Path], bool]) -> None:
        """Forget the files that are gone."""
        self._due = {path: due for path, due in self._due.items() if is_there(path)}
