"""The result of `vidset select`, as --json prints it and as a person reads it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vidset.cli.console import in_earnest, plural, say, show_problems, table
from vidset.plan.budget import Budget
from vidset.selection.selecting import Selected

_SHOWN = 10


@dataclass(frozen=True, slots=True)
class SelectedImage:
    """One image of a selection.

    Attributes:
        rank: 1 for the most wanted.
        strategy: the rule that chose it.
        score: in the strategy's own unit.
        reason: why, in a few words.
    """

    rank: int
    image_id: str
    image_uri: str
    strategy: str
    score: float
    reason: str


@dataclass(frozen=True, slots=True)
class SelectedImages:
    """The object that `vidset select --json` prints.

    Attributes:
        selection: its id; null where nothing was chosen.
        output: the file; null in a dry run, or where nothing was chosen.
        images: the chosen ones, the most wanted first.
        cost: what labeling them costs at the price of the place; null without a price.
        strategies: how many images each strategy chose.
        lacking: strategies that chose nothing, and what they lack.
        passed_over: other images by what became of them: `labeled`, `selected` earlier, `repeated`
            (the same bytes), `covered` (nearly the same as one that is labeled or chosen),
            `unwanted` by their tags.
        evaluation: candidates of validation and test groups, of which the model chooses none.
    """

    place: str
    selection: str | None
    output: str | None
    images: list[SelectedImage]
    cost: float | None
    strategies: Mapping[str, int]
    lacking: Mapping[str, str]
    passed_over: Mapping[str, int]
    evaluation: int
    warnings: Sequence[str] = ()


def selected_images(
    place: str, found: Selected, limit: Budget, warnings: Sequence[str]
) -> SelectedImages:
    """Return a selection as --json prints it."""
    rows: list[dict[str, Any]] = found.selection.table.to_pylist()
    names = list(SelectedImage.__slots__)
    others = ("labeled", "selected", "repeated", "covered", "unwanted")
    return SelectedImages(
        place=place,
        selection=found.selection.id if rows else None,
        output=found.uri,
        images=[SelectedImage(**{name: row[name] for name in names}) for row in rows],
        cost=limit.cost(len(rows)),
        strategies=dict(Counter(row["strategy"] for row in rows)),
        lacking=dict(found.lacking),
        passed_over={name: found.counts[name] for name in others},
        evaluation=found.counts["evaluation"],
        warnings=warnings,
    )


def show_selected(result: SelectedImages, limit: Budget) -> None:
    """Print how many images each strategy chose, what was passed over, and the first images."""
    cost = f", {result.cost:,.2f} {limit.currency} at {limit.price:g} an image"
    by = ", ".join(f"{number} {name}" for name, number in result.strategies.items())
    say(f"{plural(len(result.images), 'image')} chosen{cost}" + (f": {by}" if by else ""))
    for name, why in result.lacking.items():
        say(f"{name} chose nothing: {why}")
    told = {
        "labeled": "have a task or a label",
        "selected": "stand in an earlier selection (--anew)",
        "repeated": "are the same file as another",
        "covered": "nearly repeat one that is labeled or chosen",
        "unwanted": "have not the tags that were asked for",
    }
    for name, words in told.items():
        if number := result.passed_over[name]:
            say(f"{number:,} {words}")
    if result.evaluation:
        say(f"{result.evaluation:,} belong to validation or test groups: no model chooses them")
    rows = [
        [each.rank, each.image_uri.rpartition("/images/")[2], each.strategy, each.reason]
        for each in result.images[:_SHOWN]
    ]
    if rows:
        say(table(("rank", "image", "strategy", "reason"), rows))
    if (more := len(result.images) - _SHOWN) > 0:
        say(f"... and {more:,} more")
    if result.output:
        say(f"selection {result.selection}: {result.output}")
    show_problems(result.warnings)


def next_of(result: SelectedImages, *, is_dry: bool) -> str | None:
    """Return the words of the command that comes next; None where nothing was chosen."""
    if not result.images:
        return None
    return in_earnest() if is_dry else f"vidset label dispatch --selection {result.selection}"
