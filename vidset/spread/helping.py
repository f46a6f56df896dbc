"""A helper decodes segments and sends their samples to whoever judges them."""

from dataclasses import dataclass
from functools import partial
from typing import BinaryIO

import numpy as np

from vidset.engines.engine import Report, Work
from vidset.filtering.judge import LUMA_WIDTH
from vidset.filtering.similarity import Picture, compare, picture
from vidset.jpeg import MAX_JPEG_SIDE, jpeg
from vidset.memory import give_back
from vidset.settings import ExtractionSettings
from vidset.video.decoding import Video
from vidset.video.feeding import PlanFailedError
from vidset.video.pixels import DecodedFrame
from vidset.video.segments import Part

# The first samples of each segment get a JPEG in any case, since what came before is not known.
_SURE_JPEGS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Sent:
    """A sample as a helper sends it."""

    pts: int
    pts_seconds: float
    width: int
    height: int
    rotation: int
    luma: np.ndarray
    chroma: np.ndarray
    digest: tuple[str, bytes] | None
    jpeg: bytes | None

    @property
    def size_bytes(self) -> int:
        return self.luma.nbytes + self.chroma.nbytes + len(self.jpeg or b"")


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a segment: `damage` is what was found in it."""

    damage: str | None
    has_failed: bool


def open_helper(
    source: str | BinaryIO, uri: str, stream: int, settings: ExtractionSettings
) -> Work:
    """Open the video in a helper. What is returned decodes a `Part` and sends its samples."""
    import cv2

    cv2.setNumThreads(1)
    video = Video(source, uri, stream=stream, is_listed=True)
    give_back()
    return partial(_decode, video, settings)


def _decode(video: Video, settings: ExtractionSettings, part: Part, report: Report) -> Ended:
    """Decodes a segment in a helper, and sends its samples."""
    guess = _Guess(settings)
    try:
        for pts, frame in video.segment(part):
            report(guess.sent(pts, frame))
    except PlanFailedError:
        return Ended(video.damage, has_failed=True)
    return Ended(video.damage, has_failed=False)


class _Guess:
    """Guesses which samples of a segment are kept, without knowing what came before it."""

    def __init__(self, settings: ExtractionSettings):
        self._settings = settings
        self._count = 0
        self._last: Picture | None = None
        self._before: np.ndarray | None = None

    def sent(self, pts: int, frame: DecodedFrame) -> Sent:
        luma, chroma = frame.luma(LUMA_WIDTH), frame.chroma(LUMA_WIDTH // 2)
        this = picture(luma, chroma)
        is_repeat = self._before is not None and np.array_equal(luma, self._before)
        is_kept = self._is_kept(this)
        self._before = luma
        if is_kept:
            self._last = this
        self._count += 1
        can_be = max(frame.width, frame.height) <= MAX_JPEG_SIDE
        is_wanted = can_be and (is_kept or self._count <= _SURE_JPEGS)
        return Sent(
            pts,
            frame.pts_seconds,
            frame.width,
            frame.height,
            frame.rotation,
            luma,
            chroma,
            frame.digest() if is_repeat else None,
            jpeg(frame.rgb(), self._settings.jpeg_quality) if is_wanted else None,
        )

    def _is_kept(self, this: Picture) -> bool:
        last, limit = self._last, self._settings.local_change
        if last is None or last.luma.shape != this.luma.shape:
            return True
        likeness = compare(last, this)
        if likeness.ssim < self._settings.threshold:
            return True
        return limit is not None and likeness.local_change > limit
