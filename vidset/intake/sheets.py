"""Sheets of dropped samples: `thumbnails/<key>.webp`, one a video, beside the ledgers of a place.

The key is that of the video's ledger files. A sheet is written before the ledger's row, and one
that does not belong to the rows that are written is taken away.
"""

from contextlib import suppress

from vidset.elements import Extraction
from vidset.filtering.dropped import DroppedSheet
from vidset.intake.places import Thumbnails, sheet_name
from vidset.storage.open import open_store


class Sheets:
    """The sheets of one place. Opened once in a process."""

    def __init__(self, thumbnails: Thumbnails):
        self._are_drawn = thumbnails.are_drawn
        self._store = None if thumbnails.uri is None else open_store(thumbnails.uri)

    def begin(self) -> DroppedSheet | None:
        """Return what takes the dropped samples of one video; None where nobody wants them."""
        return DroppedSheet() if self._store is not None and self._are_drawn else None

    def end(self, extraction: Extraction, sheet: DroppedSheet | None) -> None:
        """Store the sheet of a video, or take away what an earlier run has left.

        Images with labels stay from an earlier run as kept samples, so that others may be dropped
        than the sheet has: then there is none.
        """
        if self._store is None:
            return
        name = sheet_name(extraction.key)
        dropped = sum(not frame.kept for frame in extraction.frames)
        data = sheet.webp() if sheet is not None and sheet.count == dropped else None
        if data is None:
            # Where nothing may be deleted, readers pass over a sheet that does not fit the rows.
            with suppress(PermissionError):
                self._store.delete(name)
        else:
            self._store.put(name, data, "image/webp")
