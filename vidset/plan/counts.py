"""Counts what every setting gives, from the ledgers: images by stride and threshold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.filtering.thresholds import COLUMNS, GRID, STRIDES
from vidset.ledger.packing import leave_packs
from vidset.ledger.rows import LedgerRows

UNKNOWN = -1
BEFORE = "extracted before ledgers had what a plan needs: extract it anew, into another --output"
ANOTHER_METRIC = "extracted with a --metric other than ssim: other thresholds are not known"
_SHAPE = (len(STRIDES), len(GRID))
_VIDEO_COLUMNS = ("video_uri", "settings_id", "samples")
# Older ledgers lack the last ones: there they are null.
_FRAME_COLUMNS = (
    "settings_id",
    "kept",
    "period_seconds",
    "similarity_threshold",
    *COLUMNS.values(),
)


@dataclass(frozen=True, slots=True, eq=False)
class VideoCounts:
    """A video's images.

    Attributes:
        samples, kept: of the run itself.
        period_seconds, threshold: the run's.
        images: (len(STRIDES), len(GRID)) int32; `UNKNOWN` where it was not followed.
    """

    video_uri: str
    samples: int
    kept: int
    period_seconds: float
    threshold: float
    images: np.ndarray


@dataclass(frozen=True, slots=True)
class Unplanned:
    """A video whose images at other settings the ledger does not tell."""

    video_uri: str
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """The sum over all videos; takes 1 KB a video, however long it is.

    Attributes:
        images: (len(STRIDES), len(GRID)) int64; `UNKNOWN` where it is so for some video.
    """

    videos: Sequence[VideoCounts]
    unplanned: Sequence[Unplanned]
    images: np.ndarray

    @property
    def samples(self) -> int:
        return sum(video.samples for video in self.videos)

    @property
    def told_videos(self) -> str:
        number = len(self.videos)
        return f"{number:,} video{'s' * (number != 1)}"

    @property
    def kept(self) -> int:
        return sum(video.kept for video in self.videos)

    @property
    def period_seconds(self) -> float | None:
        """None if not all are the same."""
        return _only({video.period_seconds for video in self.videos})

    @property
    def threshold(self) -> float | None:
        """None if not all are the same."""
        return _only({video.threshold for video in self.videos})


def count(ledger: str) -> Counts:
    """Sum up the ledger in a folder, gs:// or s3:// place. A video without its row is not done.

    Raises:
        ValueError: there is no ledger, or what is there is none.
    """
    videos, unplanned = [], []
    total, known = np.zeros(_SHAPE, np.int64), np.ones(_SHAPE, bool)
    for each in _videos(ledger.rstrip("/") or "/"):
        if isinstance(each, Unplanned):
            unplanned.append(each)
        else:
            videos.append(each)
            total += each.images
            known &= each.images != UNKNOWN
    return Counts(videos, unplanned, np.where(known, total, UNKNOWN))


def _videos(ledger: str) -> Iterator[VideoCounts | Unplanned]:
    """Yields videos in the order of their files' names."""
    ledgers = LedgerRows(ledger)
    if not ledgers.stamps:
        raise ValueError(f"there is no ledger in {ledger}: no {ledger}/videos/*.parquet")
    rows = {
        key: row
        for each in ledgers.videos(_VIDEO_COLUMNS)
        for key, row in zip(each.keys, each.table.to_pylist(), strict=True)
        if row["samples"]
    }
    found: dict[str, VideoCounts | Unplanned] = {
        key: Unplanned(row["video_uri"], f"its samples are missing: no {ledgers.frames_uri(key)}")
        for key, row in rows.items()
        if not ledgers.stamps[key].frames
    }
    for each in ledgers.frames(_FRAME_COLUMNS, [key for key in rows if key not in found]):
        for key, table in each.each():
            found[key] = _count_video(table, rows[key])
    leave_packs(ledger, ledgers)
    yield from (found[key] for key in ledgers.stamps if key in found)


def _count_video(table: pa.Table, row: dict) -> VideoCounts | Unplanned:
    uri = row["video_uri"]
    if table["settings_id"].unique().to_pylist() != [row["settings_id"]]:
        # Others are of a run that was killed, with other settings.
        table = table.filter(pc.field("settings_id") == row["settings_id"])
    if len(table) != row["samples"]:
        reason = f"the frame ledger has {len(table)} of its {row['samples']} samples"
        return Unplanned(uri, reason)
    if table["period_seconds"].null_count:
        return Unplanned(uri, BEFORE)
    images = np.array([_bit_counts(table[COLUMNS[stride]]) for stride in STRIDES], np.int32)
    if (images[0] == UNKNOWN).all():
        return Unplanned(uri, ANOTHER_METRIC)
    return VideoCounts(
        video_uri=uri,
        samples=len(table),
        kept=int(np.count_nonzero(table["kept"])),
        period_seconds=table["period_seconds"][0].as_py(),
        threshold=table["similarity_threshold"][0].as_py(),
        images=images,
    )


def _bit_counts(masks: pa.ChunkedArray) -> np.ndarray:
    """Returns how often each bit is set; `UNKNOWN` for those that were not followed."""
    if masks.null_count:
        return np.full(len(GRID), UNKNOWN)
    counted = masks.value_counts()  # There are few different ones.
    values, numbers = (counted.field(place).to_numpy() for place in (0, 1))
    counts = numbers @ (values[:, None] >> np.arange(len(GRID)) & 1)
    # The first good sample is kept at every threshold that was followed.
    return np.where(counts > 0, counts, UNKNOWN) if counts.any() else counts


def _only(values: set[float]) -> float | None:
    return next(iter(values)) if len(values) == 1 else None
