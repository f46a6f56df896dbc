"""One recording after the other: looked at, hashed, named, delivered, put away."""

import time
from pathlib import Path

from vidset.naming import printable
from vidset.upload.afterwards import put_away
from vidset.upload.delivering import Delivering
from vidset.upload.destination import Destination, Target
from vidset.upload.display import Display, Record
from vidset.upload.errors import SourceChangedError, UploadFailedError
from vidset.upload.identity import Identity
from vidset.upload.naming import content_type, metadata, object_name, video_id
from vidset.upload.pacing import Pace
from vidset.upload.patience import Patience
from vidset.upload.probing import Probe, probe
from vidset.upload.settings import Settings
from vidset.upload.source import Digests, Source
from vidset.upload.state import State


class Uploader:
    """All that uploads of a run share. `destination` is None for a dry run."""

    def __init__(
        self, settings: Settings, destination: Destination | None, state: State, display: Display
    ):
        self._settings, self._destination = settings, destination
        self._state, self._display = state, display
        self._pace = Pace(settings.bytes_per_second)
        self._place = settings.place.uri("")

    def upload(self, path: Path) -> Record:
        """What became of it.

        Raises:
            RefusedError: the destination takes nothing, of others neither.
        """
        started, file = time.monotonic(), printable(str(path))
        try:
            found = probe(path)
            if found.problem and self._settings.skips_unreadable:
                note = f"{found.problem}; left alone: --unreadable upload sends it all the same"
                return Record(file, "unreadable", note=note)
            with Source(path) as source:
                return self._upload(file, source, found, started)
        except UploadFailedError as error:
            if isinstance(error, SourceChangedError):
                self._state.forget_digests(path)  # Size and time may be as they were.
            return Record(file, "failed", note=str(error), seconds=_since(started))

    def is_done(self, path: Path, identity: Identity) -> bool:
        """Whether it was uploaded by an earlier run, and has not changed since."""
        return self._state.is_done(self._place, path, identity)

    def _upload(self, file: str, source: Source, found: Probe, started: float) -> Record:
        digests = self._digests(source)
        collector = self._settings.collector
        name = object_name(collector, found.recorded_at, digests.sha256, found.extension)
        name = self._state.name(self._place, collector, digests.sha256, name)
        uri, size = self._settings.place.uri(name), source.size_bytes
        if self._destination is None:
            return Record(file, "planned", uri, size, digests.sha256.hex(), note=found.problem)
        if self._settings.place.scheme == "file" and source.is_at(Path(uri)):
            raise UploadFailedError(f"is itself the upload: {uri}")  # To delete it loses it.
        target = Target(
            name,
            content_type(found.extension),
            metadata(collector, source.path, found.recorded_at, digests.sha256),
            size,
            digests,
        )
        with (
            self._display.progress(source.path, "sending", size) as report,
            self._state.locked(uri),
        ):
            delivery = Delivering(
                uri,
                target,
                source,
                self._destination,
                self._state,
                self._pace,
                Patience(self._settings.patience_seconds),
                report,
            ).run()
        kept = put_away(
            source, self._settings, video_id(digests.sha256), is_verified=delivery.is_verified
        )
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
            note="; ".join(filter(None, (found.problem, kept))) or None,
        )

    def _digests(self, source: Source) -> Digests:
        """Of the whole recording, read once for as long as it does not change."""
        if known := self._state.digests(source.path, source.identity):
            return known
        with self._display.progress(source.path, "reading", source.size_bytes) as report:
            digests = source.digest(report)
        self._state.keep_digests(source.path, source.identity, digests)
        return digests


def _since(started: float) -> float:
    return round(time.monotonic() - started, 3)
