"""Says how many images each threshold and period would give, and what fits a budget.

Only the ledgers are read. See `vidset.filtering.thresholds` for what makes that exact.
"""

from dataclasses import dataclass
from fractions import Fraction

from vidset.filtering.thresholds import GRID, STRIDES
from vidset.plan.counts import UNKNOWN, Counts, VideoCounts

_TOP = 10


@dataclass(frozen=True, slots=True)
class Setting:
    """A period and a threshold, and the images they give of all planned videos.

    Attributes:
        stride: the period, in those of the run.
        threshold: None is each video's own, as it was extracted.
    """

    stride: int
    threshold: float | None
    images: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The images that every setting would give, by the ledgers.

    Attributes:
        own: as it was extracted.
        settings: all that are known of every video, by stride, then threshold.
        chosen: the recommendation; None if there is no budget, or nothing fits it.
    """

    counts: Counts
    own: Setting
    settings: tuple[Setting, ...]
    chosen: Setting | None

    @property
    def shown(self) -> Setting:
        """Returns what the videos are listed for."""
        return self.chosen or self.own


def make_plan(counts: Counts, affordable: int | None) -> Plan:
    own = Setting(1, None, counts.kept)
    settings = tuple(
        Setting(stride, threshold, int(images))
        for stride, row in zip(STRIDES, counts.images, strict=True)
        for threshold, images in zip(GRID, row, strict=True)
        if images != UNKNOWN and counts.videos
    )
    highest = max((video.threshold for video in counts.videos), default=0.0)
    return Plan(counts, own, settings, choose(own, settings, affordable, highest))


def choose(
    own: Setting, settings: tuple[Setting, ...], affordable: int | None, highest: float
) -> Setting | None:
    """The run's own setting if it fits, else the one that gives the most images and fits.

    Of those that give as many, the shortest period, then the highest threshold. Thresholds above
    `highest`, the run's own, are left out: the budget would go to what the run dropped as near
    duplicates.
    """
    if affordable is None:
        return None
    if own.images <= affordable:
        return own
    fitting = [
        (each.images, -each.stride, each.threshold, each)
        for each in settings
        if each.threshold is not None and each.threshold <= highest and each.images <= affordable
    ]
    return max(fitting, key=lambda each: each[:3])[3] if fitting else None


def images_of(video: VideoCounts, setting: Setting) -> int:
    if setting.threshold is None:
        return video.kept
    return int(video.images[STRIDES.index(setting.stride), GRID.index(setting.threshold)])


def top_videos(plan: Plan) -> list[tuple[VideoCounts, int]]:
    """Returns the videos that give the most images, and how many."""
    pairs = [(video, images_of(video, plan.shown)) for video in plan.counts.videos]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].video_uri))[:_TOP]


def options(plan: Plan, setting: Setting) -> str | None:
    """Returns what `vidset extract` takes for it; None where each video has its own."""
    period, threshold = plan.counts.period_seconds, setting.threshold or plan.counts.threshold
    if period is None or threshold is None:
        return None
    return f"--every {seconds(period, setting.stride)} --similarity {threshold:g}"


def seconds(period: float, stride: int = 1) -> str:
    """Returns the period as `--every` takes it: 1/30 and not 0.0333."""
    exact = Fraction(period).limit_denominator(100_000)
    if float(exact) != period:
        exact = Fraction(period)
    text = f"{float(exact * stride):g}"
    return text if Fraction(text) == exact * stride else str(exact * stride)


def share(images: int, counts: Counts) -> float:
    """Return the share of the samples at the run's period."""
    return images / counts.samples if counts.samples else 0.0
