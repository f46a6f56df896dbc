"""The progress of an extraction, for whoever shows it."""

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
    """The seconds of video that have been sampled, in all of them."""
    notes: dict[str, str] = field(default_factory=dict)
    """By uri: why a video failed, or is there in part only. The first thousand."""
    at_work: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    """By uri: seconds of the video that are done, and its duration if that is known."""
    labeled: set[str] = field(default_factory=set)
    """Names of images that have labels and stayed, of videos that were extracted again."""
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

    def at(self, uri: str, seconds: float, duration_seconds: float | None) -> None:
        """A video is being sampled."""
        with self._lock:
            self.at_work[uri] = seconds, duration_seconds

    def ended(self, uri: str) -> None:
        """Nothing more will be heard of a video."""
        with self._lock:
            self.at_work.pop(uri, None)
