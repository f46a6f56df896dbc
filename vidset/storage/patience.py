"""Requests to a store that may fail for a moment: how often they are repeated, and how long."""

import os
import random
import time
from collections.abc import Callable
from typing import TypeVar

from vidset.storage.errors import StoreUnavailableError

VARIABLE = "VIDSET_STORE_SECONDS"
# A fault that stays is told within a minute, with the last attempt's own time in it.
_SECONDS = 40.0
_FIRST_SECONDS, _LONGEST_SECONDS = 0.2, 5.0
_CHANCE = random.SystemRandom()
_Out = TypeVar("_Out")
Transient = Callable[[BaseException], float | None]
"""The seconds that the store asks to wait (0: it does not say) after an error that the same request
may not meet again; None for any other error."""


class Patience:
    """Waits between attempts: exponentially longer, spread by chance, and not for ever.

    Args:
        what: the object, for the message.
        transient: tells which errors are worth another attempt.
        seconds: how long to go on after the first failure since the last progress; None takes what
            the variable VIDSET_STORE_SECONDS says, or 40.

    Raises:
        ValueError: the variable is no number above 0.
    """

    def __init__(self, what: str, transient: Transient, seconds: float | None = None):
        self._what, self._transient = what, transient
        self._seconds = _told_seconds() if seconds is None else seconds
        self._attempts, self._began = 0, 0.0

    def progressed(self) -> None:
        """Begin to count again."""
        self._attempts = 0

    def wait(self, error: BaseException) -> None:
        """Wait until the next attempt.

        Raises:
            StoreUnavailableError: that would be too long since the first failure.
            BaseException: the error itself, if another attempt cannot help.
        """
        asked = self._transient(error)
        if asked is None:
            raise error
        if not self._attempts:
            self._began = time.monotonic()
        self._attempts += 1
        longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** (self._attempts - 1))
        pause = max(asked, _CHANCE.uniform(longest / 2, longest))
        if time.monotonic() + pause - self._began > self._seconds:
            raise StoreUnavailableError(
                f"{self._what}: the store failed {self._attempts} times within "
                f"{self._seconds:g} s, at last with {type(error).__name__}: {error}"
            ) from error
        time.sleep(pause)


def patiently(
    work: Callable[[], _Out], what: str, transient: Transient, seconds: float | None = None
) -> _Out:
    """Do `work` until it succeeds, fails for good, or has failed for too long; see `Patience`."""
    patience = Patience(what, transient, seconds)
    while True:
        try:
            return work()
        except Exception as error:
            patience.wait(error)


def _told_seconds() -> float:
    text = os.environ.get(VARIABLE, "")
    try:
        seconds = float(text or _SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise ValueError(f"{VARIABLE}: wanted a number of seconds above 0, got {text!r}")
    return seconds


def seconds_asked(headers: object) -> float:
    """Returns what Retry-After says in seconds; 0 without it, or if it gives a date."""
    get = getattr(headers, "get", None)
    said = str(get("retry-after") or get("Retry-After") or "") if get else ""
    return float(said) if said.isdigit() else 0.0
