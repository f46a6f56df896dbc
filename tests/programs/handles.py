"""What engines ask of a worker process, whoever forked it."""

import os
import signal
import threading
from abc import ABC, abstractmethod
from contextlib import suppress


class Handle(ABC):
    """A worker process, with what a `subprocess.Popen` has of it."""

    def __init__(self, number: int):
        self.pid = number
        self._code: int | None = None
        self._lock = threading.Lock()

    def kill(self) -> None:
        if self._code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def wait(self) -> int:
        with self._lock:
            if self._code is None:
                self._code = self._ended()
        return self._code

    @abstractmethod
    def _ended(self) -> int:
        """Wait for its end; return its exit code."""
