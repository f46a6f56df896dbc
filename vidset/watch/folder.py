"""Recordings that appear in a folder."""

import concurrent.futures
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from vidset.elements import Upload
from vidset.upload.identity import Identity
from vidset.upload.watching import Watch
from vidset.uploads import collector_of
from vidset.watch.lifetime import Lifetime
from vidset.watch.taking import Failure, Taker, delay_seconds

_POLL_SECONDS = 1.0
_SETTLED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class _Attempt:
    upload: Upload
    number: int
    due: float = 0.0


class FolderSource:
    """A folder, with all below. The ledger tells what was done in it before.

    What fails `max_tries` times is left until it changes, or the watcher starts again.
    """

    def __init__(self, folder: str, collector_id: str | None, prefix: str, max_tries: int):
        self._folder = Path(folder).absolute()
        self._collector_id, self._prefix, self._max_tries = collector_id, prefix, max_tries
        self._given: dict[Path, Identity] = {}

    def run(self, taker: Taker, life: Lifetime) -> bool:
        """Runs until `life` is over."""
        report, number = taker.report, taker.workers.number
        watch = Watch(
            self._folder, _SETTLED_SECONDS, lambda path, text: report.warn(f"{path}: {text}")
        )
        report.say(f"watching {self._folder}")
        waiting: list[_Attempt] = []
        running: dict[Future[Failure | None], _Attempt] = {}
        with ThreadPoolExecutor(number) as pool:
            while not life.is_over(bool(waiting or running)):
                waiting += self._new(watch)
                due = [each for each in waiting if each.due <= time.monotonic()]
                for attempt in due[: number - len(running)]:
                    waiting.remove(attempt)
                    report.add(events=1, redelivered=int(attempt.number > 1))
                    running[pool.submit(taker.upload, attempt.upload)] = attempt
                if running:
                    concurrent.futures.wait(running, _POLL_SECONDS, FIRST_COMPLETED)
                else:
                    life.wait(_POLL_SECONDS)
                for future in [each for each in running if each.done()]:
                    attempt = running.pop(future)
                    if failure := future.result():
                        waiting += self._again(taker, failure, attempt)
                life.beat()
            concurrent.futures.wait(running, life.grace_left)
            taker.workers.end()
        return True

    def _new(self, watch: Watch) -> Iterator[_Attempt]:
        """Returns what is complete, each file once in each state."""
        for path, identity in watch.complete():
            if self._given.get(path) == identity:
                continue
            self._given[path] = identity
            name = path.relative_to(self._folder).as_posix()
            if name.startswith(self._prefix):
                collector_id = self._collector_id or collector_of(name, prefix=self._prefix)
                yield _Attempt(Upload(str(path), name, collector_id=collector_id), 1)

    def _again(self, taker: Taker, failure: Failure, attempt: _Attempt) -> Iterator[_Attempt]:
        number = attempt.number
        failed = f"{failure.uri}: try {number} of {self._max_tries} failed: {failure.reason}"
        if number >= self._max_tries:
            taker.report.add(dead_lettered=1)
            taker.report.warn(f"{failed}; left until it changes")
            return
        wait = delay_seconds(number)
        taker.report.add(given_back=1)
        taker.report.warn(f"{failed}; again in {wait:g} s")
        yield _Attempt(attempt.upload, number + 1, time.monotonic() + wait)
