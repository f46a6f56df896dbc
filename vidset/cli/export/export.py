"""`vidset sync`: annotations, tasks and ledgers into the warehouse."""

import sys
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial

from rich.console import Console

from vidset.api.bringing import find_lineage
from vidset.cli.console import answer, plural, say, show_problems
from vidset.intake.dead_letters import put_dead_letter
from vidset.project import Project
from vidset.storage.open import open_store
from vidset.warehouse.sync import Counts, Places, Request, Summary, bring_nothing, sync

_NAMED = 10  # How many malformed documents are named on stderr.


@dataclass(frozen=True, slots=True)
class Synced:
    """The object that `vidset sync --json` prints.

    Attributes:
        place: null if a store and a warehouse were named alone.
        output: the warehouse, a folder or a uri.
        tables: how many documents were read, rows changed and documents are malformed, by table.
        videos: how many ledgers are new or changed; null if there are none.
        tags: how many rows of the table `tags` are new or changed.
        lineage: how many rows are new or changed, by table, of versions, runs and their scores.
    """

    place: str | None
    output: str
    tables: Mapping[str, Counts]
    videos: int | None
    tags: int
    lineage: Mapping[str, int]


def run_sync(
    project: Project | None, request: Request, *, as_json: bool = False, quiet: bool = False
) -> int:
    """Export and report; the exit code: 1 when documents are malformed, else 0.

    Raises:
        ValueError: the request does not do; nothing has been exported.
    """
    places = Places.of(request)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    shows_progress = sys.stderr.isatty() and not (as_json or quiet)
    with errors.status("Syncing") if shows_progress else nullcontext():
        summary = _run(request, places)
    show_problems(f"{letter.uri}: {letter.reason}" for letter in summary.letters[:_NAMED])
    if unnamed := summary.malformed - min(len(summary.letters), _NAMED):
        show_problems([f"{unnamed} malformed documents more: see {places.dead_letters}"])
    answer(
        Synced(
            place=request.out,
            output=places.warehouse,
            tables=summary.tables,
            videos=summary.videos,
            tags=summary.tags,
            lineage=summary.others,
        ),
        lambda: _show(summary, places),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset sql" if project else None,
    )
    return 1 if summary.malformed else 0


def _run(request: Request, places: Places) -> Summary:
    lineage = find_lineage(request.out, places.warehouse)
    bring = partial(lineage.bring, full=request.full) if lineage else bring_nothing
    if request.beam_options:
        from vidset.beam.sync import sync_by_beam

        return sync_by_beam(request, places, bring)
    keep_letter = partial(put_dead_letter, open_store(places.dead_letters))
    return sync(request, places, keep_letter, bring)


def _show(summary: Summary, places: Places) -> None:
    for table, counts in summary.tables.items():
        bad = f", {counts.malformed} malformed" if counts.malformed else ""
        say(f"{table:12}{counts.documents} documents read, {counts.changed} rows changed{bad}")
    if summary.videos is not None:
        several = "s" * (summary.videos != 1)
        say(f"{'ledgers':12}{summary.videos} video{several} new or changed")
    if summary.tags:
        say(f"{'tags':12}{plural(summary.tags, 'row')} changed")
    for table, number in summary.others.items():
        say(f"{table:16}{plural(number, 'row')} changed")
    say(f"{'warehouse':12}{places.warehouse}")
