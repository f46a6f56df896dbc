"""Tells of the samples of a video while a worker takes it in."""

import time
from dataclasses import dataclass

from vidset.elements import FrameRow
from vidset.engines.engine import Report

_EVERY_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Sampled:
    """The progress of a video by some more samples.

    Attributes:
        samples, kept: how many they are, and how many of them became images.
        pts_seconds, duration_seconds: where in the video the last one lies, and how long that is,
            if known.
    """

    uri: str
    samples: int
    kept: int
    pts_seconds: float
    duration_seconds: float | None


class Telling:
    """Tells of the samples of a video: of each one would cost as much as a small one's decoding."""

    def __init__(self, uri: str, report: Report):
        self._uri, self._report = uri, report
        self._samples = self._kept = 0
        self._pts_seconds: float = 0
        self._duration_seconds: float | None = None
        self._told_at = 0.0

    def add(self, row: FrameRow, duration_seconds: float | None) -> None:
        self._samples, self._kept = self._samples + 1, self._kept + row.kept
        self._pts_seconds, self._duration_seconds = row.pts_seconds, duration_seconds
        if time.monotonic() - self._told_at >= _EVERY_SECONDS:
            self.tell()

    def tell(self) -> None:
        if self._samples:
            told = (self._samples, self._kept, self._pts_seconds, self._duration_seconds)
            self._report(Sampled(self._uri, *told))
        self._samples = self._kept = 0
        self._told_at = time.monotonic()
