"""The uploads that wait for their turn, packed: a million of them take little memory."""

import pickle  # nosec B403
import zlib
from collections import deque
from collections.abc import Iterable

from vidset.elements import Upload

_BLOCK = 1000


class Backlog:
    """A queue of uploads.

    All but those at both ends are compressed by the thousand, which leaves some twenty bytes of
    each: neighbours in a listing have like names.
    """

    def __init__(self, uploads: Iterable[Upload] = ()):
        self._first: deque[Upload] = deque()
        self._packed: deque[bytes] = deque()
        self._last: list[Upload] = []
        self.extend(uploads)

    def __len__(self) -> int:
        return len(self._first) + _BLOCK * len(self._packed) + len(self._last)

    def append(self, upload: Upload) -> None:
        self._last.append(upload)
        if len(self._last) == _BLOCK:
            self._packed.append(zlib.compress(pickle.dumps(self._last), level=1))
            self._last = []

    def extend(self, uploads: Iterable[Upload]) -> None:
        for upload in uploads:
            self.append(upload)

    def popleft(self) -> Upload:
        """Take the upload that has waited longest.

        Raises:
            IndexError: there is none.
        """
        if not self._first:
            if self._packed:  # What we have packed ourselves.
                block = pickle.loads(zlib.decompress(self._packed.popleft()))  # noqa: S301  # nosec B301
            else:
                block, self._last = self._last, []
            self._first.extend(block)
        return self._first.popleft()

    def take(self, number: int) -> list[Upload]:
        """Take so many, or as many as there are."""
        return [self.popleft() for _ in range(min(number, len(self)))]
