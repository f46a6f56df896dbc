"""The images that an extraction kept, from its ledger of Parquet files."""

from collections.abc import Iterator
from dataclasses import dataclass

from vidset.labeling.task import Image
from vidset.ledger.rows import LedgerRows
from vidset.storage.open import open_store

_COLUMNS = ["image_id", "image_uri", "width", "height", "kept"]
_ORIGIN_COLUMNS = ("image_id", "video_uri", "pts_seconds", "collector_id")


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a kept image: its video, the time in it, and who collected it."""

    image_id: str
    video_uri: str
    pts_seconds: float
    collector_id: str | None


class ParquetLedger:
    """A `vidset.labeling.places.ImageLedger` over a folder, gs:// or s3:// place."""

    def __init__(self, out: str):
        """Raises ValueError: of another kind, or its client is not installed."""
        open_store(out)
        self._out = out

    def origins(self) -> Iterator[Origin]:
        """Yield where each kept image of the committed videos comes from."""
        for _, table in LedgerRows(self._out).frames_in_order(_ORIGIN_COLUMNS):
            for row in table.to_pylist():
                if row["image_id"] is not None:
                    yield Origin(**row)

    def images(self) -> Iterator[Image]:
        # Frames count when their video's row says so. Names only: some 100 bytes for a video.
        for _, table in LedgerRows(self._out).frames_in_order(_COLUMNS):
            for row in table.to_pylist():
                if row["kept"]:
                    yield Image(row["image_id"], row["image_uri"], row["width"], row["height"])
