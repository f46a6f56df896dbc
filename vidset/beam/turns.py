"""Who may work at the same time in this process: everyone, or one alone."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Turns:
    """Work that is done side by side, and work that waits until nothing else is done."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._at_work = 0
        self._alone = 0
        """How many are alone or wait to be: nobody else begins meanwhile."""

    @contextmanager
    def turn(self, *, alone: bool) -> Iterator[None]:
        """Wait for the turn, and hold it within the block."""
        with self._changed:
            self._alone += alone
            self._changed.wait_for(lambda: not self._at_work if alone else not self._alone)
            self._at_work += 1
        try:
            yield
        finally:
            with self._changed:
                self._at_work -= 1
                self._alone -= alone
                self._changed.notify_all()
