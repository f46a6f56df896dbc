"""Extractions of which it is known what other settings would have kept."""

from tests.cli.ledger_rows import frame_row, video_row
from vidset.elements import Extraction
from vidset.filtering.thresholds import GRID, STRIDES

ALL = (1 << 51) - 1
# Kept at GRID[40] = 0.90 and above.
FROM_90 = ALL - ((1 << 40) - 1)


def extraction(uri: str, masks, *, kept: int = 0, **values) -> Extraction:
    """Of samples with these `(kept_at, kept_at_2, kept_at_5, kept_at_10)`."""
    names = ("kept_at", "kept_at_2", "kept_at_5", "kept_at_10")
    settings = {"period_seconds": 1.0, "similarity_threshold": 0.9} | values
    frames = tuple(
        frame_row(
            video_uri=uri,
            pts_seconds=float(number),
            kept=number < kept,
            reason="kept" if number < kept else "near_duplicate",
            **settings,
            **dict(zip(names, each, strict=True)),
        )
        for number, each in enumerate(masks)
    )
    return Extraction(video_row(video_uri=uri, samples=len(frames), kept=kept), frames)


FIRST = (ALL, ALL, ALL, ALL)
# Four samples: at the thresholds below 0.90 the first alone is kept, above it also 2 others.
SOME = extraction(
    "/some.mp4", [FIRST, (FROM_90, 0, 0, 0), (FROM_90, FROM_90, 0, 0), (0, 0, 0, 0)], kept=3
)
EVERY = extraction("/every.mp4", [FIRST, (ALL, 0, 0, 0)], kept=2)


def images(counts, stride: int, threshold: float) -> int:
    return counts.images[STRIDES.index(stride), GRID.index(threshold)]
