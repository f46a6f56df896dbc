"""Decides how long to wait before the next attempt, and when to give up."""

import random
import time
from collections.abc import Callable

from vidset.upload.errors import GaveUpError, TransientError

_FIRST_SECONDS = 1.0
_LONGEST_SECONDS = 60.0


class Patience:
    """Exponential backoff with jitter: a whole fleet that lost its network comes back spread out.

    Args:
        seconds: from the first failure without progress since, until it gives up.
    """

    def __init__(
        self,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._seconds, self._clock, self._sleep = seconds, clock, sleep
        self._random = random.SystemRandom()
        self._attempts, self._first_failure = 0, 0.0

    @property
    def attempts(self) -> int:
        """Returns how many attempts in a row have failed since the last progress."""
        return self._attempts

    def progressed(self) -> None:
        self._attempts = 0

    def wait(self, error: TransientError) -> None:
        """Waits until the next attempt.

        Raises:
            GaveUpError: that would be too long since the first failure.
        """
        if not self._attempts:
            self._first_failure = self._clock()
        self._attempts += 1
        longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** (self._attempts - 1))
        pause = self._random.uniform(longest / 2, longest)
        if self._clock() + pause - self._first_failure > self._seconds:
            raise GaveUpError(
                f"{error} (attempt {self._attempts}, for {self._seconds:g} s); "
                "the same command goes on from there"
            )
        self._sleep(pause)
