"""The recordings that were named, one after the other: files, and folders of them."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from vidset.naming import printable
from vidset.upload.errors import GaveUpError, NotSettledError, RefusedError
from vidset.upload.identity import Identity
from vidset.upload.listing import Listing
from vidset.upload.records import Listener, Record
from vidset.upload.settings import Settings
from vidset.upload.tally import Tally
from vidset.upload.uploading import Uploader

# How long one recording may wait for network or server while others wait behind it.
SHARE_SECONDS = 30.0
# So many wait at most until they have been unchanged for long enough; then it is their turn.
_MOST_SETTLING = 10_000


class Named:
    """The recordings in the order in which they are tried. Each folder is read once.

    Args:
        tell: gets what a person should know: a path and a text.

    Attributes:
        seen: what the one that was taken has been while it settled, if it had to.
    """

    def __init__(self, settings: Settings, tell: Callable[[Path, str], None]):
        self._settings, self._listing = settings, Listing(tell)
        self._first, self._aside = self._files(), deque[Path]()
        self._at_work: list[Path] = []
        self._settling = deque[tuple[bytes, Identity, float]]()
        self._are_settling_due = False
        self._next: Path | None = None
        self.seen: Identity | None = None
        self.passed_over = self._listing.passed_over

    def take(self) -> Path | None:
        """Return the next to be tried: first all of them, then those that were set aside.

        Those that have to be seen unchanged for a while have their turn once all others were tried,
        so that one wait is enough for all; or once there are many.
        """
        self._at_work.clear()
        self.seen = None
        if self._is_turn_of_settling():
            name, self.seen, due = self._settling.popleft()
            path = Path(os.fsdecode(name))
            self._at_work.append(path)
            time.sleep(max(0.0, due - time.monotonic()))
            return path
        if self._has_untried():
            path, self._next = self._next, None
        else:
            path = self._aside.popleft() if self._aside else None
        if path is not None:
            self._at_work.append(path)
        return path

    def let_settle(self, path: Path, identity: Identity, seconds: float) -> None:
        """Try it again once it has been this file for so long."""
        self._settling.append((os.fsencode(path), identity, time.monotonic() + seconds))

    def _is_turn_of_settling(self) -> bool:
        if len(self._settling) >= _MOST_SETTLING or not self._has_untried():
            self._are_settling_due = True
        self._are_settling_due = self._are_settling_due and bool(self._settling)
        return self._are_settling_due

    def set_aside(self, path: Path) -> None:
        """Try it again once the others had their turn."""
        self._aside.append(path)

    def has_more(self) -> bool:
        """Returns whether others wait behind the one that was taken."""
        return self._has_untried() or bool(self._aside or self._settling)

    def have_all_been_tried(self) -> bool:
        return not (self._has_untried() or self._settling)

    def done(self) -> None:
        """Say that something is known of the one that was taken."""
        self._at_work.clear()

    def left(self) -> Iterator[Path]:
        """Yield those of which nothing is known: a run that was stopped leaves them."""
        ahead = [] if self._next is None else [self._next]
        settling = (Path(os.fsdecode(name)) for name, _, _ in self._settling)
        return chain(self._at_work, ahead, self._first, settling, self._aside)

    def _has_untried(self) -> bool:
        if self._next is None:
            self._next = next(self._first, None)
        return self._next is not None

    def _files(self) -> Iterator[Path]:
        folders = set(self._settings.folders)
        for path in self._settings.recordings:
            if folders and not folders.isdisjoint(path.parents):
                continue  # It comes with the folder that it lies in.
            if path in folders:
                yield from (video for video, _ in self._listing.videos(path))
            else:
                yield path


def upload_named(
    named: Named,
    settings: Settings,
    uploader: Uploader,
    listener: Listener,
    tally: Tally,
    check: Callable[[], None],
) -> None:
    """Upload all of them. One that the network or the store does not take is set aside meanwhile.

    Raises:
        ValueError: the destination takes none of them.
    """
    waited: dict[Path, float] = {}
    refused: dict[Path, str] = {}
    share = SHARE_SECONDS
    while (path := named.take()) is not None:
        check()
        left = settings.patience_seconds - waited.get(path, 0.0)
        began = time.monotonic()
        try:
            patience = min(left, share) if named.has_more() else left
            record = uploader.upload(path, patience, seen=named.seen)
        except NotSettledError as error:
            named.let_settle(path, error.identity, error.seconds)
            named.done()
            continue
        except RefusedError as error:
            refused[path] = str(error)
            named.done()
            if error.is_final and len(refused) == 1 and not tally.has_any():
                break  # Nothing was done, and nothing else can be.
            continue
        except GaveUpError as error:
            waited[path] = waited.get(path, 0.0) + time.monotonic() - began
            if named.has_more() and waited[path] < settings.patience_seconds:
                if named.have_all_been_tried():
                    share *= 2  # All have had their turn.
                named.set_aside(path)
                named.done()
                continue
            record = Record(printable(str(path)), "failed", note=str(error))
        named.done()
        waited.pop(path, None)
        tally.add(record)
        listener.show(record)
        check()
    if refused and not tally.has_any():
        raise ValueError(f"--to: {next(iter(refused.values()))}")
    for path, reason in refused.items():
        record = Record(printable(str(path)), "failed", note=reason)
        tally.add(record)
        listener.show(record)
