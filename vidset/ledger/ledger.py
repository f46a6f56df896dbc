"""The ledgers: what is known of every sample and every video. A video's rows mark it as done."""

import io
from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.elements import Extraction, ledger_key
from vidset.parquet import read_parquet
from vidset.storage.store import ObjectStore
from vidset.tables.arrow import arrow_schema
from vidset.tables.schemas import tables

FRAMES, VIDEOS = (arrow_schema(tables()[name].columns) for name in ("frames", "videos"))
_PARQUET = "application/vnd.apache.parquet"


class Ledger(Protocol):
    """The ledger that rows go to. Writing the same extraction twice leaves one set of rows.

    A video is named by its `Upload.video_uri`.

    Attributes:
        is_quick: whether asking costs next to nothing.
    """

    is_quick: bool

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        """The video's row; None if it is not done."""
        ...

    def frames(self, video_uri: str, generation: str) -> list[dict[str, Any]]:
        """The video's frames' rows, whether its own row is there or not."""
        ...

    def reopen(self, video_uri: str, generation: str) -> None:
        """Take the video's own row away, so that it counts as not done. Its frames' rows stay."""
        ...

    def commit(self, extractions: Iterable[Extraction]) -> None:
        """Write the frames' rows, then the videos'."""
        ...


class FolderLedger:
    """`frames/<key>.parquet` and `videos/<key>.parquet`: two small files for a video."""

    is_quick = True

    def __init__(self, store: ObjectStore):
        self._store = store

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        name = f"videos/{ledger_key(video_uri, generation)}.parquet"
        try:
            data = self._store.read(name)
        except FileNotFoundError:
            return None
        return read_parquet(data).to_pylist()[0]

    def frames(self, video_uri: str, generation: str) -> list[dict[str, Any]]:
        try:
            data = self._store.read(f"frames/{ledger_key(video_uri, generation)}.parquet")
        except FileNotFoundError:
            return []
        return read_parquet(data).to_pylist()

    def reopen(self, video_uri: str, generation: str) -> None:
        self._store.delete(f"videos/{ledger_key(video_uri, generation)}.parquet")

    def commit(self, extractions: Iterable[Extraction]) -> None:
        for extraction in extractions:
            frames = [frame.to_row() for frame in extraction.frames]
            self._put(f"frames/{extraction.key}.parquet", frames, FRAMES)
            # Last: from here on the video is done.
            self._put(f"videos/{extraction.key}.parquet", [extraction.video.to_row()], VIDEOS)

    def _put(self, name: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema), sink, compression="zstd")
        self._store.put(name, sink.getvalue(), _PARQUET)
