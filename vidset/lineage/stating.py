"""States the rights of videos that were extracted already; the newer statement holds."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from vidset.ledger.ledger import FolderLedger, StatingLedger
from vidset.ledger.open import open_table_ledger
from vidset.lineage.records import Records
from vidset.lineage.things import find_video
from vidset.project import Project
from vidset.rights import Rights
from vidset.storage.open import open_store


class Videos(Protocol):
    """The rows of the video ledger, as `Records` has those of a place."""

    def videos(self, uri: str) -> list[dict[str, Any]]:
        """Return the rows for a uri, or for the end of one: /a.mp4."""
        ...

    def all_videos(self) -> Iterator[dict[str, Any]]:
        """Yield all rows, in no order."""
        ...


class TableVideos:
    """The videos of a ledger in BigQuery, as they were when they were read.

    Args:
        rows: of its table; two that stand for the same video are equal.
    """

    def __init__(self, rows: Iterator[dict[str, Any]]):
        self._rows = {(row["video_uri"], row["generation"]): row for row in rows}

    def videos(self, uri: str) -> list[dict[str, Any]]:
        return [
            row
            for (video_uri, _), row in self._rows.items()
            if video_uri == uri or video_uri.endswith(f"/{uri.lstrip('/')}")
        ]

    def all_videos(self) -> Iterator[dict[str, Any]]:
        yield from self._rows.values()


@dataclass(frozen=True, slots=True)
class Stated:
    """The rights of a video.

    Attributes:
        before: as its row in the ledger had them.
        after: as it has them now, or would have them.
    """

    video_uri: str
    generation: str
    before: Rights
    after: Rights

    @property
    def is_changed(self) -> bool:
        return self.before != self.after


def open_videos(where: Project | str) -> tuple[Videos, StatingLedger]:
    """Open the ledger of a place, or the one in BigQuery: what it has, and where it is stated.

    Args:
        where: the place, or bq://PROJECT.DATASET.

    Raises:
        ValueError: the uri is of another kind, its client is not installed, or there is no such
            ledger.
    """
    if isinstance(where, Project):
        return Records(where), FolderLedger(open_store(where.place))
    ledger = open_table_ledger(where)
    return TableVideos(ledger.videos()), ledger


def find_videos(
    records: Videos, names: Sequence[str], collector: str | None
) -> list[dict[str, Any]]:
    """Return the ledger's rows of the videos that are meant: those named, or a collector's; all
    of the ledger where neither is given.

    Raises:
        ValueError: a name is no video's or several videos', or the collector has none.
    """
    if names:
        found = [row for name in names for row in find_video(records, name)]
        return list({(row["video_uri"], row["generation"]): row for row in found}.values())
    rows = sorted(records.all_videos(), key=lambda row: (row["video_uri"], row["generation"]))
    if collector is None:
        return rows
    of_collector = [row for row in rows if row["collector_id"] == collector]
    if not of_collector:
        known = ", ".join(sorted({str(row["collector_id"]) for row in rows})[:10]) or "none"
        raise ValueError(f"--collector {collector}: no video is of it; there are: {known}")
    return of_collector


def would_state(rows: Sequence[dict[str, Any]], rights: Rights) -> list[Stated]:
    """Return what stating rights of videos would change."""
    befores = [(row, Rights.of(row)) for row in rows]
    return [
        Stated(row["video_uri"], row["generation"], before, rights.or_else(before))
        for row, before in befores
    ]


def state(
    ledger: StatingLedger,
    videos: Sequence[Stated],
    rights: Rights,
    actor: str,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """State rights of videos, each with who and when; returns how many have others now.

    The same call does what a killed one has left.

    Args:
        videos: as `would_state` gives them.
        progress: is told how many are done.

    Raises:
        ValueError: the ledger cannot be read, or there is no place for statements.
    """
    changed = 0
    for number, video in enumerate(videos, 1):
        row = ledger.find(video.video_uri, video.generation) if video.is_changed else None
        if row is not None:
            now = datetime.now(UTC).isoformat(timespec="seconds")
            changed += ledger.restate(row, rights, actor, now)
        progress(number)
    return changed
