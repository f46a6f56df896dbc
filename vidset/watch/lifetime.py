"""Decides how long a watcher goes on."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Lifetime:
    """A watcher goes on until it is told to stop, or until nothing has come for some time.

    Args:
        until_idle: seconds; None goes on for ever.
        grace_seconds: what is at work when it is told to stop may still take so long.
        health: a file to touch while all is well.

    Attributes:
        ended_idle: nobody told it to stop.
        signal: the number of the signal that told it to; None: none did.

    Raises:
        ValueError: this file cannot be.
    """

    def __init__(self, until_idle: float | None, grace_seconds: float, health: str | None = None):
        if health is not None and not _can_be_written(health):
            raise ValueError(f"--health {health}: wanted a file in a folder that may be written")
        self._until_idle, self._grace_seconds, self._health = until_idle, grace_seconds, health
        self._stopped = threading.Event()
        self.ended_idle = False
        self.signal: int | None = None
        self._stop_at = self._last = time.monotonic()
        self._last_beat: float | None = None

    def stop(self) -> None:
        """Take nothing more."""
        if not self._stopped.is_set():
            self._stop_at = time.monotonic()
            self._stopped.set()

    def busy(self) -> None:
        """Something has been done."""
        self._last = time.monotonic()

    def beat(self) -> None:
        """Note that all is well, for /healthz and for whoever looks at the health file's time."""
        self._last_beat = time.monotonic()
        if self._health:
            with open(self._health, "ab"):
                os.utime(self._health)

    @property
    def silent_seconds(self) -> float:
        """Returns how long ago all was well; infinity before the first time."""
        last = self._last_beat
        return float("inf") if last is None else time.monotonic() - last

    def wait(self, seconds: float) -> bool:
        """Sleep, unless told to stop; whether it was."""
        return self._stopped.wait(seconds)

    def is_over(self, is_at_work: bool) -> bool:
        """Returns whether to take nothing more. While something is at work, it is not idle."""
        if is_at_work:
            self.busy()
        elif self._is_idle and not self.was_told:
            self.ended_idle = True
            self.stop()
        return self.was_told

    @property
    def _is_idle(self) -> bool:
        limit = self._until_idle
        return limit is not None and time.monotonic() - self._last >= limit

    @property
    def was_told(self) -> bool:
        return self._stopped.is_set()

    @property
    def grace_left(self) -> float:
        """Seconds, 0 or more, once it is over."""
        return max(0.0, self._stop_at + self._grace_seconds - time.monotonic())

    @contextmanager
    def ended_by_signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT stop it; a second one ends the process at once."""
        numbers = (signal.SIGTERM, signal.SIGINT)

        def stop(number: int, _: object) -> None:
            self.signal = number
            for each in numbers:
                signal.signal(each, signal.SIG_DFL)
            self.stop()

        before = [signal.signal(number, stop) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)


def _can_be_written(path: str) -> bool:
    """Checks without touching it: nothing is known to be well yet."""
    if os.path.exists(path):
        return os.path.isfile(path) and os.access(path, os.W_OK)
    return os.access(os.path.dirname(path) or ".", os.W_OK | os.X_OK)
