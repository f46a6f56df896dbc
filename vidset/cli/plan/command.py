"""`vidset plan`: its options, and what it prints with --json."""

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Json, Overwrite, Place, PlaceArgument, Quiet

if TYPE_CHECKING:
    from vidset.plan.budget import Budget
    from vidset.plan.plan import Plan
    from vidset.project import Project


@dataclass(frozen=True, slots=True)
class PlannedSetting:
    """A period and a threshold, with the images that they give.

    Attributes:
        stride: the period, in periods of the run.
        period_seconds, similarity: null where each video has its own.
        share: of the samples at the run's period.
    """

    stride: int
    period_seconds: float | None
    similarity: float | None
    images: int
    share: float
    cost: float


@dataclass(frozen=True, slots=True)
class PlannedVideo:
    """A video and how many images it gives at the setting that is shown."""

    video_uri: str
    samples: int
    images: int


@dataclass(frozen=True, slots=True)
class UnplannedVideo:
    """A video that cannot be planned."""

    video_uri: str
    reason: str


@dataclass(frozen=True, slots=True)
class Planned:
    """The images and the cost of every setting.

    Attributes:
        budget: money for all images; null if there is none.
        recommendation: the setting that gives the most images for the budget; null if there is no
            budget or nothing fits it.
        output: the chart; null if none was drawn.
    """

    place: str
    videos: int
    samples: int
    price: float
    currency: str
    budget: float | None
    as_extracted: PlannedSetting
    recommendation: PlannedSetting | None
    is_as_extracted: bool
    settings: list[PlannedSetting]
    top_videos: list[PlannedVideo]
    unplanned: list[UnplannedVideo]
    output: str | None


def planned(plan: "Plan", budget: "Budget", place: str, output: str | None) -> Planned:
    """Return a plan as --json prints it."""
    from vidset.plan.plan import Setting, share, top_videos

    counts = plan.counts

    def setting(each: Setting) -> PlannedSetting:
        period = counts.period_seconds
        return PlannedSetting(
            stride=each.stride,
            period_seconds=None if period is None else period * each.stride,
            similarity=each.threshold or counts.threshold,
            images=each.images,
            share=round(share(each.images, counts), 6),
            cost=budget.cost(each.images),
        )

    return Planned(
        place=place,
        videos=len(counts.videos),
        samples=counts.samples,
        price=budget.price,
        currency=budget.currency,
        budget=budget.amount,
        as_extracted=setting(plan.own),
        recommendation=None if plan.chosen is None else setting(plan.chosen),
        is_as_extracted=plan.chosen is plan.own,
        settings=[setting(each) for each in plan.settings],
        top_videos=[
            PlannedVideo(video.video_uri, video.samples, images)
            for video, images in top_videos(plan)
        ],
        unplanned=[UnplannedVideo(each.video_uri, each.reason) for each in counts.unplanned],
        output=output,
    )


def _next(project: "Project", found: "Plan", budget: str | None) -> str | None:
    """Labeling within the budget; whatever else makes sense where all images are labeled."""
    from vidset.next_step import next_words

    if not found.counts.videos:
        return None
    words = next_words(project, "plan", images=found.own.images)
    is_dispatch = words is not None and words.startswith("vidset label dispatch")
    return f"{words} --budget {shlex.quote(budget)}" if budget and is_dispatch else words


@described(
    "vidset plan",
    'vidset plan --price 0.08 --budget "500 USD"',
    part="extract",
    result="vidset.cli.plan.command:Planned",
    stage="Videos",
)
def plan(
    subject: PlaceArgument = None,
    price: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="The price of labeling one image.", show_default="0.08"
        ),
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS", help='Recommend a setting that fits it: "500 USD" or "2000 tasks".'
        ),
    ] = None,
    chart: Annotated[
        str | None, typer.Option(metavar="PNG", help="Also draw the images over the thresholds.")
    ] = None,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what other thresholds and periods would give and cost.

    Only ledgers are read; the counts are those of a fresh extraction. The setting that was used is
    recommended if it fits the budget, else the one that gives the most images and fits, at
    thresholds up to the run's own.
    """
    from vidset.cli.console import answer, working
    from vidset.cli.places import only_place
    from vidset.output import new_file
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
    chosen = project.choose("price", price)
    with working("Reading the ledger", show=not (as_json or quiet)):
        from vidset.cli.plan.display import show_plan, show_unplanned
        from vidset.plan.budget import DEFAULT_PRICE, read_budget
        from vidset.plan.counts import count
        from vidset.plan.plan import make_plan

        limit = read_budget(
            float(DEFAULT_PRICE if chosen is None else chosen), project.text("budget", budget)
        )
        file = new_file("--chart", chart, overwrite=overwrite) if chart is not None else None
        found = make_plan(count(project.place), limit.affordable)
    show_unplanned(found.counts.unplanned)
    if file is not None:
        from vidset.plan.chart import write_chart

        write_chart(str(file), found, limit)
    answer(
        planned(found, limit, project.place, None if file is None else str(file)),
        lambda: show_plan(found, limit),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=_next(project, found, budget),
    )
    if found.counts.unplanned:
        raise typer.Exit(1)
