"""Takes the rows of the page's tables from a BigQuery dataset, at little cost.

Whether a table has changed is asked of its metadata, which is free, and so is listing its rows.
Frames of new videos and labels that were written since are queried, which is paid for.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.tags import Mark
from vidset.view.filling import NUMBERED, insert
from vidset.view.memory import MemoryTables
from vidset.view.warehouse_labels import WarehouseLabels
from vidset.view.warehouse_versions import WarehouseVersions
from vidset.view.watched_tables import WatchedTables
from vidset.warehouse.bigquery_tables import TableState

# Where a larger share of the videos is new, all frames are listed.
_MOST_NEW = 0.25
_GONE = """
videos ANTI JOIN new_videos
  ON videos.video_uri = new_videos.video_uri AND videos.generation = new_videos.generation
  AND videos.settings_id = new_videos.settings_id AND videos.status = new_videos.status
  AND videos.samples = new_videos.samples AND videos.kept = new_videos.kept
"""
_FRESH = """
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT DISTINCT video_uri, generation, uploaded_at
FROM new_videos ANTI JOIN videos USING (video_uri, generation)
"""
# Two workers that commit one video in the same second may leave its rows twice.
_VIDEOS_ONCE = """
DELETE FROM own_videos;
INSERT INTO own_videos BY NAME SELECT DISTINCT ON (video_uri, generation) * FROM new_videos
"""
_FRAMES_ONCE = """
DELETE FROM own_frames USING (
  SELECT video_uri, generation, settings_id, pts_seconds, MIN(n) AS first
  FROM frames SEMI JOIN (
    SELECT video_uri, generation, settings_id
    FROM frames JOIN videos USING (video_uri, generation, settings_id)
    GROUP BY ALL HAVING COUNT(*) > ANY_VALUE(videos.samples)
  ) USING (video_uri, generation, settings_id)
  GROUP BY ALL HAVING COUNT(*) > 1
) AS repeated
WHERE own_frames.video_uri = repeated.video_uri AND own_frames.generation = repeated.generation
  AND own_frames.settings_id = repeated.settings_id
  AND own_frames.pts_seconds = repeated.pts_seconds AND own_frames.n > repeated.first
"""
# Frames of videos that are just being committed are taken with their video.
_COMMITTED = """
DELETE FROM own_frames
WHERE NOT EXISTS (
  FROM videos
  WHERE videos.video_uri = own_frames.video_uri AND videos.generation = own_frames.generation
)
"""
_OF_FRESH = "new_rows SEMI JOIN fresh USING (video_uri, generation)"
_TAG = ("image_id", "tag", "is_set", "actor", "marked_at", "mark")


class WarehouseRows:
    """The rows of a dataset that have not been taken yet.

    Raises:
        ValueError: there is no ledger in it.
    """

    def __init__(self, tables: MemoryTables, watched: WatchedTables):
        self._tables, self._watched = tables, watched
        self.dataset = watched.dataset
        self._labels = WarehouseLabels(tables, watched)
        self._marks: dict[str, Mark] = {}
        self.versions = WarehouseVersions(tables, watched)
        for name in "videos", "frames":  # Without them there is nothing to look at.
            self.dataset.state(name)

    def close(self) -> None:
        self.dataset.close()

    @property
    def problems(self) -> list[str]:
        return list(self._watched.problems.values())

    def open(self) -> bool:
        """Open the tables: nothing of a warehouse is kept."""
        self._tables.open()
        return False

    def steps(self) -> Sequence[Callable[[], bool]]:
        """Return what takes in what is new; each says whether there was something."""
        # Frames come before their video, and are read when it is there.
        ledgers = lambda: self._watched.take("videos", self._take_ledgers)  # noqa: E731
        return [ledgers, *self._labels.steps(), *self.versions.steps()]

    def new_marks(self) -> dict[str, Mark]:
        """Return the marks of the table `tags` that were not there before, by their names."""
        found: dict[str, Mark] = {}

        def take(_: TableState | None, __: TableState) -> bool:
            found.update(_marks_of(self.dataset.rows("tags", _TAG)))
            return False

        self._watched.take("tags", take)
        new = {name: mark for name, mark in found.items() if self._marks.get(name) != mark}
        self._marks |= new
        return new

    def _take_ledgers(self, before: TableState | None, _: TableState) -> bool:
        """Take all videos, and the frames of those that are new."""
        self.dataset.state("frames")
        listed = self.dataset.rows_arrow("videos", VIDEOS)
        new_videos = pa.concat_tables([VIDEOS.empty_table(), *listed])
        is_first = before is None
        if is_first:
            found = self.dataset.rows_arrow("frames", FRAMES)
            self._tables.fill("own_frames", found, select=NUMBERED)
        with self._tables.transaction() as cursor:
            cursor.register("new_videos", new_videos)
            is_other = _count(cursor, _GONE) > 0
            if is_other:  # A video was extracted again or is gone: images get other numbers.
                self._tables.empty_ledgers(cursor)
            cursor.execute(_FRESH)
            fresh = _count(cursor, "fresh")
            is_paid = not is_first and 0 < fresh <= _MOST_NEW * len(new_videos)
            if fresh and not is_first:
                for table in self._frames(cursor, is_paid=is_paid):
                    insert(cursor, "own_frames", table, select=NUMBERED, source=_OF_FRESH)
            cursor.execute(_VIDEOS_ONCE)
            cursor.execute(_COMMITTED)
            cursor.execute(_FRAMES_ONCE)
            cursor.execute("DROP TABLE fresh")
            cursor.unregister("new_videos")
        self._tables.epoch += is_other
        self._tables.frames_taken += 1
        self._tables.compress()
        return is_paid

    def _frames(self, cursor: duckdb.DuckDBPyConnection, *, is_paid: bool) -> Iterator[pa.Table]:
        """Yield frames, among them all those of the videos in `fresh`."""
        if not is_paid:
            return self.dataset.rows_arrow("frames", FRAMES)
        found = cursor.execute("SELECT video_uri, uploaded_at FROM fresh").fetchall()
        videos, uploaded = {uri for uri, _ in found}, [moment for _, moment in found]
        names = ", ".join(f"`{name}`" for name in self.dataset.there("frames", FRAMES.names))
        # The table is partitioned by the day of `uploaded_at`, and clustered by the video.
        sql = f"SELECT {names} FROM frames WHERE video_uri IN UNNEST(@videos)"  # noqa: S608
        parameters: dict[str, Any] = {"videos": sorted(videos)}
        if None not in uploaded and self.dataset.there("frames", ["uploaded_at"]):
            sql += " AND uploaded_at >= @since"
            parameters["since"] = min(uploaded)
        return self.dataset.query_arrow(sql, parameters, FRAMES)


def _count(cursor: duckdb.DuckDBPyConnection, source: str) -> int:
    found = cursor.execute(f"SELECT COUNT(*) FROM {source}").fetchone()  # noqa: S608
    return found[0] if found else 0


def _marks_of(rows: Iterable[dict[str, Any]]) -> dict[str, Mark]:
    """Join the rows of `tags` to marks: a row is what one mark says of one image."""
    ids: dict[str, list[str]] = {}
    told: dict[str, dict[str, Any]] = {}
    for row in rows:
        ids.setdefault(row["mark"], []).append(row["image_id"])
        told[row["mark"]] = row
    return {
        name: Mark(
            row["tag"], tuple(sorted(ids[name])), row["is_set"], row["actor"], row["marked_at"]
        )
        for name, row in told.items()
    }
