"""Upload the files that were named, or those of a watched folder until told to stop."""

import pkgutil
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from vidset.naming import printable
from vidset.storage.registry import find_scheme
from vidset.upload.destination import Destination
from vidset.upload.errors import GaveUpError, RefusedError, Stopped
from vidset.upload.folder import FolderDestination
from vidset.upload.identity import Identity
from vidset.upload.mounts import Disks
from vidset.upload.named import SHARE_SECONDS, Named, upload_named
from vidset.upload.records import Listener, Record, Uploads
from vidset.upload.report import reported
from vidset.upload.settings import Place, Settings
from vidset.upload.state import State
from vidset.upload.tally import Tally
from vidset.upload.uploading import Uploader
from vidset.upload.watching import Watch

# So many recordings are named that a run that was stopped has left; --json names all.
_MOST_TOLD = 20
# A recording that failed is tried again after so long, then twice as long.
_FIRST_RETRY_SECONDS = 30.0
_LONGEST_RETRY_SECONDS = 900.0


def run_upload(settings: Settings, listener: Listener) -> Uploads:
    """Upload the recordings, or what appears in the watched folder until told to stop.

    Raises:
        ValueError: the destination or the state folder cannot be used; with named files also, if
            the destination takes nothing at all.
    """
    destination = None if settings.is_dry else _open_destination(settings.place)
    started = time.monotonic()
    tally = Tally(settings.state if settings.is_recorded else None, listener.tell)
    named = Named(settings, listener.tell)
    passed_over: Mapping[str, int] = named.passed_over
    listener = reported(listener, settings.report)
    with (
        closing(State(settings.state, listener.tell)) as state,
        _stoppable() as stop,
        suppress(Stopped),
    ):
        disks = _disks(settings, state)
        uploader = Uploader(settings, destination, state, disks, listener, stop.hold)
        if settings.watched is None:
            upload_named(named, settings, uploader, listener, tally, stop.check)
        else:
            watch = Watch(settings.watched, settings.settle_seconds, listener.tell)
            try:
                _watch(watch, settings, uploader, listener, tally, stop.check)
            finally:
                passed_over = dict(watch.passed_over)
    left = tuple(named.left()) if settings.watched is None else ()
    for path in left[:_MOST_TOLD]:
        listener.tell(path, "not uploaded yet: stopped; the same command goes on from there")
    tally.finish()
    return Uploads(
        tally.states,
        tally.thens,
        tally.size_bytes,
        tally.resumed_bytes,
        tally.sent_bytes,
        time.monotonic() - started,
        dict(passed_over),
        tally.records(),
        left,
    )


def _open_destination(place: Place) -> Destination:
    """Open the folder, or the bucket of any scheme that takes uploads.

    Raises:
        ValueError: there are no credentials, or what the scheme needs is not installed.
    """
    if place.scheme == "file":
        return FolderDestination(place)
    uri = place.uri("")
    scheme = find_scheme(uri)
    for client in scheme.upload_clients:
        client.check(uri)
    return pkgutil.resolve_name(scheme.destination)(place)


def _disks(settings: Settings, state: State) -> Disks:
    """The disks of the folders that recordings are written to; where they are is remembered."""
    folders = [settings.moved_to] if settings.moved_to else []
    if settings.place.scheme == "file":
        folders.append(Path(settings.place.root))
    disks = Disks(folders, state.mount_point)
    for folder, mount_point in disks.mount_points().items():
        state.keep_mount_point(folder, mount_point)
    return disks


def _watch(
    watch: Watch,
    settings: Settings,
    uploader: Uploader,
    listener: Listener,
    tally: Tally,
    check: Callable[[], None],
) -> NoReturn:
    later = _Later()
    while True:
        check()
        complete = watch.complete(later.is_due)
        later.forget_others(watch.has)
        for path, identity in complete:
            check()
            if uploader.is_done(path, identity):
                watch.leave(path)
                continue
            if not _is_still(path, identity):
                continue  # Written on while others were sent: not complete any more.
            patience = settings.patience_seconds
            if len(complete) > 1:
                patience = min(patience, SHARE_SECONDS)
            try:
                record = uploader.upload(path, patience, watch.quiet_seconds(path))
            except (GaveUpError, RefusedError) as error:
                record = Record(printable(str(path)), "failed", note=str(error))
            if record.state == "failed" or record.then == "later":
                later.add(path, identity)
            else:
                watch.leave(path)
            tally.add(record, is_final=False)
            listener.show(record)
        check()
        if not watch.has_more:
            time.sleep(settings.poll_seconds)


class _Later:
    """Recordings that were set aside: with ever longer pauses."""

    def __init__(self) -> None:
        self._due: dict[Path, tuple[Identity, float, float]] = {}

    def add(self, path: Path, identity: Identity) -> None:
        """Try it again later: it failed, or has to be kept for now."""
        known, pause, _ = self._due.get(path, (None, 0.0, 0.0))
        pause = min(_LONGEST_RETRY_SECONDS, 2 * pause) if known == identity else 0.0
        pause = pause or _FIRST_RETRY_SECONDS
        self._due[path] = identity, pause, time.monotonic() + pause

    def is_due(self, path: Path, identity: Identity) -> bool:
        """Returns whether it is time to look at it: also if it has changed since."""
        known, _, due = self._due.get(path, (None, 0.0, 0.0))
        return known != identity or time.monotonic() >= due

    def forget_others(self, is_there: Callable[[Path], bool]) -> None:
        """Forget the files that are gone."""
        self._due = {path: due for path, due in self._due.items() if is_there(path)}


def _is_still(path: Path, identity: Identity) -> bool:
    try:
        return Identity.of(path.stat()) == identity
    except OSError:
        return False


class _Stop:
    """SIGTERM and Ctrl-C raise Stopped, also out of a pause or a request."""

    def __init__(self) -> None:
        self._is_asked = self._is_held = False

    def on_signal(self, *_: object) -> None:
        self._is_asked = True
        if not self._is_held:
            raise Stopped

    def hold(self) -> None:
        """Raise nothing until the next check: what is about to be done must be told."""
        self._is_held = True

    def check(self) -> None:
        """Raise Stopped if it was asked for: once held, or while Python finalized an object."""
        self._is_held = False
        if self._is_asked:
            raise Stopped


@contextmanager
def _stoppable() -> Iterator[_Stop]:
    stop = _Stop()
    before = [
        (each, signal.signal(each, stop.on_signal)) for each in (signal.SIGTERM, signal.SIGINT)
    ]
    if hasattr(signal, "SIGIO"):
        # The kernel sends it when somebody opens a file whose writers we ask for; it would end us.
        before.append((signal.SIGIO, signal.signal(signal.SIGIO, signal.SIG_IGN)))
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)
