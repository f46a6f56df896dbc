"""Follows what other thresholds and periods would keep, to plan without decoding.

A sample is compared with the last *kept* one, and which that is depends on the threshold. So every
threshold of `GRID` is followed at once while the video is decoded, for each of `STRIDES`: stride s
stands for s times the run's period. Thresholds that share their last kept sample share one
comparison, and strides do too: on real videos it is with 1 to 8 samples, mostly 1 or 2.

A row's masks say at which thresholds its sample is kept: bit i is GRID[i].
"""

from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Protocol

from vidset.elements import FrameRow
from vidset.video.sampling import Sampling

GRID = tuple(place / 100 for place in range(50, 101))
STRIDES = (1, 2, 5, 10)
# The masks' names in the frame ledger.
COLUMNS = {1: "kept_at", 2: "kept_at_2", 5: "kept_at_5", 10: "kept_at_10"}
_ALL = (1 << len(GRID)) - 1
_EXACT = 1 << (len(GRID) - 1)  # 1.00, which drops exact repeats only.
# Where a sample would be compared with more others than this, as in an hour's sunset, the rest of
# the video is followed at 0.50, 0.55 ... 1.00 alone: at most 11 for each stride.
_MAX_REFERENCES = 24
_COARSE = sum(1 << place for place in range(0, len(GRID), 5))


class Sample(Protocol):
    """A sample, and how like earlier ones it is. Each comparison should be made but once."""

    @property
    def picture(self) -> Hashable:
        """Returns what later samples are compared with."""
        ...

    @property
    def frame(self) -> Hashable:
        """All of its pixels, and much larger."""
        ...

    @property
    def pts_seconds(self) -> float: ...

    @property
    def size(self) -> tuple[int, int]: ...

    def has_changed(self, earlier) -> bool:
        """Returns whether a small window has changed so much that it is kept at any threshold."""
        ...

    def ssim(self, earlier) -> float: ...

    def same_pixels(self, frame) -> bool: ...


@dataclass(slots=True)
class _Reference:
    """A sample that is the last kept one at the thresholds of `mask`.

    `frame` is held at the threshold 1.00 only: at the others, exact repeats are no special case.
    """

    picture: Hashable
    size: tuple[int, int]
    frame: Hashable | None
    mask: int


@dataclass(slots=True)
class _Chain:
    """The kept samples of one stride, at every threshold."""

    period: int = -1
    references: list[_Reference] = field(default_factory=list)

    def keep(self, sample: Sample, followed: int) -> int:
        """The thresholds at which the sample is kept."""
        kept = 0 if self.references else followed
        for reference in self.references:
            kept |= _kept_beside(reference, sample)
        if kept:
            self.restrict(~kept)
            frame = sample.frame if kept & _EXACT else None
            self.references.append(_Reference(sample.picture, sample.size, frame, kept))
        return kept

    def restrict(self, thresholds: int) -> None:
        """Forget the last kept samples of the other thresholds."""
        for reference in self.references:
            reference.mask &= thresholds
            if not reference.mask & _EXACT:
                reference.frame = None
        self.references = [reference for reference in self.references if reference.mask]


class ThresholdGrid:
    """Follows one video. Its samples must come in the order of time."""

    def __init__(self, sampling: Sampling):
        self._every = sampling.every
        self._followed = _ALL
        # With a tolerance, a longer period may choose other frames than a part of these.
        strides = STRIDES[:1] if sampling.tolerance else STRIDES
        self._chains = {stride: _Chain() for stride in strides}

    def masks(self, sample: Sample, *, is_bad: bool) -> dict[str, int | None]:
        """Returns the masks by column; 0 for a sample that is bad, or not in the stride."""
        number = period_number(sample.pts_seconds, self._every)
        masks: dict[str, int | None] = dict.fromkeys(COLUMNS.values())
        for stride, chain in self._chains.items():
            is_due = stride == 1 or number // stride > chain.period
            chain.period = number // stride
            masks[COLUMNS[stride]] = (
                chain.keep(sample, self._followed) if is_due and not is_bad else 0
            )
        self._bound()
        return masks

    def settle(self, rows: list[FrameRow]) -> list[FrameRow]:
        """The video's rows, without the thresholds that were not followed to its end.

        Since the first good sample is kept at every threshold, one at which nothing is kept, while
        there is something at others, was not followed.
        """
        if self._followed == _ALL:
            return rows
        return [replace(row, **self._followed_masks(row)) for row in rows]

    def _followed_masks(self, row: FrameRow) -> dict[str, int]:
        masks = {name: getattr(row, name) for name in COLUMNS.values()}
        return {name: mask & self._followed for name, mask in masks.items() if mask is not None}

    def _bound(self) -> None:
        chains = self._chains.values()
        pictures = {each.picture for chain in chains for each in chain.references}
        if len(pictures) > _MAX_REFERENCES and self._followed == _ALL:
            self._followed = _COARSE
            for chain in chains:
                chain.restrict(_COARSE)


def period_number(seconds: float, every: Fraction) -> int:
    """The last k with k * every <= the exact time that `seconds` was rounded from.

    Rounding keeps order, so that the rounded times compare as the exact ones do.
    """
    top, bottom = seconds.as_integer_ratio()
    number = top * every.denominator // (bottom * every.numerator)
    due = (number + 1) * every.numerator / every.denominator  # Of integers: rounded only once.
    return number + (due <= seconds)


def _kept_beside(reference: _Reference, sample: Sample) -> int:
    """Returns at which of the reference's thresholds the sample is kept."""
    if sample.size != reference.size or sample.has_changed(reference.picture):
        return reference.mask
    ssim = sample.ssim(reference.picture)
    dropped = (1 << bisect_right(GRID, ssim)) - 1
    if ssim == 1 and reference.frame is not None and not sample.same_pixels(reference.frame):
        dropped &= ~_EXACT
    return reference.mask & ~dropped
