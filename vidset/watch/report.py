"""Reports what a watcher does: a line for each video, and counts."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vidset.intake.tasks import Outcome
from vidset.naming import visible

# What becomes of a video, in the order of the summary.
OUTCOMES = ("done", "partial", "skipped", "failed", "missing", "malformed")
_OTHERS = ("events", "redelivered", "passed_over", "given_back", "dead_lettered", "samples", "kept")

_FAILURES = ("failed", "missing", "malformed", "dead_lettered")


class Report:
    """Counts and lines; safe to call from several threads.

    Args:
        tell: gets each line at once, from any thread, one at a time.
        is_quiet: only what could not be done is told.
        shows_traces: tracebacks of workers are told.

    Attributes:
        last_event_at: when the last event came, as Unix time; None before the first.
    """

    def __init__(
        self, tell: Callable[[str], None], *, is_quiet: bool = False, shows_traces: bool = False
    ):
        self._tell, self._is_quiet, self._shows_traces = tell, is_quiet, shows_traces
        self._counts: Counter[str] = Counter()
        self._began = time.monotonic()
        self._at_work = 0
        self._last_change = self._began
        self.last_event_at: float | None = None
        self._lock = threading.Lock()

    def add(self, **amounts: int) -> None:
        """Count what happened, by the names of `counts`."""
        with self._lock:
            self._counts.update(amounts)
            if "events" in amounts:
                self.last_event_at = time.time()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Count an upload as being at work until the block ends."""
        self._change(1)
        try:
            yield
        finally:
            self._change(-1)

    def _change(self, amount: int) -> None:
        with self._lock:
            if amount < 0 or not self._at_work:
                self._last_change = time.monotonic()
            self._at_work += amount

    @property
    def in_flight(self) -> int:
        """Returns how many uploads are at work."""
        return self._at_work

    @property
    def seconds_without_outcome(self) -> float:
        """Returns how long uploads have been at work without one of them ending; 0 without any."""
        with self._lock:
            return time.monotonic() - self._last_change if self._at_work else 0.0

    def outcome(self, outcome: Outcome) -> None:
        self.add(**{outcome.what: 1}, samples=outcome.samples, kept=outcome.kept)
        if outcome.what in ("done", "partial"):
            why = f" ({outcome.reason})" if outcome.reason else ""
            counts = f"{outcome.samples} samples, {outcome.kept} kept"
            self.say(f"{outcome.uri}: {outcome.what}{why}, {counts}")
        elif outcome.what == "skipped":
            self.say(f"{outcome.uri}: done before")
        else:
            self.warn(f"{outcome.uri}: {outcome.what}: {outcome.reason}")

    def say(self, line: str) -> None:
        if not self._is_quiet:
            self.warn(line)

    def warn(self, line: str) -> None:
        """One line: names of objects and messages of servers may hold any character."""
        line = re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", line)
        with self._lock:
            self._tell(line)

    def trace(self, text: str) -> None:
        """Show a worker's traceback, if tracebacks are wanted."""
        if self._shows_traces and text:
            with self._lock:
                self._tell(visible(text))

    @property
    def has_failures(self) -> bool:
        """Returns whether something came that is not in the ledger as done."""
        return any(self._counts[name] for name in _FAILURES)

    def counts(self) -> dict[str, int]:
        """Return how many there were of each kind of event and outcome."""
        with self._lock:
            return {name: self._counts[name] for name in (*_OTHERS, *OUTCOMES)}

    @property
    def seconds(self) -> float:
        """Returns how long the watcher has been at it."""
        return time.monotonic() - self._began
