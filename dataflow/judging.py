"""Which samples of a video become images: near duplicates and bad pictures do not."""

from dataflow import quality
from dataflow.elements import FrameRow, Reason, Upload
from dataflow.naming import printable
from dataflow.pictures import DecodedFrame
from dataflow.settings import ExtractionSettings
from dataflow.similarity import ALMOST_ONE, Picture, compare, picture

# The working luma of `similarity` and `quality` is at most this wide.
_LUMA_WIDTH = 480


class Judge:
    """Decides which samples of one video are kept. They must come in the order of time."""

    def __init__(self, settings: ExtractionSettings):
        self._settings = settings
        self._measure = settings.measure.load()
        self._settings_id = settings.settings_id
        self._last: tuple[DecodedFrame, Picture] | None = None

    def row(self, upload: Upload, frame: DecodedFrame) -> FrameRow:
        """The sample's ledger row, still without its image."""
        luma = frame.luma(_LUMA_WIDTH)
        this = picture(luma, frame.chroma(_LUMA_WIDTH // 2))
        sharpness, brightness = quality.sharpness(luma), quality.brightness(luma)
        alike, change = self._compare(frame, this)
        reason = self._reject(sharpness, brightness)
        if reason == "kept" and self._is_duplicate(alike, change):
            reason = "near_duplicate"
        if reason == "kept":
            self._last = frame, this
        return FrameRow(
            video_uri=printable(upload.uri),
            generation=upload.generation or "",
            collector_id=upload.collector_id and printable(upload.collector_id),
            pts_seconds=frame.pts_seconds,
            kept=reason == "kept",
            reason=reason,
            ssim=alike,
            local_change=change,
            sharpness=sharpness,
            brightness=brightness,
            phash=quality.phash(this.mean),
            width=frame.width,
            height=frame.height,
            image_id=None,
            image_uri=None,
            image_sha256=None,
            settings_id=self._settings_id,
        )

    def _compare(self, frame: DecodedFrame, this: Picture) -> tuple[float | None, float | None]:
        """With the last kept sample. None where there is none, or it has another size."""
        if self._last is None:
            return None, None
        last_frame, last = self._last
        if (last_frame.width, last_frame.height) != (frame.width, frame.height):
            return None, None
        likeness = compare(last, this)
        if self._measure is not None:
            return self._measure(last_frame.rgb(), frame.rgb()), likeness.local_change
        if likeness.ssim == 1 and not last_frame.same_pixels(frame):
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
