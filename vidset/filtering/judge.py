"""Decides which samples of a video become images: near duplicates and bad pictures do not."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np

from vidset.elements import FrameRow, Reason, Upload
from vidset.filtering import quality
from vidset.filtering.similarity import (
    ALMOST_ONE,
    Likeness,
    Picture,
    compare,
    local_change_between,
    picture,
)
from vidset.filtering.thresholds import COLUMNS, ThresholdGrid
from vidset.naming import printable
from vidset.settings import ExtractionSettings
from vidset.video.pixels import Frame

# The working luma of `similarity` and `quality` is at most this wide.
LUMA_WIDTH = 480


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Measures that follow from a sample's working picture alone.

    Attributes:
        chroma: (h, w, 2) uint8, as the frame gives it.
        changed, likenesses: what is known of earlier pictures beside this one.
    """

    picture: Picture
    chroma: np.ndarray
    sharpness: float
    brightness: float
    phash: str
    changed: dict[Picture, bool] = field(default_factory=dict)
    likenesses: dict[Picture, Likeness] = field(default_factory=dict)

    @classmethod
    def of(cls, luma: np.ndarray, chroma: np.ndarray) -> "_Measured":
        this = picture(luma, chroma)
        sharpness, brightness = quality.sharpness(luma), quality.brightness(luma)
        return cls(this, chroma, sharpness, brightness, quality.phash(this.mean))

    def holds_for(self, luma: np.ndarray, chroma: np.ndarray) -> bool:
        return np.array_equal(self.picture.luma, luma) and np.array_equal(self.chroma, chroma)


class _Sample:
    """A sample with its picture. What it is asked about earlier ones, it finds out once."""

    def __init__(self, frame: Frame, measured: _Measured, local_change: float | None):
        self.frame, self.picture = frame, measured.picture
        self.pts_seconds, self.size = frame.pts_seconds, (frame.width, frame.height)
        self.same_pixels = cache(frame.same_pixels)
        self._limit = local_change
        self._changed, self._likenesses = measured.changed, measured.likenesses

    def likeness(self, earlier: Picture) -> Likeness:
        if earlier not in self._likenesses:
            self._likenesses[earlier] = compare(earlier, self.picture)
        return self._likenesses[earlier]

    def ssim(self, earlier: Picture) -> float:
        return self.likeness(earlier).ssim

    def has_changed(self, earlier: Picture) -> bool:
        """Returns whether the local change is too large for a near duplicate."""
        if self._limit is None:
            return False
        if earlier not in self._changed:
            this, known = self.picture, self._likenesses.get(earlier)
            if known is None:
                change = local_change_between(
                    earlier.mean - this.mean, earlier.chroma - this.chroma
                )
            else:
                change = known.local_change
            self._changed[earlier] = change > self._limit
        return self._changed[earlier]


class Judge:
    """Decides which samples of one video are kept. They must come in the order of time."""

    def __init__(self, settings: ExtractionSettings):
        self._settings = settings
        self._measure = settings.measure.load()
        self._settings_id = settings.settings_id
        self._last: tuple[Frame, Picture] | None = None
        self._before: _Measured | None = None
        # A measure of whole pictures is too slow for more than one comparison of each sample.
        self._grid = ThresholdGrid(settings.sampling) if self._measure is None else None
        self._period_seconds = float(settings.sampling.every)

    def row(self, upload: Upload, frame: Frame) -> FrameRow:
        """The sample's ledger row, still without its image."""
        measured = self._measured(frame)
        this = measured.picture
        sample = _Sample(frame, measured, self._settings.local_change)
        alike, change = self._compare(sample)
        reason = self._reject(measured.sharpness, measured.brightness)
        masks = self._masks(sample, is_bad=reason != "kept")
        if reason == "kept" and self._is_duplicate(alike, change):
            reason = "near_duplicate"
        if reason == "kept":
            self._last = frame, this
        return FrameRow(
            video_uri=upload.video_uri,
            generation=upload.generation or "",
            collector_id=upload.collector_id and printable(upload.collector_id),
            pts_seconds=frame.pts_seconds,
            kept=reason == "kept",
            reason=reason,
            ssim=alike,
            local_change=change,
            sharpness=measured.sharpness,
            brightness=measured.brightness,
            phash=measured.phash,
            width=frame.width,
            height=frame.height,
            image_id=None,
            image_uri=None,
            image_sha256=None,
            settings_id=self._settings_id,
            period_seconds=self._period_seconds,
            similarity_threshold=self._settings.threshold,
            uploaded_at=upload.uploaded_at,
            **masks,
        )

    @property
    def seen(self) -> tuple[np.ndarray, np.ndarray]:
        """The working luma and chroma of the last sample; see `DecodedFrame`."""
        assert self._before is not None  # noqa: S101 (a sample was judged)
        return self._before.picture.luma, self._before.chroma

    def settle(self, rows: list[FrameRow]) -> list[FrameRow]:
        """All rows of the video, once there are no more."""
        return rows if self._grid is None else self._grid.settle(rows)

    def _measured(self, frame: Frame) -> _Measured:
        """Measures the frame, unless it repeats the one before, as that of a parked car does."""
        luma, chroma = frame.luma(LUMA_WIDTH), frame.chroma(LUMA_WIDTH // 2)
        if self._before is None or not self._before.holds_for(luma, chroma):
            self._before = _Measured.of(luma, chroma)
        return self._before

    def _masks(self, sample: _Sample, *, is_bad: bool) -> dict[str, int | None]:
        if self._grid is None:
            return dict.fromkeys(COLUMNS.values())
        return self._grid.masks(sample, is_bad=is_bad)

    def _compare(self, sample: _Sample) -> tuple[float | None, float | None]:
        """Compares with the last kept sample. None if there is none, or it has another size."""
        if self._last is None:
            return None, None
        last_frame, last = self._last
        if (last_frame.width, last_frame.height) != sample.size:
            return None, None
        likeness = sample.likeness(last)
        if self._measure is not None:
            return self._measure(last_frame.rgb(), sample.frame.rgb()), likeness.local_change
        if likeness.ssim == 1 and not sample.same_pixels(last_frame):
            return ALMOST_ONE, likeness.local_change
        return likeness.ssim, likeness.local_change

    def _reject(self, sharpness: float, brightness: float) -> Reason:
        settings = self._settings
        if settings.min_brightness is not None and brightness < settings.min_brightness:
            return "dark"
        if settings.max_brightness is not None and brightness > settings.max_brightness:
            return "bright"
        if settings.min_sharpness is not None and sharpness < settings.min_sharpness:
            return "blurred"
        return "kept"

    def _is_duplicate(self, alike: float | None, change: float | None) -> bool:
        settings = self._settings
        if alike is None or not settings.measure.is_alike(alike, settings.threshold):
            return False
        return settings.local_change is None or change is None or change <= settings.local_change
