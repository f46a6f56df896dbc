"""What `vidset plan` prints: a table, a chart of blocks, and the recommendation."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from vidset.filtering.thresholds import STRIDES
from vidset.plan.counts import Unplanned
from vidset.plan.plan import Plan, Request, Setting, options, seconds, share, top_videos

if TYPE_CHECKING:
    from rich.console import RenderableType

_NAMED = 20
_BAR = 40
# From the run's own period, which gives the most images, to the longest.
_BLOCKS: dict[int, str] = dict(zip(STRIDES, "░▒▓█", strict=True))
_STYLES: dict[int, str] = dict(zip(STRIDES, ("cyan", "blue", "magenta", "yellow"), strict=True))


def show_unplanned(unplanned: Sequence[Unplanned], errors: Console) -> None:
    """The videos that cannot be planned, and why; of very many, how many more."""
    for each in unplanned[:_NAMED]:
        errors.print(f"[yellow]{escape(each.video_uri)}[/]: {escape(each.reason)}")
    for reason, number in Counter(each.reason for each in unplanned[_NAMED:]).items():
        errors.print(f"{number} more: {escape(reason)}")


def show_plan(plan: Plan, request: Request) -> None:
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, 120)  # Nobody's lines are broken in a file.
    counts, own = plan.counts, plan.own
    if not counts.videos:
        console.print("No video to plan.")
        return
    console.print(
        f"{counts.told_videos}, {counts.samples:,} samples; as extracted"
        f"{_own_options(plan)}: {_amount(own, request)} at {request.price:g} an image\n"
    )
    thresholds = _thresholds(plan)
    if thresholds:
        console.print(_table(plan, request, thresholds), soft_wrap=False)
        console.print()
        for line in _chart(plan, request, thresholds):
            console.print(line)
    _show_recommendation(plan, request, console)
    console.print(f"\nMost images come from ({_name(plan, plan.shown)}):")
    for video, images in top_videos(plan):
        console.print(f"{images:>10,}  {escape(video.video_uri)}")


def _table(plan: Plan, request: Request, thresholds: Sequence[float]) -> "RenderableType":
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(f"SSIM\nimages, share, {escape(request.currency)}")
    strides = _strides(plan)
    for stride in strides:
        period = plan.counts.period_seconds
        name = f"every {_ordinal(stride)}sample"
        every = "each at its period" if period is None else f"every {seconds(period, stride)} s"
        table.add_column(f"{name}\n{every}", justify="right", no_wrap=True)
    by_setting = _by_setting(plan)
    for threshold in thresholds:
        cells: list[str | Text] = [f"{threshold:.2f}"]
        for stride in strides:
            setting = by_setting.get((stride, threshold))
            cells.append("" if setting is None else _cell(plan, request, setting))
        table.add_row(*cells)
    return table


def _cell(plan: Plan, request: Request, setting: Setting) -> Text:
    part, cost = share(setting.images, plan.counts), request.cost(setting.images)
    text = f"{setting.images:,} {part:>4.0%} {cost:>10,.2f}"
    fits = request.budget is not None and setting.images <= (request.affordable or 0)
    return Text(text, "bold green" if setting == plan.chosen else "green" if fits else "")


def _chart(plan: Plan, request: Request, thresholds: Sequence[float]) -> list[Text]:
    """A bar for each threshold; the strides lie in front of each other."""
    by_setting = _by_setting(plan)
    largest = max((setting.images for setting in plan.settings), default=0) or 1
    limit = request.affordable
    mark = None if limit is None or limit >= largest else limit * _BAR // largest
    lines = []
    for threshold in thresholds:
        line = Text(f"{threshold:.2f} ")
        for cell in range(_BAR):
            reached = (cell + 0.5) * largest / _BAR
            there = [
                stride
                for stride in _strides(plan)
                if (setting := by_setting.get((stride, threshold))) and setting.images >= reached
            ]
            if cell == mark:
                line.append("|", "bold red")
            elif there:
                line.append(_BLOCKS[there[-1]], _STYLES[there[-1]])
            else:
                line.append(" ")
        lines.append(line)
    legend = Text("     ")
    for stride in _strides(plan):
        legend.append(_BLOCKS[stride], _STYLES[stride])
        legend.append(f" every {_ordinal(stride)}sample  ")
    if mark is not None:
        legend.append("|", "bold red").append(" the budget")
    return [*lines, legend]


def _show_recommendation(plan: Plan, request: Request, console: Console) -> None:
    if request.budget is None:
        return
    budget = f"{request.budget:,.2f} {escape(request.currency)}"
    chosen = plan.chosen
    if chosen is None:
        least = min(plan.settings, key=lambda each: each.images, default=plan.own)
        console.print(f"\n[red]Nothing fits {budget}[/]: the least is {_amount(least, request)}")
    elif chosen is plan.own:
        console.print(f"\n[green]As extracted it fits {budget}[/]: {_amount(chosen, request)}")
    else:
        console.print(
            f"\n[green]The most images that fit {budget}[/]: {_amount(chosen, request)}, "
            f"{_name(plan, chosen)}"
        )
        if (text := options(plan, chosen)) is not None:
            console.print(f"vidset extract {text} ..., into another --output")


def _thresholds(plan: Plan) -> list[float]:
    """Every fifth, the run's own and the recommended one."""
    known = sorted({each.threshold for each in plan.settings if each.threshold is not None})
    wanted = {plan.counts.threshold, plan.shown.threshold}
    return [each for each in known if round(each * 100) % 5 == 0 or each in wanted]


def _strides(plan: Plan) -> list[int]:
    return sorted({each.stride for each in plan.settings})


def _by_setting(plan: Plan) -> dict[tuple[int, float | None], Setting]:
    return {(each.stride, each.threshold): each for each in plan.settings}


def _name(plan: Plan, setting: Setting) -> str:
    if setting is plan.own:
        return "as extracted"
    return f"every {_ordinal(setting.stride)}sample at {setting.threshold:.2f}"


def _own_options(plan: Plan) -> str:
    text = options(plan, plan.own)
    return "" if text is None else f" ({text})"


def _amount(setting: Setting, request: Request) -> str:
    cost = f"{request.cost(setting.images):,.2f} {escape(request.currency)}"
    return f"[bold]{setting.images:,} images[/], {cost}"


def _ordinal(stride: int) -> str:
    return {1: "", 2: "2nd ", 5: "5th ", 10: "10th "}[stride]
