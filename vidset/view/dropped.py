"""The sheets of dropped samples, as the page of a video shows them."""

from dataclasses import dataclass

from vidset.elements import ledger_key
from vidset.filtering.dropped import ACROSS, MOST, SIDE
from vidset.intake.places import SHEETS, sheet_name
from vidset.picture_headers import told_size
from vidset.project import Project
from vidset.storage.open import open_store


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that fits its video's rows.

    Attributes:
        stride: each so manieth dropped sample is on it.
        across: so many stand beside each other.
        rows: so many lines there are.
    """

    webp: bytes
    stride: int
    across: int
    rows: int

    def told(self) -> dict[str, int]:
        """Return what the page needs beside the picture."""
        return {
            "size_bytes": len(self.webp),
            "stride": self.stride,
            "across": self.across,
            "rows": self.rows,
        }


class DroppedSheets:
    """The sheets of one place; none where only blurred copies may be seen."""

    def __init__(self, project: Project, *, are_shown: bool):
        self._store = open_store(project.below(SHEETS)) if are_shown else None

    def read(self, video_uri: str, generation: str, dropped: int) -> Sheet | None:
        """Return the sheet of a video with so many dropped samples; None if there is none.

        One that was made of other samples is passed over.
        """
        if self._store is None or not dropped:
            return None
        try:
            webp = self._store.read(sheet_name(ledger_key(video_uri, generation)))
        except FileNotFoundError:
            return None
        stride = 1
        while -(-dropped // stride) > MOST:
            stride *= 2
        rows = -(-dropped // stride // ACROSS)
        width, height = told_size(webp) or (0, 0)
        fits = width and not width % ACROSS and not height % rows
        if not fits or max(width // ACROSS, height // rows) > SIDE:
            return None
        return Sheet(webp, stride, ACROSS, rows)
