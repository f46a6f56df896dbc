"""What the ledgers say of every setting: images by stride and threshold, video by video."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vidset.filtering.thresholds import COLUMNS, GRID, STRIDES
from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

UNKNOWN = -1
BEFORE = "extracted before ledgers had what a plan needs: extract it anew, into another --output"
ANOTHER_METRIC = "extracted with a --metric other than ssim: other thresholds are not known"
_SHAPE = (len(STRIDES), len(GRID))
_VIDEO_COLUMNS = ("video_uri", "settings_id", "samples")
_FRAME_COLUMNS = ("settings_id", "kept")
# Older ledgers lack them.
_PLAN_COLUMNS = ("period_seconds", "similarity_threshold", *COLUMNS.values())


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
    done, frames = open_store(f"{ledger}/videos"), open_store(f"{ledger}/frames")
    names = _names(done)
    if not names:
        raise ValueError(f"there is no ledger in {ledger}: no {ledger}/videos/*.parquet")
    for name in names:
        [row] = _read(done, name, _VIDEO_COLUMNS).to_pylist()
        if row["samples"]:
            yield _count_video(frames, name, row)


def _names(store: ObjectStore) -> list[str]:
    try:
        return [each.name for each in store.list() if each.name.endswith(".parquet")]
    except FileNotFoundError:
        return []


def _count_video(frames: ObjectStore, name: str, row: dict) -> VideoCounts | Unplanned:
    uri = row["video_uri"]
    try:
        table = _read(frames, name, _FRAME_COLUMNS, _PLAN_COLUMNS)
    except FileNotFoundError:
        return Unplanned(uri, f"its samples are missing: no {frames.uri(name)}")
    if table["settings_id"].unique().to_pylist() != [row["settings_id"]]:
        # Others are of a run that was killed, with other settings.
        table = table.filter(pc.field("settings_id") == row["settings_id"])
    if len(table) != row["samples"]:
        reason = f"the frame ledger has {len(table)} of its {row['samples']} samples"
        return Unplanned(uri, reason)
    if "period_seconds" not in table.column_names or table["period_seconds"].null_count:
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
    """How often each bit is set; `UNKNOWN` for those that were not followed."""
    if masks.null_count:
        return np.full(len(GRID), UNKNOWN)
    counted = masks.value_counts()  # There are few different ones.
    values, numbers = (counted.field(place).to_numpy() for place in (0, 1))
    counts = numbers @ (values[:, None] >> np.arange(len(GRID)) & 1)
    # The first good sample is kept at every threshold that was followed.
    return np.where(counts > 0, counts, UNKNOWN) if counts.any() else counts


def _read(
    store: ObjectStore, name: str, columns: Sequence[str], optional: Sequence[str] = ()
) -> pa.Table:
    try:
        table = read_parquet(store.read(name), [*columns, *optional])
    except pa.ArrowInvalid as error:
        raise ValueError(f"{store.uri(name)} is no Parquet file: {error}") from None
    if missing := [each for each in columns if each not in table.column_names]:
        raise ValueError(f"{store.uri(name)} is no ledger: it has no column {missing[0]}")
    return table


def _only(values: set[float]) -> float | None:
    return next(iter(values)) if len(values) == 1 else None
