"""Shows why each second of video became an image or did not: samples, and all settings."""

import os
from collections import defaultdict
from typing import Any

import numpy as np

from vidset.filtering.thresholds import COLUMNS, GRID, STRIDES
from vidset.naming import printable
from vidset.overview.counting import LedgerCounts
from vidset.troubles import CollectorDay
from vidset.view.catalog import Catalog

_VIDEO = "video_uri = ? AND generation = ?"


def list_videos(catalog: Catalog) -> list[dict[str, Any]]:
    """All videos, those with problems first, then by name, each with its number of images."""
    found = catalog.rows(
        "SELECT video_uri, generation, collector_id, size_bytes, container, codec, width, height, "
        "duration_seconds, samples, kept, status, error, CAST(uploaded_at AS TEXT) AS uploaded_at "
        "FROM videos ORDER BY CASE status WHEN 'failed' THEN 0 WHEN 'partial' THEN 1 ELSE 2 END, "
        "video_uri, generation"
    )
    return [{**row, "name": os.path.basename(row["video_uri"])} for row in found]


def count_samples(catalog: Catalog) -> LedgerCounts:
    """Count videos and samples as `vidset status` does, without reading the ledgers again."""
    videos = catalog.rows("SELECT video_uri, status, error FROM videos ORDER BY video_uri")
    reasons = catalog.rows("SELECT reason, COUNT(*) AS number FROM samples GROUP BY 1 ORDER BY 1")
    return LedgerCounts.of(
        videos, {row["reason"]: row["number"] for row in reasons}, collector_reasons(catalog)
    )


def collector_reasons(catalog: Catalog) -> list[CollectorDay]:
    """Count the samples of each collector and day by reason."""
    days: defaultdict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in catalog.rows(
        "SELECT videos.collector_id AS collector, reason, COUNT(*) AS number, "
        "CAST(CAST(videos.uploaded_at AS DATE) AS TEXT) AS day "
        "FROM videos JOIN samples ON samples.video_uri = videos.video_uri "
        "AND samples.generation = videos.generation "
        "WHERE videos.collector_id IS NOT NULL AND videos.uploaded_at IS NOT NULL GROUP BY ALL"
    ):
        days[row["collector"], row["day"]][row["reason"]] = row["number"]
    return [CollectorDay(*each, reasons) for each, reasons in days.items()]


def read_samples(catalog: Catalog, video_uri: str, generation: str) -> dict[str, Any] | None:
    """A video and its samples in the order of time; None if there is no such video.

    Masks have 51 bits, and so are whole numbers in JavaScript, which has 53.
    """
    videos = catalog.rows(
        f"SELECT * EXCLUDE (uploaded_at), CAST(uploaded_at AS TEXT) AS uploaded_at "  # noqa: S608
        f"FROM videos WHERE {_VIDEO}",
        [video_uri, generation],
    )
    if not videos:
        return None
    columns = catalog.arrays(
        "SELECT n, pts_seconds, kept, reason, ssim, local_change, sharpness, brightness, "  # noqa: S608
        "width, height, period_seconds, similarity_threshold, image_id, "
        f"{', '.join(COLUMNS.values())} FROM samples WHERE {_VIDEO} ORDER BY pts_seconds",
        [video_uri, generation],
    )
    samples = {name: _plain(values) for name, values in columns.items()}
    period, threshold = samples.pop("period_seconds"), samples.pop("similarity_threshold")
    return {
        "video": {**videos[0], "name": printable(os.path.basename(video_uri))},
        "period_seconds": next(iter(period), None),
        "similarity_threshold": next(iter(threshold), None),
        "grid": list(GRID),
        "strides": list(STRIDES),
        "samples": samples,
    }


def count_settings(catalog: Catalog) -> dict[str, Any]:
    """Counts the images that every threshold and period would give, as `vidset plan` does.

    A number is null where some video was not followed at this setting. Videos that tell nothing of
    other settings are left out, and counted as `unplanned`.
    """
    total = np.zeros((len(STRIDES), len(GRID)), np.int64)
    known = np.ones(total.shape, bool)
    planned = (
        "SELECT video_uri, generation FROM samples GROUP BY ALL "
        "HAVING COUNT(kept_at) = COUNT(*) AND COUNT(period_seconds) = COUNT(*)"
    )
    for line, stride in enumerate(STRIDES):
        column = COLUMNS[stride]
        found = catalog.arrays(
            f"SELECT dense_rank() OVER (ORDER BY video_uri, generation) - 1 AS video, "  # noqa: S608
            f"COALESCE({column}, -1) AS mask, COUNT(*) AS number FROM samples "
            f"SEMI JOIN ({planned}) AS planned USING (video_uri, generation) "
            f"GROUP BY video_uri, generation, {column}"
        )
        counts, is_followed = _bit_counts(found)
        total[line] = counts.sum(axis=0)
        known[line] = is_followed.all(axis=0) & (len(counts) > 0)
    [totals] = catalog.rows(
        f"SELECT COUNT(*) AS samples, COUNT(*) FILTER (kept) AS kept FROM samples "  # noqa: S608
        f"SEMI JOIN ({planned}) AS planned USING (video_uri, generation)"
    )
    [left_out] = catalog.rows(
        f"SELECT COUNT(*) AS unplanned FROM videos ANTI JOIN ({planned}) AS planned "  # noqa: S608
        "USING (video_uri, generation) WHERE samples > 0"
    )
    settings = catalog.rows(
        "SELECT DISTINCT period_seconds, similarity_threshold FROM samples LIMIT 2"
    )
    unknown = {"period_seconds": None, "similarity_threshold": None}
    own = settings[0] if len(settings) == 1 else unknown
    return {
        "grid": list(GRID),
        "strides": list(STRIDES),
        "images": [
            [int(n) if is_known else None for n, is_known in zip(*pair, strict=True)]
            for pair in zip(total, known, strict=True)
        ],
        **totals,
        **left_out,
        **own,
    }


def _bit_counts(found: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Returns how often each bit is set, (videos, 51) int64, and where that is known, bool.

    The first good sample is kept at every threshold that was followed: a bit that is never set
    where others are was not followed.
    """
    video, mask = np.asarray(found["video"], np.int64), np.asarray(found["mask"], np.int64)
    videos = int(video.max()) + 1 if len(video) else 0
    bits = (mask[:, None] >> np.arange(len(GRID)) & 1) * np.asarray(found["number"])[:, None]
    counts = np.zeros((videos, len(GRID)), np.int64)
    np.add.at(counts, video, bits)
    is_told = np.ones(videos, bool)
    is_told[video[mask == -1]] = False
    is_followed = (counts > 0) | ~counts.any(axis=1, keepdims=True)
    return counts, is_followed & is_told[:, None]


def _plain(values: Any) -> list[Any]:
    """A column as JSON takes it."""
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    return [None if isinstance(each, float) and each != each else each for each in listed]  # noqa: PLR0124
