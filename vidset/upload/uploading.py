"""One recording after the other: looked at, hashed, named, delivered, put away."""

import time
from collections.abc import Callable
from pathlib import Path

from vidset.naming import printable
from vidset.upload.afterwards import put_away
from vidset.upload.delivering import Delivering
from vidset.upload.destination import Destination, Target
from vidset.upload.errors import (
    GaveUpError,
    NotSettledError,
    SourceChangedError,
    StaleDigestsError,
    TransientError,
    UploadFailedError,
)
from vidset.upload.identity import Identity
from vidset.upload.mounts import Disks
from vidset.upload.naming import content_type, metadata, object_name
from vidset.upload.pacing import Pace
from vidset.upload.patience import Patience
from vidset.upload.probing import Probe, probe
from vidset.upload.records import Listener, Record
from vidset.upload.settings import Settings
from vidset.upload.source import Digests, Source
from vidset.upload.state import State


class Uploader:
    """All that uploads of a run share.

    Args:
        destination: None for a dry run.
        hold: called before a recording is gone from here: from then on nothing may stop the run
            until it has told so.
    """

    def __init__(
        self,
        settings: Settings,
        destination: Destination | None,
        state: State,
        disks: Disks,
        listener: Listener,
        hold: Callable[[], None],
    ):
        self._hold = hold
        self._settings, self._destination = settings, destination
        self._state, self._disks, self._listener = state, disks, listener
        self._pace = Pace(settings.bytes_per_second)
        self._place = settings.place.uri("")
        self._is_waiting_told = False

    def upload(
        self,
        path: Path,
        patience_seconds: float,
        quiet_seconds: float | None = None,
        seen: Identity | None = None,
    ) -> Record:
        """Upload a recording and put it away, as was asked for; say what became of it.

        Args:
            patience_seconds: for how long network or server may take nothing.
            quiet_seconds: for how long a watched file has been seen unchanged; None: it was named.
            seen: what a file that was named has been while it was waited for.

        Raises:
            NotSettledError: a file that was named has to be waited for.
            GaveUpError: the network or server did not take it for so long.
            RefusedError: the destination does not take it.
        """
        started, file = time.monotonic(), printable(str(path))
        try:
            found = probe(path)
            if found.problem and self._settings.skips_unreadable:
                note = f"{found.problem}; left alone: --unreadable upload sends it all the same"
                return Record(file, "unreadable", note=note)
            with Source(path) as source:
                if quiet_seconds is None and not self._settings.is_dry:
                    self._check_settled(source, seen)
                if self._settings.is_verifying and self._destination is not None:
                    return self._verify(file, source, found, started, self._destination)
                try:
                    return self._upload(
                        file, source, found, started, patience_seconds, quiet_seconds
                    )
                except StaleDigestsError:  # What it held before was written over: read it again.
                    self._state.forget_digests(path)
                    return self._upload(
                        file, source, found, started, patience_seconds, quiet_seconds
                    )
        except SourceChangedError as error:
            self._state.forget_digests(path)  # Size and time may be as they were.
            return Record(file, "failed", note=str(error), seconds=_since(started))
        except GaveUpError:
            raise
        except UploadFailedError as error:
            return Record(file, "failed", note=str(error), seconds=_since(started))

    def is_done(self, path: Path, identity: Identity) -> bool:
        """Returns whether it was uploaded by an earlier run, and has not changed since."""
        return self._state.is_done(self._place, path, identity)

    def _check_settled(self, source: Source, seen: Identity | None) -> None:
        """See that nobody writes a recording that was named, as for a watched one.

        Args:
            seen: what it was when it was first seen, if it has been waited for since.

        Raises:
            UploadFailedError: another program has it open for writing.
            SourceChangedError: it was written meanwhile.
            NotSettledError: it has to be waited for.
        """
        is_written = source.is_written()
        if is_written:
            raise UploadFailedError("another program has it open for writing: upload it later")
        if seen is not None:
            source.check_is(seen)
            return
        wanted, age = self._settings.settle_seconds, source.identity.age_seconds()
        if self._settings.is_putting_away:
            # A recorder may open its file anew for each piece that it writes. On a share, the clock
            # that dates it is another machine's.
            age = None if is_written is None else age
        elif is_written is not None:
            return
        left = wanted - (age or 0.0)
        if left > 0:
            self._tell_of_waiting(source)
            raise NotSettledError(source.identity, left)

    def _tell_of_waiting(self, source: Source) -> None:
        """Say once why nothing seems to happen."""
        if self._is_waiting_told:
            return
        self._is_waiting_told = True
        age = source.identity.age_seconds()
        changed = "its time tells nothing, by this machine's clock"
        if age is not None:
            changed = f"changed {age:.0f} s ago"
        self._listener.tell(
            source.path,
            f"{changed}: its turn comes once it has been unchanged for "
            f"{self._settings.settle_seconds:g} s, since a recorder may still go on with it; "
            "--settle SECONDS changes that, --settle 0 does not wait",
        )

    def _verify(
        self, file: str, source: Source, found: Probe, started: float, destination: Destination
    ) -> Record:
        """Compare a recording with what the destination has of it; nothing is changed."""
        target = self._target(source, found, self._read(source))
        uri, size = self._settings.place.uri(target.name), source.size_bytes
        patience, note = Patience(self._settings.patience_seconds), None
        while True:
            try:
                presence = destination.find(target)
                break
            except TransientError as error:
                patience.wait(error)
            except UploadFailedError as error:
                presence, note = "different", str(error)
                break
        state = {"same": "present", "unverified": "present", "unknown": "failed"}.get(presence)
        if presence == "unverified":
            note = "its checksum at the store could not be compared"
        if presence == "unknown":
            note = "this account may not look at the object"
        return Record(
            file,
            state or presence,  # pyright: ignore[reportArgumentType]  It is absent or different.
            uri,
            size,
            target.digests.sha256.hex(),
            seconds=_since(started),
            verified=presence == "same",
            note=note,
        )

    def _upload(
        self,
        file: str,
        source: Source,
        found: Probe,
        started: float,
        patience_seconds: float,
        quiet_seconds: float | None,
    ) -> Record:
        remembered = self._state.digests(source.path, source.identity)
        digests = remembered or self._read(source)
        target = self._target(source, found, digests)
        uri, size = self._settings.place.uri(target.name), source.size_bytes
        if self._destination is None:
            return Record(file, "planned", uri, size, digests.sha256.hex(), note=found.problem)
        if self._settings.place.scheme == "file" and source.is_at(Path(uri)):
            raise UploadFailedError(f"is itself the upload: {uri}")  # To delete it loses it.
        with (
            self._listener.progress(source.path, "sending", size) as report,
            self._state.locked(uri),
        ):
            delivering = Delivering(
                uri,
                self._place,
                target,
                source,
                self._destination,
                self._state,
                self._pace,
                Patience(patience_seconds),
                report,
                lambda: self._disks.changed(Path(self._settings.place.root)),
            )
            delivery = delivering.run()
        if remembered is not None and self._settings.is_putting_away:
            self._compare(source, digests)
        away = put_away(
            source,
            self._settings,
            self._disks,
            digests,
            is_verified=delivery.is_verified,
            quiet_seconds=quiet_seconds,
            hold=self._hold,
        )
        if away.state in ("deleted", "moved"):
            self._state.forget_file(self._place, source.path)
        elif away.state == "kept":
            self._state.keep_done(self._place, source.path, source.identity)
        return Record(
            file,
            delivery.state,
            uri,
            size,
            digests.sha256.hex(),
            seconds=_since(started),
            resumed_bytes=delivery.resumed_bytes,
            verified=delivery.is_verified,
            note="; ".join(filter(None, (found.problem, away.note))) or None,
            then=away.state,
            sent_bytes=delivering.sent_bytes,
            actor=self._settings.actor if away.state in ("deleted", "moved") else None,
        )

    def _target(self, source: Source, found: Probe, digests: Digests) -> Target:
        collector = self._settings.collector
        name = object_name(collector, found.recorded_at, digests.sha256, found.extension)
        return Target(
            self._state.name(self._place, collector, digests.sha256, name),
            content_type(found.extension),
            metadata(
                collector,
                source.path,
                found.recorded_at,
                digests.sha256,
                self._settings.rights,
            ),
            source.size_bytes,
            digests,
        )

    def _read(self, source: Source) -> Digests:
        """Read the whole recording, and remember what it holds while it is unchanged."""
        with self._listener.progress(source.path, "reading", source.size_bytes) as report:
            digests = source.digest(report)
        # To read one block again is less work than to remember it.
        if digests.block_count > 1 or self._state.knows(source.path):
            self._state.keep_digests(source.path, source.identity, digests)
        return digests

    def _compare(self, source: Source, digests: Digests) -> None:
        """Read the recording before it is put away, if this run only remembered what it held.

        Raises:
            StaleDigestsError: it holds something else: a loop recorder wrote over it.
        """
        with self._listener.progress(source.path, "comparing", source.size_bytes) as report:
            if source.digest(report) != digests:
                raise StaleDigestsError("its bytes are not those that it had before")


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
