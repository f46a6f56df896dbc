"""Upload the files that were named, or those of a watched folder until told to stop."""

import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from vidset.naming import printable
from vidset.upload.errors import GaveUpError, RefusedError, Stopped
from vidset.upload.identity import Identity
from vidset.upload.later import Later
from vidset.upload.mounts import Disks
from vidset.upload.open import open_destination
from vidset.upload.records import Listener, Record, Uploads
from vidset.upload.settings import Settings
from vidset.upload.state import State
from vidset.upload.uploading import Uploader
from vidset.upload.watching import Watch

# How long one recording may wait for network or server while others wait behind it.
_SHARE_SECONDS = 30.0


def run_upload(settings: Settings, listener: Listener) -> Uploads:
    """Upload the recordings, or what appears in the watched folder until told to stop.

    Raises:
        ValueError: the destination or the state folder cannot be used; with named files also, if
            the destination takes nothing at all.
    """
    destination = None if settings.is_dry else open_destination(settings.place)
    started, records = time.monotonic(), dict[Path, Record]()
    passed_over: dict[str, int] = {}
    with (
        closing(State(settings.state, listener.tell)) as state,
        _stoppable() as check,
        suppress(Stopped),
    ):
        uploader = Uploader(settings, destination, state, _disks(settings, state), listener)
        if settings.watched is None:
            _upload_named(settings, uploader, listener, records, check)
        else:
            watch = Watch(settings.watched, settings.settle_seconds, listener.tell)
            try:
                _watch(watch, settings, uploader, listener, records, check)
            finally:
                passed_over = dict(watch.passed_over)
    left = tuple(path for path in settings.recordings if path not in records)
    for path in left:
        listener.tell(path, "not uploaded yet: stopped; the same command goes on from there")
    return Uploads(list(records.values()), time.monotonic() - started, passed_over, left)


def _disks(settings: Settings, state: State) -> Disks:
    """The disks of the folders that recordings are written to; where they are is remembered."""
    folders = [settings.moved_to] if settings.moved_to else []
    if settings.place.scheme == "file":
        folders.append(Path(settings.place.root))
    disks = Disks(folders, state.mount_point)
    for folder, mount_point in disks.mount_points().items():
        state.keep_mount_point(folder, mount_point)
    return disks


def _upload_named(
    settings: Settings,
    uploader: Uploader,
    listener: Listener,
    records: dict[Path, Record],
    check: Callable[[], None],
) -> None:
    """All of them. One that the network or the store does not take is set aside meanwhile."""
    waiting, waited = deque(settings.recordings), dict[Path, float]()
    refused: dict[Path, str] = {}
    share = _SHARE_SECONDS
    while waiting:
        check()
        path = waiting.popleft()
        left = settings.patience_seconds - waited.get(path, 0.0)
        began = time.monotonic()
        try:
            record = uploader.upload(path, min(left, share) if waiting else left)
        except RefusedError as error:
            refused[path] = str(error)
            if error.is_final and len(refused) == 1 and not records:
                break  # Nothing was done, and nothing else can be.
            continue
        except GaveUpError as error:
            waited[path] = waited.get(path, 0.0) + time.monotonic() - began
            if waiting and waited[path] < settings.patience_seconds:
                if all(each in waited for each in waiting):
                    share *= 2  # All have had their turn.
                waiting.append(path)
                continue
            record = Record(printable(str(path)), "failed", note=str(error))
        records[path] = record
        listener.show(record)
    if refused and not records:
        raise ValueError(f"--to: {next(iter(refused.values()))}")
    for path, reason in refused.items():
        records[path] = Record(printable(str(path)), "failed", note=reason)
        listener.show(records[path])


def _watch(
    watch: Watch,
    settings: Settings,
    uploader: Uploader,
    listener: Listener,
    records: dict[Path, Record],
    check: Callable[[], None],
) -> NoReturn:
    later = Later()
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
            patience = settings.patience_seconds
            if len(complete) > 1:
                patience = min(patience, _SHARE_SECONDS)
            try:
                record = uploader.upload(path, patience, watch.quiet_seconds(path))
            except (GaveUpError, RefusedError) as error:
                record = Record(printable(str(path)), "failed", note=str(error))
            if record.state == "failed" or record.then == "later":
                later.add(path, identity)
            elif record.state == "unreadable":
                later.leave(path, identity)
            records[path] = record
            listener.show(record)
        time.sleep(settings.poll_seconds)


def _is_still(path: Path, identity: Identity) -> bool:
    try:
        return Identity.of(path.stat()) == identity
    except OSError:
        return False


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
    if hasattr(signal, "SIGIO"):
        # The kernel sends it when somebody opens a file whose writers we ask for; it would end us.
        before.append((signal.SIGIO, signal.signal(signal.SIGIO, signal.SIG_IGN)))
    try:
        yield check
    finally:
        for number, handler in before:
            signal.signal(number, handler)
