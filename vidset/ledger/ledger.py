"""The ledgers: what is known of every sample and every video. A video's rows mark it as done."""

import io
from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.elements import Extraction, ledger_key
from vidset.naming import printable
from vidset.parquet import read_parquet
from vidset.storage.store import ObjectStore

_TEXT, _NUMBER, _COUNT, _FLAG = pa.string(), pa.float64(), pa.int64(), pa.bool_()
_TIME = pa.timestamp("us", tz="UTC")
# As in infra/schemas, which tests compare. The second value is whether a row may lack it.
FRAMES = pa.schema(
    [
        pa.field("video_uri", _TEXT, nullable=False),
        pa.field("generation", _TEXT, nullable=False),
        pa.field("collector_id", _TEXT),
        pa.field("pts_seconds", _NUMBER, nullable=False),
        pa.field("kept", _FLAG, nullable=False),
        pa.field("reason", _TEXT, nullable=False),
        pa.field("ssim", _NUMBER),
        pa.field("local_change", _NUMBER),
        pa.field("sharpness", _NUMBER, nullable=False),
        pa.field("brightness", _NUMBER, nullable=False),
        pa.field("phash", _TEXT, nullable=False),
        pa.field("width", _COUNT, nullable=False),
        pa.field("height", _COUNT, nullable=False),
        pa.field("image_id", _TEXT),
        pa.field("image_uri", _TEXT),
        pa.field("image_sha256", _TEXT),
        pa.field("settings_id", _TEXT, nullable=False),
        pa.field("period_seconds", _NUMBER),
        pa.field("similarity_threshold", _NUMBER),
        pa.field("kept_at", _COUNT),
        pa.field("kept_at_2", _COUNT),
        pa.field("kept_at_5", _COUNT),
        pa.field("kept_at_10", _COUNT),
        pa.field("uploaded_at", _TIME),
    ]
)
VIDEOS = pa.schema(
    [
        pa.field("video_uri", _TEXT, nullable=False),
        pa.field("generation", _TEXT, nullable=False),
        pa.field("collector_id", _TEXT),
        pa.field("size_bytes", _COUNT),
        pa.field("container", _TEXT),
        pa.field("codec", _TEXT),
        pa.field("width", _COUNT),
        pa.field("height", _COUNT),
        pa.field("rotation", _COUNT),
        pa.field("sample_aspect_ratio", _TEXT),
        pa.field("duration_seconds", _NUMBER),
        pa.field("samples", _COUNT, nullable=False),
        pa.field("kept", _COUNT, nullable=False),
        pa.field("status", _TEXT, nullable=False),
        pa.field("error", _TEXT),
        pa.field("settings_id", _TEXT, nullable=False),
        pa.field("uploaded_at", _TIME),
        pa.field("vidset_version", _TEXT),
        pa.field("decoder_version", _TEXT),
    ]
)
_PARQUET = "application/vnd.apache.parquet"


class Ledger(Protocol):
    """Where rows go. Writing the same extraction twice leaves one set of rows."""

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        """The video's row; None if it is not done."""
        ...

    def commit(self, extractions: Iterable[Extraction]) -> None:
        """Write the frames' rows, then the videos'."""
        ...


class FolderLedger:
    """`frames/<key>.parquet` and `videos/<key>.parquet`: two small files for a video."""

    def __init__(self, store: ObjectStore):
        self._store = store

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        name = f"videos/{ledger_key(printable(video_uri), generation)}.parquet"
        try:
            data = self._store.read(name)
        except FileNotFoundError:
            return None
        return read_parquet(data).to_pylist()[0]

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
