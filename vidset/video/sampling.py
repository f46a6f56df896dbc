"""Decides which frames become samples, exactly: times are integers in the time base."""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from vidset.video.spans import Spans


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sample k is the first frame whose time, counted from the first frame's, is >= k * every.

    Attributes:
        every: period in seconds, > 0. A fraction, so that 0.1 s does not drift.
        tolerance: in seconds, >= 0; a sample may be the keyframe that lies within it of
            k * every instead, which is far cheaper to decode.
        spans: of what they would be, only the samples within these are taken; none: all.
    """

    every: Fraction
    tolerance: Fraction = Fraction(0)
    spans: Spans = ()

    def __post_init__(self) -> None:
        if self.every <= 0:
            raise ValueError(f"the sampling period must be > 0 s, got {float(self.every):g} s")
        if not 0 <= self.tolerance < self.every:
            raise ValueError(
                f"the tolerance must be >= 0 s and below the period ({float(self.every):g} s), "
                f"got {float(self.tolerance):g} s"
            )

    def number(self, ticks: int, time_base: Fraction) -> int:
        """The last k whose time k * every a frame at `ticks` (from the first frame) has reached."""
        return int(ticks * time_base // self.every)

    def covers(self, ticks: int, time_base: Fraction) -> bool:
        """Returns whether a sample at `ticks` (from the first frame) is wanted."""
        seconds = ticks * time_base
        return not self.spans or any(start <= seconds <= end for start, end in self.spans)

    def choose(self, ticks: np.ndarray, keyframes: np.ndarray, time_base: Fraction) -> np.ndarray:
        """Indices of the frames to sample, ascending.

        Args:
            ticks: int64, ascending; presentation times from the first frame, in `time_base`.
            keyframes: bool, same length.
            time_base: seconds in a tick.

        A gap gives no invented frames: where one frame is the first at or after several
        multiples of the period, it is sampled once.
        """
        if len(ticks) == 0:
            return np.empty(0, np.int64)
        scale = time_base / self.every  # ticks -> periods
        numbers = _floor_times(ticks, scale)
        nominal = np.flatnonzero(np.diff(numbers, prepend=-1) > 0)
        chosen = nominal
        if self.tolerance:
            chosen = self._snap(nominal, numbers, ticks, keyframes, time_base)
        if not self.spans:
            return chosen
        return chosen[[self.covers(tick, time_base) for tick in ticks[chosen].tolist()]]

    def _snap(self, nominal, numbers, ticks, keyframes, time_base) -> np.ndarray:
        keys = np.flatnonzero(keyframes)
        if len(keys) == 0:
            return nominal
        # In a unit in which both are whole; as Python's integers, of which there are few.
        unit = time_base / (self.every / time_base).denominator
        key_times = ticks[keys].astype(object) * int(time_base / unit)
        due = numbers[nominal].astype(object) * int(self.every / unit)
        right = np.clip(np.searchsorted(key_times, due), 0, len(keys) - 1)
        left = np.maximum(right - 1, 0)
        is_left_nearer = np.abs(key_times[left] - due) <= np.abs(key_times[right] - due)
        nearest = np.where(is_left_nearer, left, right)
        near = np.abs(key_times[nearest] - due) <= self.tolerance / unit
        snapped = np.where(near, keys[nearest], nominal)
        snapped[0] = nominal[0]  # The first frame is sample 0 in any case.
        return np.unique(snapped)


def _floor_times(ticks: np.ndarray, scale: Fraction) -> np.ndarray:
    """floor(ticks * scale) without rounding; in Python's integers where 64 bits would overflow."""
    if int(np.abs(ticks).max()) * scale.numerator < 2**63:
        return ticks * scale.numerator // scale.denominator
    exact = [int(tick) * scale.numerator // scale.denominator for tick in ticks]
    return np.array(exact, dtype=np.int64)
