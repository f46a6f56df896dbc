"""One upload after the other to images and ledger rows, without a pipeline.

What `dataflow.transforms.ExtractFrames`, `WriteLedger` and `WriteDeadLetters` do with an element,
in the same order, by the same functions.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from dataflow.dead_letters import put_dead_letter
from dataflow.elements import DeadLetter, Extraction, Upload
from dataflow.errors import BadInputError, MissingUploadError
from dataflow.extraction import extract, failed
from dataflow.naming import printable
from dataflow.places import open_ledger, open_store
from dataflow.settings import ExtractionSettings
from dataflow.storage import DEFAULT_SCRATCH_BYTES, ObjectStore

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


class Ingest:
    """Opened once in a process: clients of stores and ledgers do not pickle."""

    def __init__(self, settings: ExtractionSettings, places: Places):
        self._settings = settings
        self._images = open_store(places.images)
        self._ledger = open_ledger(places.ledger)
        self._letters = open_store(places.dead_letters)
        self._sources: dict[str, ObjectStore] = {}

    def check(self) -> None:
        """Ask each place for something, which raises what is wrong with it."""
        self._ledger.find("", "")
        for store in self._images, self._letters:
            with suppress(FileNotFoundError):
                store.read("none")

    def reject(self, letter: DeadLetter) -> Outcome:
        """Keep a message that is no event."""
        put_dead_letter(self._letters, letter)
        return Outcome(letter.uri, "malformed", reason=letter.reason)

    def take(self, upload: Upload) -> Outcome:
        """Images first, ledger rows last, unless they are there: then nothing is decoded.

        Doing it twice, also at the same time, leaves the same. What is neither the upload's
        fault nor known is raised: it is to be tried again.
        """
        extraction = row = None
        try:
            store = self._store_of(upload)
            upload = store.identify(upload)
            row = self._find(upload)
            if row is None:
                with store.open(upload, DEFAULT_SCRATCH_BYTES) as (upload, source):
                    row = self._find(upload)  # Some generations are known only by reading.
                    if row is None:
                        extraction = extract(upload, source, self._settings, self._images)
        except MissingUploadError as error:
            return self._outcome(upload, "missing", error.reason)
        except BadInputError as error:
            # The dead letter first: with the ledger's row the video is done.
            outcome = self._outcome(upload, "failed", error.reason)
            self._ledger.commit([failed(upload, self._settings, error)])
            return outcome
        if extraction is not None:
            self._ledger.commit([extraction])
            return _outcome_of(extraction)
        if row is not None and row["status"] == "failed":
            # Again: the first one may not have got through before the row did.
            self._put_letter(upload, row["error"])
        return Outcome(printable(upload.uri), "skipped")

    def _outcome(self, upload: Upload, what: What, reason: str) -> Outcome:
        self._put_letter(upload, reason)
        return Outcome(printable(upload.uri), what, reason=reason)

    def _put_letter(self, upload: Upload, reason: str) -> None:
        put_dead_letter(self._letters, DeadLetter(printable(upload.uri), reason, upload.event))

    def _find(self, upload: Upload) -> dict[str, Any] | None:
        if upload.generation is None:
            return None
        return self._ledger.find(upload.uri, upload.generation)

    def _store_of(self, upload: Upload) -> ObjectStore:
        scheme, separator, rest = upload.uri.partition("://")
        place = f"{scheme}://{rest.partition('/')[0]}" if separator else "/"
        if place not in self._sources:
            self._sources[place] = open_store(place)
        return self._sources[place]


def _outcome_of(extraction: Extraction) -> Outcome:
    video = extraction.video
    return Outcome(video.video_uri, video.status, video.samples, video.kept, video.error)
