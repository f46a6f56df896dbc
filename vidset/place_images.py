"""The images that an extraction kept, from its ledger of Parquet files."""

from collections.abc import Iterator

from vidset.labeling.task import Image
from vidset.parquet import read_parquet
from vidset.storage.open import open_store

_COLUMNS = ["image_id", "image_uri", "width", "height", "kept"]


class ParquetLedger:
    """A `vidset.labeling.ledger.ledger.ImageLedger` over a folder, gs:// or s3:// place."""

    def __init__(self, out: str):
        """Raises ValueError: of another kind, or its client is not installed."""
        self._frames, self._videos = open_store(f"{out}/frames"), open_store(f"{out}/videos")

    def images(self) -> Iterator[Image]:
        # Frames count when their video's row says so. Names only: some 100 bytes for a video.
        committed = {video.name for video in self._videos.list()}
        for name in sorted(committed):
            table = read_parquet(self._frames.read(name), _COLUMNS)
            for row in table.to_pylist():
                if row["kept"]:
                    yield Image(row["image_id"], row["image_uri"], row["width"], row["height"])
