"""Tells which uploads earlier runs have done, for all at once and without reading them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from vidset.elements import DeadLetter, Upload, ledger_key
from vidset.intake.dead_letters import put_dead_letter
from vidset.intake.request import Request
from vidset.intake.taken import outcome_of, skipped
from vidset.intake.tasks import Outcome
from vidset.known_files import KnownFiles
from vidset.ledger.ledger import VIDEOS
from vidset.ledger.packing import LEAST
from vidset.ledger.rows import LedgerRows
from vidset.storage.open import open_store
from vidset.storage.uris import is_uri


class DoneBefore:
    """Tells what a worker would say of uploads that are done.

    Attributes:
        is_scattered: whether many ledgers were found that are not packed.
    """

    def __init__(self, request: Request, known: KnownFiles, settings_id: str):
        self._places, self._is_dry, self._redo = request.places, request.is_dry, request.redo
        self._known, self._settings_id = known, settings_id
        self._rows: LedgerRows | None = None
        self.is_scattered = False

    def among(self, uploads: Sequence[Upload]) -> list[Outcome | None]:
        """Return what became of each upload earlier; None: it is to be looked at.

        Raises:
            ValueError: a ledger is damaged.
        """
        named = [self._named(upload) for upload in uploads]
        keys = {
            ledger_key(each.video_uri, each.generation)
            for each in named
            if each.generation is not None
        }
        rows = self._find(keys)
        return [self._outcome(upload, rows) for upload in named]

    def _named(self, upload: Upload) -> Upload:
        if upload.generation is not None or is_uri(upload.uri):
            return upload
        return replace(upload, generation=self._known.digest(upload.uri))

    def _find(self, keys: set[str]) -> Mapping[str, Mapping[str, Any]]:
        """Read the rows of videos, from packs where there are some."""
        if not keys:
            return {}
        if self._rows is None:
            self._rows = LedgerRows(self._places.ledger)
            self.is_scattered = len(self._rows.loose) >= LEAST
        there = keys & self._rows.stamps.keys()
        found: dict[str, Mapping[str, Any]] = {}
        try:
            for rows in self._rows.videos(VIDEOS.names, there):
                found |= zip(rows.keys, rows.table.to_pylist(), strict=True)
        except FileNotFoundError:  # Another run has begun to do it again.
            return {}
        return found

    def _outcome(self, upload: Upload, rows: Mapping[str, Mapping[str, Any]]) -> Outcome | None:
        if upload.generation is None:
            return None
        row = rows.get(ledger_key(upload.video_uri, upload.generation))
        if row is None or self._redo.wants(row, self._settings_id):
            return None
        taken = skipped(upload, row)
        if taken.reason is not None and not self._is_dry:
            # The letter of then may not have got through.
            letter = DeadLetter(upload.video_uri, taken.reason, upload.event)
            put_dead_letter(open_store(self._places.dead_letters), letter)
        return outcome_of(upload.video_uri, taken)
