"""What the extractions running in this process have done so far, for a live display.

Process-wide on purpose: a runner makes its own copies of every transform, and only module state is
common to them. The totals of a run come from Beam's metrics and the ledgers, never from here.
"""

import threading
from dataclasses import dataclass, field

_MAX_NOTES = 1000


@dataclass(slots=True)
class Progress:
    """Counts; safe to read and write from several threads."""

    videos_found: int = 0
    videos_done: int = 0
    videos_skipped: int = 0
    samples: int = 0
    kept: int = 0
    video_seconds: float = 0.0
    notes: dict[str, str] = field(default_factory=dict)
    """By uri: why a video failed, or is there in part only. The first thousand."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def note(self, uri: str, what: str) -> None:
        with self._lock:
            if len(self.notes) < _MAX_NOTES:
                self.notes[uri] = what

    def forget(self, uri: str) -> None:
        with self._lock:
            self.notes.pop(uri, None)

    def add(self, **amounts: float) -> None:
        with self._lock:
            for name, amount in amounts.items():
                setattr(self, name, getattr(self, name) + amount)


PROGRESS = Progress()
