"""The recordings that were named, one after the other: files, and folders of them."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

from vidset.naming import printable
from vidset.upload.errors import GaveUpError, RefusedError
from vidset.upload.listing import Listing
from vidset.upload.records import Listener, Record
from vidset.upload.settings import Settings
from vidset.upload.tally import Tally
from vidset.upload.uploading import Uploader

# How long one recording may wait for network or server while others wait behind it.
SHARE_SECONDS = 30.0


class Named:
    """The recordings in the order in which they are tried. Each folder is read once.

    Args:
        tell: gets what a person should know: a path and a text.
    """

    def __init__(self, settings: Settings, tell: Callable[[Path, str], None]):
        self._settings, self._listing = settings, Listing(tell)
        self._first, self._aside = self._files(), deque[Path]()
        self._at_work: list[Path] = []
        self._next: Path | None = None
        self.passed_over = self._listing.passed_over

    def take(self) -> Path | None:
        """Return the next to be tried: first all of them, then those that were set aside."""
        self._at_work.clear()
        if self._has_untried():
            path, self._next = self._next, None
        else:
            path = self._aside.popleft() if self._aside else None
        if path is not None:
            self._at_work.append(path)
        return path

    def set_aside(self, path: Path) -> None:
        """Try it again once the others had their turn."""
        self._aside.append(path)

    def has_more(self) -> bool:
        """Whether others wait behind the one that was taken."""
        return self._has_untried() or bool(self._aside)

    def have_all_been_tried(self) -> bool:
        return not self._has_untried()

    def done(self) -> None:
        """Say that something is known of the one that was taken."""
        self._at_work.clear()

    def left(self) -> Iterator[Path]:
        """Yield those of which nothing is known: a run that was stopped leaves them."""
        ahead = [] if self._next is None else [self._next]
        return chain(self._at_work, ahead, self._first, self._aside)

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
            record = uploader.upload(path, min(left, share) if named.has_more() else left)
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
    if refused and not tally.has_any():
        raise ValueError(f"--to: {next(iter(refused.values()))}")
    for path, reason in refused.items():
        record = Record(printable(str(path)), "failed", note=reason)
        tally.add(record)
        listener.show(record)
