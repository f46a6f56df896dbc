"""One upload after the other to images, dead letters and ledger rows, without a pipeline."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from vidset.elements import DeadLetter, Upload
from vidset.intake.dead_letters import put_dead_letter
from vidset.intake.ingest import Ingest
from vidset.naming import printable
from vidset.settings import ExtractionSettings
from vidset.storage.uris import open_store

What = Literal["done", "partial", "failed", "missing", "malformed", "skipped"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things go: folders, gs:// or s3:// uris; the ledger also bq://project.dataset."""

    images: str
    ledger: str
    dead_letters: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload, or of a message that names none.

    Attributes:
        what: as the video ledger says it; `missing` is gone, or changed while it was read;
            `skipped` was done before.
        reason: of what failed, or is there in part only.
    """

    uri: str
    what: What
    samples: int = 0
    kept: int = 0
    reason: str | None = None


class Intake:
    """Opened once in a process: clients of stores and ledgers do not pickle."""

    def __init__(self, settings: ExtractionSettings, places: Places):
        self._ingest = Ingest(settings, places.images, places.ledger)
        self._letters = open_store(places.dead_letters)

    def check(self) -> None:
        """Ask each place for something, which raises what is wrong with it."""
        self._ingest.ledger.find("", "")
        for store in self._ingest.images, self._letters:
            with suppress(FileNotFoundError):
                store.read("none")

    def reject(self, letter: DeadLetter) -> Outcome:
        """Keep a message that is no event."""
        put_dead_letter(self._letters, letter)
        return Outcome(letter.uri, "malformed", reason=letter.reason)

    def take(self, upload: Upload) -> Outcome:
        """Images first, then a dead letter if there is one, ledger rows last.

        Doing it twice, also at the same time, leaves the same. What is neither the upload's
        fault nor known is raised: it is to be tried again.
        """
        taken = self._ingest.take(upload)
        uri = printable(taken.upload.uri)
        if taken.reason is not None:
            put_dead_letter(self._letters, DeadLetter(uri, taken.reason, taken.upload.event))
        if taken.extraction is not None:
            self._ingest.ledger.commit([taken.extraction])
        if taken.what == "skipped":
            return Outcome(uri, "skipped")
        if taken.extraction is None:
            return Outcome(uri, "missing", reason=taken.reason)
        video = taken.extraction.video
        return Outcome(uri, video.status, video.samples, video.kept, video.error)
