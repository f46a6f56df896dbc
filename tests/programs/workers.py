"""Worker processes that need no time to import anything, for commands called in this process."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from tests.programs.handles import Handle
from tests.programs.started import preloaded
from vidset.engines import processes


class Worker(Handle):
    """A worker that another process has forked."""

    def __init__(self, handles: Sequence[int], variables: Mapping[str, str]):
        with open(os.devnull, "rb") as nothing:
            given = [nothing.fileno(), 2, 2, *handles]
            number, self._peer = preloaded().start_worker(given, dict(variables))
        super().__init__(number)

    def _ended(self) -> int:
        told = self._peer.recv(4)
        assert len(told) == 4, "the process that starts workers has ended"
        self._peer.close()
        return int.from_bytes(told, "big", signed=True)


@contextmanager
def ready_workers() -> Iterator[None]:
    """Have worker processes forked from one that has imported what they need."""
    before, processes.launch = processes.launch, Worker
    try:
        yield
    finally:
        processes.launch = before
