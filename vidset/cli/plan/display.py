"""Prints the result of `vidset plan`: a table, a chart of blocks, and the recommendation."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from vidset.cli.console import say, show_problems, table, tell
from vidset.filtering.thresholds import STRIDES
from vidset.plan.budget import Budget
from vidset.plan.counts import Unplanned
from vidset.plan.plan import Plan, Setting, options, seconds, top_videos

_NAMED = 20
_BAR = 40
# From the run's own period, which gives the most images, to the longest.
_BLOCKS: dict[int, str] = dict(zip(STRIDES, "░▒▓█", strict=True))
_STYLES: dict[int, str] = dict(zip(STRIDES, ("cyan", "blue", "magenta", "yellow"), strict=True))


def show_unplanned(unplanned: Sequence[Unplanned]) -> None:
    """Name the videos that cannot be planned, and why; of very many, how many more."""
    show_problems(f"{each.video_uri}: {each.reason}" for each in unplanned[:_NAMED])
    for reason, number in Counter(each.reason for each in unplanned[_NAMED:]).items():
        tell(f"{number:,} more: {reason}")


def show_plan(plan: Plan, budget: Budget) -> None:
    """Print what every setting gives and costs, and which one fits the budget."""
    counts, own = plan.counts, plan.own
    if not counts.videos:
        say("No video to plan.")
        return
    say(
        f"{counts.told_videos}, {counts.samples:,} samples; as extracted"
        f"{_own_options(plan)}:\n{_amount(own, budget)} at {budget.price:g} an image\n"
    )
    thresholds = _thresholds(plan)
    if thresholds:
        say(f"Images and {budget.currency} by similarity (SSIM) and period:")
        say(_table(plan, budget, thresholds))
        say("")
        console = Console(highlight=False, soft_wrap=True)
        for line in _chart(plan, budget, thresholds):
            console.print(line)
    _show_recommendation(plan, budget)
    say(f"\nMost images come from ({_name(plan, plan.shown)}):")
    for video, images in top_videos(plan):
        say(f"{images:>10,}  {video.video_uri}")


def _table(plan: Plan, budget: Budget, thresholds: Sequence[float]) -> str:
    by_setting, strides = _by_setting(plan), _strides(plan)
    columns = ["SSIM"]
    for stride in strides:
        columns += [_period(plan, stride), budget.currency]
    rows = []
    for threshold in thresholds:
        row = [f"{threshold:.2f}"]
        for stride in strides:
            setting = by_setting.get((stride, threshold))
            row += ["", ""] if setting is None else _cells(setting, budget)
        rows.append(row)
    return table(columns, rows)


def _cells(setting: Setting, budget: Budget) -> list[str]:
    cost = budget.cost(setting.images)
    return [f"{setting.images:,}", f"{cost:,.0f}" if cost >= 1000 else f"{cost:,.2f}"]


def _period(plan: Plan, stride: int) -> str:
    period = plan.counts.period_seconds
    return f"{_ordinal(stride)}sample" if period is None else f"{seconds(period, stride)} s"


def _chart(plan: Plan, budget: Budget, thresholds: Sequence[float]) -> list[Text]:
    """A bar for each threshold; the strides lie in front of each other."""
    by_setting = _by_setting(plan)
    largest = max((setting.images for setting in plan.settings), default=0) or 1
    limit = budget.affordable
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
        legend.append(f" {_period(plan, stride)}  ")
    if mark is not None:
        legend.append("|", "bold red").append(" the budget")
    return [*lines, legend]


def _show_recommendation(plan: Plan, budget: Budget) -> None:
    if budget.amount is None:
        return
    money = f"{budget.amount:,.2f} {budget.currency}"
    chosen = plan.chosen
    if chosen is None:
        least = min(plan.settings, key=lambda each: each.images, default=plan.own)
        say(f"\nNothing fits {money}: the least is {_amount(least, budget)}")
    elif chosen is plan.own:
        say(f"\nAs extracted it fits {money}: {_amount(chosen, budget)}")
    else:
        say(f"\nThe most images that fit {money}: {_amount(chosen, budget)}, {_name(plan, chosen)}")
        if (text := options(plan, chosen)) is not None:
            say(f"vidset extract SOURCE {text} -o ANOTHER_PLACE")


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


def _amount(setting: Setting, budget: Budget) -> str:
    return f"{setting.images:,} images, {budget.cost(setting.images):,.2f} {budget.currency}"


def _ordinal(stride: int) -> str:
    return {1: "", 2: "2nd ", 5: "5th ", 10: "10th "}[stride]
