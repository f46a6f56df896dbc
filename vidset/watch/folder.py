"""Recordings that appear in a folder."""

import time
from concurrent.futures import Future, ThreadPoolExecutor

from dataflow.elements import Upload
from vidset.watch.complete import CompleteFiles
from vidset.watch.lifetime import Lifetime
from vidset.watch.taking import Failure, Taker, delay_seconds

_POLL_SECONDS = 0.5


class FolderSource:
    """A folder, with all below. The ledger tells what was done in it before.

    What fails `max_tries` times is left until it changes, or the watcher starts anew.
    """

    def __init__(self, folder: str, collector_id: str | None, prefix: str, max_tries: int):
        self._files = CompleteFiles(folder, collector_id)
        self._folder, self._prefix, self._max_tries = folder, prefix, max_tries

    def run(self, taker: Taker, life: Lifetime) -> bool:
        """Until `life` is over."""
        pool = ThreadPoolExecutor(taker.workers.number)
        running: dict[Future[Failure | None], tuple[Upload, int]] = {}
        waiting: list[tuple[float, Upload, int]] = []
        taker.report.say(f"watching {self._folder}")

        def start(upload: Upload, number: int) -> None:
            taker.report.add(events=1, redelivered=int(number > 1))
            running[pool.submit(taker.upload, upload)] = upload, number

        while not life.is_over(bool(running or waiting)):
            if len(running) < taker.workers.number:
                for upload in self._files.new():
                    if upload.name.startswith(self._prefix):
                        start(upload, 1)
            now = time.monotonic()
            for due, upload, number in [each for each in waiting if each[0] <= now]:
                waiting.remove((due, upload, number))
                start(upload, number)
            for future in [each for each in running if each.done()]:
                upload, number = running.pop(future)
                if failure := future.result():
                    self._failed(taker, failure, number, upload, waiting)
            life.beat()
            life.wait(_POLL_SECONDS)
        for future in running:
            future.cancel()
        while not all(future.done() for future in running) and life.grace_left:
            time.sleep(_POLL_SECONDS / 5)
        taker.workers.end()
        pool.shutdown()
        return True

    def _failed(
        self,
        taker: Taker,
        failure: Failure,
        number: int,
        upload: Upload,
        waiting: list[tuple[float, Upload, int]],
    ) -> None:
        failed = f"{failure.uri}: try {number} of {self._max_tries} failed: {failure.reason}"
        if number >= self._max_tries:
            taker.report.add(dead_lettered=1)
            taker.report.warn(f"{failed}; left until it changes")
            return
        wait = delay_seconds(number)
        taker.report.add(given_back=1)
        taker.report.warn(f"{failed}; again in {wait:g} s")
        waiting.append((time.monotonic() + wait, upload, number + 1))
