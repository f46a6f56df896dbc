"""What a watcher did: a line for each video, counts at the end."""

import json
import re
import sys
import threading
import time
from collections import Counter

from vidset.intake.work import Outcome
from vidset.naming import visible

# Of an outcome, in the order of the summary.
_OUTCOMES = ("done", "partial", "skipped", "failed", "missing", "malformed")
_OTHERS = ("events", "redelivered", "passed_over", "given_back", "dead_lettered", "samples", "kept")

_FAILURES = ("failed", "missing", "malformed", "dead_lettered")


class Report:
    """Counts and lines; safe to call from several threads.

    Args:
        is_quiet: only what could not be done is said.
        shows_traces: tracebacks of workers are shown.
    """

    def __init__(self, *, is_quiet: bool, shows_traces: bool = False):
        self._is_quiet, self._shows_traces = is_quiet, shows_traces
        self._counts: Counter[str] = Counter()
        self._began = time.monotonic()
        self._lock = threading.Lock()

    def add(self, **amounts: int) -> None:
        with self._lock:
            self._counts.update(amounts)

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
            print(line, file=sys.stderr, flush=True)

    def trace(self, text: str) -> None:
        """Show a worker's traceback, if tracebacks are wanted."""
        if self._shows_traces and text:
            print(visible(text), file=sys.stderr, flush=True)

    @property
    def has_failures(self) -> bool:
        """Whether something came that is not in the ledger as done."""
        return any(self._counts[name] for name in _FAILURES)

    def summary(self) -> str:
        """One JSON object."""
        counts = {name: self._counts[name] for name in (*_OTHERS, *_OUTCOMES)}
        return json.dumps(counts | {"seconds": round(time.monotonic() - self._began, 3)})
