"""`vidset upload`: the files that were named, or a watched folder until it is told to stop."""

import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from dataflow.naming import printable
from vidset.upload.destination import open_destination
from vidset.upload.display import Display, Record, exit_code
from vidset.upload.errors import RefusedError, Stopped
from vidset.upload.identity import Identity
from vidset.upload.settings import Settings
from vidset.upload.state import State
from vidset.upload.uploading import Uploader
from vidset.upload.watching import Watch

# A watched recording that failed is tried again after so long, then twice as long.
_FIRST_RETRY_SECONDS = 30.0
_LONGEST_RETRY_SECONDS = 900.0


def run_upload(settings: Settings, *, as_json: bool, quiet: bool) -> int:
    """Upload; the exit code.

    Raises:
        ValueError: the destination or the state folder is none; with named files also, if the
            destination refuses them.
    """
    destination = None if settings.is_dry else open_destination(settings.place)
    display = Display(as_json=as_json, quiet=quiet)
    started, records = time.monotonic(), dict[Path, Record]()
    with closing(State(settings.state)) as state, _stoppable() as check, suppress(Stopped):
        uploader = Uploader(settings, destination, state, display)
        if settings.watched is None:
            _upload_named(settings.recordings, uploader, display, records, check)
        else:
            _watch(settings.watched, settings, uploader, display, records, check)
    display.summary(list(records.values()), time.monotonic() - started)
    if settings.watched is not None:
        return 0  # It ends by being stopped; what failed is tried again by the next.
    left = [path for path in settings.recordings if path not in records]
    for path in left:
        display.tell(path, "not uploaded yet: stopped; the same command goes on from there")
    return 1 if left else exit_code(records.values())


def _upload_named(
    paths: tuple[Path, ...],
    uploader: Uploader,
    display: Display,
    records: dict[Path, Record],
    check: Callable[[], None],
) -> None:
    for path in paths:
        check()
        try:
            record = uploader.upload(path)
        except RefusedError as error:
            if not records:  # Of the first one, so nothing was done.
                raise ValueError(f"--bucket: {error}") from None
            record = Record(printable(str(path)), "failed", note=str(error))
        records[path] = record
        display.show(record)


def _watch(
    folder: Path,
    settings: Settings,
    uploader: Uploader,
    display: Display,
    records: dict[Path, Record],
    check: Callable[[], None],
) -> NoReturn:
    watch = Watch(folder, settings.settle_seconds, display.tell)
    failures = _Failures()
    while True:
        check()
        for path, identity in watch.complete():
            check()
            if uploader.is_done(path, identity) or not failures.is_due(path, identity):
                continue
            try:
                record = uploader.upload(path)
            except RefusedError as error:
                record = Record(printable(str(path)), "failed", note=str(error))
            if record.state in ("failed", "unreadable"):
                failures.add(path, identity, may_recover=record.state == "failed")
            records[path] = record
            display.show(record)
        time.sleep(settings.poll_seconds)


class _Failures:
    """When what failed is tried again: with ever longer pauses, or as soon as it has changed."""

    def __init__(self) -> None:
        self._due: dict[Path, tuple[Identity, float, float]] = {}

    def add(self, path: Path, identity: Identity, *, may_recover: bool) -> None:
        known, pause, _ = self._due.get(path, (None, 0.0, 0.0))
        pause = min(_LONGEST_RETRY_SECONDS, 2 * pause) if known == identity else 0.0
        pause = pause or _FIRST_RETRY_SECONDS
        due = time.monotonic() + pause if may_recover else math.inf
        self._due[path] = identity, pause, due

    def is_due(self, path: Path, identity: Identity) -> bool:
        known, _, due = self._due.get(path, (None, 0.0, 0.0))
        return known != identity or time.monotonic() >= due


@contextmanager
def _stoppable() -> Iterator[Callable[[], None]]:
    """SIGTERM and Ctrl-C raise Stopped, also out of a pause or a request.

    What is yielded raises it again: Python drops what is raised while it finalizes an object.
    """
    is_asked = False

    def stop(*_: object) -> NoReturn:
        nonlocal is_asked
        is_asked = True
        raise Stopped

    def check() -> None:
        if is_asked:
            raise Stopped

    before = [(each, signal.signal(each, stop)) for each in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield check
    finally:
        for number, handler in before:
            signal.signal(number, handler)
