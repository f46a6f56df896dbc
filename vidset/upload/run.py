"""`vidset upload`: the files that were named, or a watched folder until it is told to stop."""

import math
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from vidset.naming import printable
from vidset.upload.display import Display, Record, exit_code
from vidset.upload.errors import RefusedError, Stopped
from vidset.upload.identity import Identity
from vidset.upload.open import open_destination
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
    with (
        closing(State(settings.state, display.tell)) as state,
        _stoppable() as check,
        suppress(Stopped),
    ):
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
                raise ValueError(f"--to: {error}") from None
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
    later = _Later()
    while True:
        check()
        complete = watch.complete()
        later.forget_others(complete)
        for path, identity in complete:
            check()
            if not later.is_due(path, identity):
                continue
            if uploader.is_done(path, identity):
                later.leave(path, identity)
                continue
            if not _is_still(path, identity):
                continue  # Written on while others were sent: not complete any more.
            try:
                record = uploader.upload(path)
            except RefusedError as error:
                record = Record(printable(str(path)), "failed", note=str(error))
            if record.state == "failed":
                later.add(path, identity)
            elif record.state == "unreadable":
                later.leave(path, identity)
            records[path] = record
            display.show(record)
        time.sleep(settings.poll_seconds)


def _is_still(path: Path, identity: Identity) -> bool:
    try:
        return Identity.of(path.stat()) == identity
    except OSError:
        return False


class _Later:
    """When a recording is looked at again: with ever longer pauses, or once it has changed."""

    def __init__(self) -> None:
        self._due: dict[Path, tuple[Identity, float, float]] = {}

    def add(self, path: Path, identity: Identity) -> None:
        """It failed, and may be had yet."""
        known, pause, _ = self._due.get(path, (None, 0.0, 0.0))
        pause = min(_LONGEST_RETRY_SECONDS, 2 * pause) if known == identity else 0.0
        pause = pause or _FIRST_RETRY_SECONDS
        self._due[path] = identity, pause, time.monotonic() + pause

    def leave(self, path: Path, identity: Identity) -> None:
        """Nothing is to be done with it as it is."""
        self._due[path] = identity, 0.0, math.inf

    def is_due(self, path: Path, identity: Identity) -> bool:
        known, _, due = self._due.get(path, (None, 0.0, 0.0))
        return known != identity or time.monotonic() >= due

    def forget_others(self, present: Iterable[tuple[Path, Identity]]) -> None:
        """Of files that are gone."""
        self._due = {path: self._due[path] for path, _ in present if path in self._due}


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
