"""Limits how fast bytes leave."""

import time
from collections.abc import Callable

_SLICE_BYTES = 64 << 10
# A slow rate takes smaller slices: none takes longer than this.
_SLICE_SECONDS = 0.05
# What may be sent at once after a pause.
_BURST_SECONDS = 0.25


class Pace:
    """A token bucket: so many bytes a second over all that is sent; None does not limit."""

    def __init__(
        self,
        bytes_per_second: float | None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._rate, self._clock, self._sleep = bytes_per_second, clock, sleep
        self._tokens, self._filled_at = 0.0, clock()

    @property
    def slice_bytes(self) -> int:
        """Returns how much may leave in one step."""
        if self._rate is None:
            return _SLICE_BYTES
        return max(1, min(_SLICE_BYTES, int(self._rate * _SLICE_SECONDS)))

    def take(self, size: int) -> None:
        """Wait until so many bytes may leave."""
        if self._rate is None:
            return
        now = self._clock()
        burst = self._rate * _BURST_SECONDS
        self._tokens = min(burst, self._tokens + (now - self._filled_at) * self._rate)
        self._filled_at = now
        self._tokens -= size
        if self._tokens < 0:  # A debt is paid by waiting, whatever the size of the slice.
            self._sleep(-self._tokens / self._rate)


class Body:
    """Bytes as a file that gives them no faster than `pace` says.

    No more than what HTTP clients need to send it with a Content-Length.

    Args:
        report: is told how many bytes were taken, each time.
    """

    def __init__(self, data: memoryview, pace: Pace, report: Callable[[int], None]):
        self.data = data
        self._pace, self._report, self._place = pace, report, 0

    def __len__(self) -> int:
        return len(self.data)

    def read(self, size: int = -1, /) -> bytes:
        """Give a slice of at most 64 KiB, so that waiting is in small steps."""
        step = self._pace.slice_bytes
        size = step if size < 0 else min(size, step)
        part = bytes(self.data[self._place : self._place + size])
        if part:
            self._pace.take(len(part))
            self._place += len(part)
            self._report(len(part))
        return part
