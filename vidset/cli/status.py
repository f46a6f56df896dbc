"""`vidset status`: what there is, what is wrong, and what to do next."""

from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, number, plural, say, show_problems, table, working
from vidset.cli.flags import Json, Place, PlaceArgument, Quiet
from vidset.cli.places import only_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vidset.overview.overview import Overview
    from vidset.troubles import Trouble

_NAMED, _SHORT_ID = 10, 12
_REASONS = {"near_duplicate": "near duplicates"}


@described(
    "vidset status",
    "vidset status roads --inputs ~/drives",
    part="extract",
    result="vidset.overview.overview:Overview",
    stage="Begin",
)
def status(
    subject: PlaceArgument = None,
    inputs: Annotated[
        str | None,
        typer.Option(metavar="SOURCE", help="Name its videos that are not extracted yet."),
    ] = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what there is, what is wrong, and what to do next."""
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
    with working("Reading the place", show=not (as_json or quiet)):
        from vidset.next_step import next_words
        from vidset.overview.overview import read_overview

        found = read_overview(project, inputs)
    following = next_words(project, images=found.kept)
    if found.waiting and inputs is not None:
        import shlex

        following = f"vidset extract {shlex.quote(inputs)}"
    if not as_json:
        show_problems([*_few(found.warnings), *_lines(found.troubles)])
    answer(
        found,
        lambda: _show(found),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=following,
    )


def _show(found: "Overview") -> None:
    say(f"place     {found.place}")
    say(f"videos    {_counts(found.videos)}")
    if found.samples:
        say(f"samples   {found.samples:,}: {found.kept:,} kept{_dropped(found.dropped)}")
    if found.waiting is not None:
        say(f"waiting   {plural(len(found.waiting), 'video')} to extract")
        for uri in _few(found.waiting):
            say(f"          {uri}")
    say(f"tasks     {_counts(found.tasks)}")
    say(f"labels    {_counts(found.annotations)}")
    names = {each.id: each.name or each.id[:_SHORT_ID] for each in found.versions}
    say(f"versions  {', '.join(names.values()) or 'none'}")
    if found.runs:
        rows = [
            [
                each.name,
                names.get(each.version or "", each.version),
                each.state,
                None if each.score is None else f"{each.score_name} {number(each.score)}",
            ]
            for each in found.runs
        ]
        say("")
        say(table(["run", "version", "state", "best score"], rows))


def _lines(troubles: "list[Trouble]") -> "Iterator[str]":
    for each in troubles:
        yield f"{each.what}: {each.command}"
        if each.kind != "unchecked":
            yield from (f"  {name}" for name in each.names)
        if (more := each.count - len(each.names)) > 0:
            yield f"  and {more:,} more"


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in counts.items()) or "none"


def _dropped(dropped: dict[str, int]) -> str:
    each = (f", {n:,} dropped as {_REASONS.get(name, name)}" for name, n in dropped.items())
    return "".join(each)


def _few(lines: list[str]) -> list[str]:
    more = len(lines) - _NAMED
    return [*lines[:_NAMED], f"and {more:,} more"] if more > 0 else lines
