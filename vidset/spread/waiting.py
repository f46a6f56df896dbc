"""Samples that helpers have sent and that wait to be judged."""

import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future

from vidset.spread.helping import Ended, Sent

# What may be waiting to be judged, in all segments but the one that is being judged.
_MAX_WAITING_BYTES = 48 << 20


class Waiting:
    """Samples that wait to be judged, by segment.

    Helpers that are ahead are held up once much is waiting. The one whose segment is being judged
    never is: segments are begun in order, so that it always comes on.

    Args:
        segments: how many there are.
        most_samples: once so many wait, only the segment that is being judged gets more.
    """

    def __init__(self, segments: int, most_samples: int):
        self._samples: list[deque[Sent]] = [deque() for _ in range(segments)]
        self._most_samples = most_samples
        self._front, self._bytes, self._number, self._is_closed = 0, 0, 0, False
        self._changed = threading.Condition()

    def put(self, segment: int, sent: Sent) -> None:
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._is_closed
                    or segment == self._front
                    or (
                        self._number < self._most_samples
                        and self._bytes + sent.size_bytes <= _MAX_WAITING_BYTES
                    )
                )
            )
            self._samples[segment].append(sent)
            self._number += 1
            self._bytes += sent.size_bytes
            self._changed.notify_all()

    def of(self, segment: int, future: Future[Ended]) -> Iterator[Sent]:
        """The samples of a segment, as they come."""
        with self._changed:
            self._front = segment
            self._changed.notify_all()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._samples[segment] or future.done())
                if not self._samples[segment]:
                    return
                sent = self._samples[segment].popleft()
                self._number -= 1
                self._bytes -= sent.size_bytes
                self._changed.notify_all()
            yield sent

    def wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
