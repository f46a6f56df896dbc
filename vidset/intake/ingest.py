"""One upload to images and ledger rows: what the job's workers and the watcher do with each."""

from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from vidset.elements import Extraction, Upload
from vidset.errors import BadInputError, MissingUploadError, UndecodableVideoError
from vidset.extraction import OnSample, extract, failed
from vidset.intake.planning import planned
from vidset.ledger.open import open_ledger
from vidset.naming import printable
from vidset.settings import ExtractionSettings
from vidset.storage.open import Stores, open_store
from vidset.storage.store import DEFAULT_SCRATCH_BYTES


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an upload.

    Attributes:
        upload: with its generation, as far as it got known.
        what: missing is gone, or changed while it was read; skipped was done before.
        extraction: rows for the ledger, whose images are stored; of extracted and failed ones.
        reason: for a dead letter. It goes first: with the ledger's rows the video is done. Of a
            skipped one that failed before, too: its letter may not have got through then.
        settings_id: of a skipped one, those it was done with.
    """

    upload: Upload
    what: Literal["extracted", "failed", "missing", "skipped"]
    extraction: Extraction | None = None
    reason: str | None = None
    settings_id: str | None = None


class Ingest:
    """Opened once in a process: clients of stores and ledgers do not pickle.

    Attributes:
        images, ledger: the stores behind their uris.
    """

    def __init__(
        self,
        settings: ExtractionSettings,
        images: str,
        ledger: str,
        scratch_bytes: int = DEFAULT_SCRATCH_BYTES,
    ):
        self._settings, self._scratch_bytes = settings, scratch_bytes
        self.images = open_store(images)
        self.ledger = open_ledger(ledger)
        self._sources = Stores()

    def take(
        self,
        upload: Upload,
        on_sample: OnSample | None = None,
        give_up: str | None = None,
        cores: int = 1,
    ) -> Taken:
        """Sample the video and store its images, unless the ledger has it: then nothing is decoded.

        What is neither the upload's fault nor known is raised: it is to be tried again.

        Args:
            on_sample: is called for each sample.
            give_up: nothing is decoded, the upload is recorded as failed for this reason.
            cores: on so many processes a long video is decoded.
        """
        extraction = row = None
        try:
            store, _ = self._sources.find(upload.uri)
            with nullcontext(_nothing) if give_up else planned(upload) as opened_before:
                upload = store.identify(upload)
                row = self._find(upload)
                if row is None:
                    with store.open(upload, self._scratch_bytes) as (upload, source):
                        row = self._find(upload)  # Some generations are known only by reading.
                        if row is None and give_up is not None:
                            raise UndecodableVideoError(give_up, printable(upload.uri))
                        if row is None:
                            extraction = extract(
                                upload,
                                source,
                                self._settings,
                                self.images,
                                on_sample,
                                cores=cores,
                                opened_before=opened_before,
                            )
        except MissingUploadError as error:
            return Taken(upload, "missing", reason=error.reason)
        except BadInputError as error:
            rows = failed(upload, self._settings, error)
            return Taken(upload, "failed", extraction=rows, reason=error.reason)
        if row is None:
            return Taken(upload, "extracted", extraction=extraction)
        reason = row["error"] if row["status"] == "failed" else None
        return Taken(upload, "skipped", reason=reason, settings_id=row["settings_id"])

    def _find(self, upload: Upload) -> dict[str, Any] | None:
        if upload.generation is None:
            return None
        return self.ledger.find(upload.uri, upload.generation)


def _nothing() -> None:
    """What has been opened where nothing has."""
