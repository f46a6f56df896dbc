"""One upload to images and ledger rows: what the job's workers and the watcher do with each."""

import re
from contextlib import nullcontext
from typing import Any

from vidset.elements import Extraction, Upload
from vidset.errors import BadInputError, MissingUploadError, UndecodableVideoError
from vidset.extraction import OnSample, extract, failed
from vidset.forgotten import tombstones_of
from vidset.intake.places import Thumbnails
from vidset.intake.planning import planned
from vidset.intake.redoing import Earlier, Labels, Redo, earlier
from vidset.intake.sheets import Sheets
from vidset.intake.taken import Taken, count_streams, skipped
from vidset.ledger.open import open_ledger
from vidset.naming import image_id, image_prefix
from vidset.settings import ExtractionSettings
from vidset.spread.shared import Shared
from vidset.spread.sharing import decode_part, plan_segments
from vidset.storage.open import Stores, open_store
from vidset.storage.store import DEFAULT_SCRATCH_BYTES
from vidset.video.decoding import Video

_IMAGE = re.compile(r"\d{10,}\.jpg")


class Ingest:
    """Opened once in a process: clients of stores and ledgers do not pickle.

    Args:
        images, ledger: uris.
        redo: which videos are extracted again although the ledger has them.
        labels: uri of the store of tasks and annotations: an image that has some is not deleted.

        thumbnails: where sheets of dropped samples go, if anywhere.

    Attributes:
        images, ledger: the stores behind their uris.
    """

    def __init__(
        self,
        settings: ExtractionSettings,
        images: str,
        ledger: str,
        scratch_bytes: int = DEFAULT_SCRATCH_BYTES,
        redo: Redo = Redo(),  # noqa: B008 (frozen)
        labels: str | None = None,
        thumbnails: Thumbnails = Thumbnails(),  # noqa: B008 (frozen)
    ):
        self._settings, self._scratch_bytes = settings, scratch_bytes
        self._settings_id = settings.settings_id
        # Stands for the row of a forgotten video, which is passed over whatever the settings are.
        self._forgotten = {"status": "forgotten", "error": None, "settings_id": self._settings_id}
        self._redo, self._labels = redo, Labels(labels)
        self._sheets = Sheets(thumbnails)
        self.images = open_store(images)
        self.ledger = open_ledger(ledger)
        self._tombstones = tombstones_of(images, ledger)
        self._sources = Stores()

    def look(self, upload: Upload) -> Taken:
        """Say what `take` would do with an upload. Nothing is decoded, nothing is changed."""
        try:
            store, _ = self._sources.find(upload.uri)
            upload = store.identify(upload)
            if upload.generation is None:
                with store.open(upload, self._scratch_bytes) as (upload, _):
                    pass
        except MissingUploadError as error:
            return Taken(upload, "missing", reason=error.reason)
        row = self._find(upload)
        if row is None:
            return Taken(upload, "new")
        if not self._is_redone(row):
            return skipped(upload, row)
        return Taken(upload, "redo", reason=f"it is {row['status']}", earlier=self._earlier(upload))

    def plan(self, upload: Upload, shared: Shared) -> tuple[int, Upload]:
        """Leave the plan of an upload for others. Returns its number of segments; 0: not worth it.

        Raises:
            BadInputError: it is gone, or no video.
        """
        taken = self.look(upload)
        if taken.what != "new":
            return 0, upload
        upload, uri = taken.upload, upload.video_uri
        store, _ = self._sources.find(upload.uri)
        with (
            store.open(upload, 0) as (_, source),
            Video(source, uri, stream=upload.stream) as video,
        ):
            content = upload.generation or ""
            return plan_segments(shared, video, content, self._settings, uri), upload

    def decode_part(self, upload: Upload, shared: Shared, part: int, parts: int) -> None:
        """Decode a part of a planned upload and leave it for others.

        Raises:
            BadInputError: it is gone, or has changed.
        """
        store, _ = self._sources.find(upload.uri)
        with store.open(upload, 0) as (opened, source):
            decode_part(
                shared,
                source,
                opened.generation or "",
                self._settings,
                upload.video_uri,
                stream=upload.stream,
                part=part,
                parts=parts,
            )

    def take(
        self,
        upload: Upload,
        on_sample: OnSample | None = None,
        give_up: str | None = None,
        cores: int = 1,
        shared: Shared | None = None,
    ) -> Taken:
        """Sample the video and store its images, unless the ledger has it: then nothing is decoded.

        What is neither the upload's fault nor known is raised: it is to be tried again. Of an
        upload that fails no image stays, but for those that have labels.

        Args:
            on_sample: is called for each sample.
            give_up: nothing is decoded, the upload is recorded as failed for this reason.
            cores: on so many processes a long video is decoded.
            shared: where what other nodes have decoded of it waits.
        """
        extraction, row, before, sheet = None, None, None, None
        stored: set[str] = set()
        try:
            store, _ = self._sources.find(upload.uri)
            with nullcontext(_nothing) if give_up else planned(upload) as opened_before:
                upload = store.identify(upload)
                row = self._find(upload)
                if row is None or self._is_redone(row):
                    with store.open(upload, self._scratch_bytes) as (upload, source):
                        row = self._find(upload)  # Some generations are known only by reading.
                        if row is None or self._is_redone(row):
                            before, row = self._reopened(upload, row), None
                            if give_up is not None:
                                raise UndecodableVideoError(give_up, upload.video_uri)
                            sheet = self._sheets.begin()
                            extraction = extract(
                                upload,
                                source,
                                self._settings,
                                self.images,
                                on_sample,
                                cores=cores,
                                shared=shared,
                                opened_before=opened_before,
                                replaceable=before.replaceable if before else (),
                                stored=stored,
                                dropped=sheet,
                            )
        except MissingUploadError as error:
            self._discard(stored)
            return Taken(upload, "missing", reason=error.reason)
        except BadInputError as error:
            self._discard(stored | (self._left(upload) if give_up else set()))
            rows = self._settled(failed(upload, self._settings, error), before)
            self._sheets.end(rows, None)
            return Taken(upload, "failed", rows, reason=error.reason, earlier=before)
        if row is not None:
            return skipped(upload, row)
        assert extraction is not None  # noqa: S101 (there was no row)
        others = count_streams(extraction.video.other_streams)
        rows = self._settled(extraction, before)
        self._sheets.end(rows, sheet)
        return Taken(upload, "extracted", rows, other_streams=others, earlier=before)

    def _is_redone(self, row: dict[str, Any]) -> bool:
        return row is not self._forgotten and self._redo.wants(row, self._settings_id)

    def _find(self, upload: Upload) -> dict[str, Any] | None:
        if upload.generation is None:
            return None
        row = self.ledger.find(upload.video_uri, upload.generation)
        if row is None and self._tombstones.has(upload.video_uri, upload.generation):
            return self._forgotten
        return row

    def _reopened(self, upload: Upload, row: dict[str, Any] | None) -> Earlier | None:
        """Take the video's own row away: whatever happens from here on, a rerun does it again.

        Its frames' rows stay until there are new ones, and tell a rerun which images are replaced.
        """
        if row is not None:
            self.ledger.reopen(upload.video_uri, upload.generation or "")
        elif not (self.ledger.is_quick or self._redo.kinds):
            return None
        before = self._earlier(upload)
        return before if row is not None or before.has_rows else None

    def _earlier(self, upload: Upload) -> Earlier:
        rows = self.ledger.frames(upload.video_uri, upload.generation or "")
        return earlier(rows, self.images, self._labels)

    def _settled(self, extraction: Extraction, before: Earlier | None) -> Extraction:
        if before is None:
            return extraction
        before.clear(self.images, extraction)
        return before.merged(extraction)

    def _left(self, upload: Upload) -> set[str]:
        """The names of the images that attempts have left whose workers died."""
        if upload.generation is None:
            return set()
        prefix = image_prefix(upload.name, upload.generation, upload.stream) + "/"
        names = {each.name for each in self.images.list(prefix)}
        return {name for name in names if _IMAGE.fullmatch(name.removeprefix(prefix))}

    def _discard(self, names: set[str]) -> None:
        """Delete images that no ledger will name, but for those that have labels already."""
        ids = {image_id(self.images.place(name)): name for name in names}
        labeled = self._labels.among(ids)
        for each, name in ids.items():
            if each not in labeled:
                self.images.delete(name)


def _nothing() -> None:
    """Stands for opening where there is nothing to open."""
