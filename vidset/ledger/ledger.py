"""The ledgers: what is known of every sample and every video. A video's rows mark it as done."""

import io
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.elements import Extraction, ledger_key
from vidset.ledger.statements import (
    Statement,
    as_stated,
    new_statement,
    read_statements,
    write_statements,
)
from vidset.parquet import read_parquet
from vidset.rights import Rights
from vidset.storage.store import ObjectStore
from vidset.tables.arrow import arrow_schema
from vidset.tables.schemas import tables

FRAMES, VIDEOS = (arrow_schema(tables()[name].columns) for name in ("frames", "videos"))
_PARQUET = "application/vnd.apache.parquet"
# Of so few rows, what would make a file smaller makes it larger, and costs whoever writes or reads
# it twice the CPU: a clip has half a hundred columns with a page or two each.
_FEW_ROWS = 16
_OF_FEW: dict[str, Any] = {
    "compression": "none",
    "use_dictionary": False,
    "write_statistics": False,
}


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


class StatingLedger(Protocol):
    """A ledger in which the rights of videos can be stated anew."""

    def find(self, video_uri: str, generation: str) -> dict[str, Any] | None:
        """The video's row; None if it is not done."""
        ...

    def restate(self, row: Mapping[str, Any], stated: Rights, actor: str, stated_at: str) -> bool:
        """State rights of a video that is done; returns whether anything is another thing now.

        The statement is kept before the row is written, so that the same call finishes one that
        was killed.

        Args:
            row: all columns of the video's row, as `find` gives it.
            actor, stated_at: who states it, and when (RFC 3339, UTC).

        Raises:
            ValueError: earlier statements cannot be read, or there is no place to keep this one.
        """
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
            row = extraction.video.to_row()
            if extraction.replaces:  # What was stated of the video since then holds on.
                statements = read_statements(self._store, extraction.key)
                row |= as_stated(statements, Rights.of(row)).columns()
            # Last: from here on the video is done.
            self._put(f"videos/{extraction.key}.parquet", [row], VIDEOS)

    def statements(self, video_uri: str, generation: str) -> list[Statement]:
        """Return what was stated of a video since it was extracted, the oldest first.

        Raises:
            ValueError: the file has no statements.
        """
        return read_statements(self._store, ledger_key(video_uri, generation))

    def restate(self, row: Mapping[str, Any], stated: Rights, actor: str, stated_at: str) -> bool:
        key = ledger_key(row["video_uri"], row["generation"])
        before = Rights.of(row)
        now = stated.or_else(before)
        if now == before:
            return False
        statements = read_statements(self._store, key)
        if made := new_statement(statements, before, stated, actor, stated_at):
            write_statements(self._store, key, [*statements, made])
        self._put(f"videos/{key}.parquet", [{**row, **now.columns()}], VIDEOS)
        return True

    def _put(self, name: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        sink = io.BytesIO()
        how: dict[str, Any] = _OF_FEW if len(rows) <= _FEW_ROWS else {"compression": "zstd"}
        pq.write_table(pa.Table.from_pylist(rows, schema), sink, **how)
        self._store.put(name, sink.getvalue(), _PARQUET)
