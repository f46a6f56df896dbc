"""`vidset plan`: how many images each threshold and period would give, and what they cost.

Only the ledgers are read. See `vidset.filtering.thresholds` for what makes that exact.
"""

import json
import math
import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from rich.console import Console

from vidset.filtering.thresholds import GRID, STRIDES
from vidset.plan.counts import UNKNOWN, Counts, VideoCounts, count

_TOP = 10


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asked for. `price` is that of an image; `budget` in the same currency."""

    ledger: str
    price: float
    budget: float | None = None
    currency: str = "USD"
    chart: str | None = None

    def __post_init__(self) -> None:
        for name, value in (("price", self.price), ("budget", self.budget)):
            if value is not None and not 0 < value < math.inf:
                raise ValueError(f"--{name} must be more than 0, got {value:g}")
        if self.ledger.startswith("bq://"):
            raise ValueError(
                f"{self.ledger}: plan reads ledgers in files; docs/architecture.md has the same as "
                "a query for BigQuery"
            )
        folder = os.path.dirname(self.chart or "") or "."
        if not (os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK)):
            raise ValueError(f"--chart {self.chart}: no folder {folder} to write to")

    @property
    def affordable(self) -> int | None:
        """How many images the budget pays for."""
        return None if self.budget is None else int(self.budget / self.price + 1e-9)

    def cost(self, images: int) -> float:
        return round(images * self.price, 6)


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
    """What the ledgers say of every setting.

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
        """What the videos are listed for."""
        return self.chosen or self.own


def run_plan(request: Request, *, as_json: bool = False, quiet: bool = False) -> int:
    """Plan and report; the exit code: 1 when there are videos that cannot be planned, else 0.

    Raises:
        ValueError: there is no ledger.
    """
    from vidset.plan.display import show_plan, show_unplanned

    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    shows_progress = sys.stderr.isatty() and not (as_json or quiet)
    with errors.status("Reading the ledger") if shows_progress else nullcontext():
        plan = make_plan(count(request.ledger), request.affordable)
    show_unplanned(plan.counts.unplanned, errors)
    if request.chart is not None:
        from vidset.plan.chart import write_chart

        write_chart(request.chart, plan, request)
    if as_json:
        print(json.dumps(as_object(plan, request)))
    elif not quiet:
        show_plan(plan, request)
    return 1 if plan.counts.unplanned else 0


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
    """Those that give the most images, and how many."""
    pairs = [(video, images_of(video, plan.shown)) for video in plan.counts.videos]
    return sorted(pairs, key=lambda pair: (-pair[1], pair[0].video_uri))[:_TOP]


def options(plan: Plan, setting: Setting) -> str | None:
    """What `vidset extract` takes for it; None where each video has its own."""
    period, threshold = plan.counts.period_seconds, setting.threshold or plan.counts.threshold
    if period is None or threshold is None:
        return None
    return f"--every {seconds(period, setting.stride)} --similarity-threshold {threshold:g}"


def seconds(period: float, stride: int = 1) -> str:
    """As `--every` takes it: 1/30 and not 0.0333."""
    exact = Fraction(period).limit_denominator(100_000)
    if float(exact) != period:
        exact = Fraction(period)
    text = f"{float(exact * stride):g}"
    return text if Fraction(text) == exact * stride else str(exact * stride)


def share(images: int, counts: Counts) -> float:
    """Of the samples at the run's period."""
    return images / counts.samples if counts.samples else 0.0


def as_object(plan: Plan, request: Request) -> dict[str, Any]:
    """What `--json` prints."""
    counts = plan.counts

    def setting(each: Setting) -> dict[str, Any]:
        period = counts.period_seconds
        return {
            "stride": each.stride,
            "period_seconds": None if period is None else period * each.stride,
            "similarity_threshold": each.threshold or counts.threshold,
            "images": each.images,
            "share": round(share(each.images, counts), 6),
            "cost": request.cost(each.images),
        }

    return {
        "ledger": request.ledger,
        "videos": len(counts.videos),
        "samples": counts.samples,
        "price": request.price,
        "currency": request.currency,
        "budget": request.budget,
        "as_extracted": setting(plan.own),
        "recommendation": None if plan.chosen is None else setting(plan.chosen),
        "is_as_extracted": plan.chosen is plan.own,
        "settings": [setting(each) for each in plan.settings],
        "top_videos": [
            {"video_uri": video.video_uri, "samples": video.samples, "images": images}
            for video, images in top_videos(plan)
        ],
        "unplanned": [
            {"video_uri": each.video_uri, "reason": each.reason} for each in counts.unplanned
        ],
    }
