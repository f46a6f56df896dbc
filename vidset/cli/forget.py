"""`vidset forget`: removes videos with all that came of them."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import As, Collector, DryRun, Json, Place, Quiet, Videos, Yes
from vidset.cli.label.options import Store

if TYPE_CHECKING:
    from vidset.forgetting.forget import Forgetting
    from vidset.forgetting.journal import Journal
    from vidset.forgetting.receipt import Receipt
    from vidset.labeling.vendors.vendor import Vendor
    from vidset.project import Project

_NAMED = 10


@described(
    "vidset forget cam1/drive-7.mp4 --dry-run",
    "vidset forget --collector car-12 --keep-source --yes",
    "vidset forget cam1/drive-7.mp4 -p gs://images --warehouse bq://project.vidset "
    "--store firestore://project",
    part="dataset",
    result="vidset.forgetting.receipt:Receipt",
    stage="Videos",
    note=(
        "A call that was stopped is gone on with by vidset forget without a VIDEO. Copies outside "
        "the place, such as exports, are named in the receipt and not deleted."
    ),
)
def forget(
    videos: Videos = None,
    collector: Collector = None,
    before: Annotated[
        str | None,
        typer.Option(
            metavar="DATE", help="Forget videos that were uploaded before this day (UTC)."
        ),
    ] = None,
    keep_source: Annotated[
        bool, typer.Option("--keep-source", help="Keep the video files themselves.")
    ] = False,
    keep_tasks: Annotated[
        bool, typer.Option("--keep-tasks", help="Leave the tasks at the labeling vendors.")
    ] = False,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="Take the ledgers of a whole bucket of images from bq://PROJECT.DATASET, where a "
            "job has written them.",
        ),
    ] = None,
    store: Store = None,
    actor: As = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Remove videos with all that came of them, and keep them out.

    Images, labels, tasks at vendors, entries of versions, predictions and rows go; a version keeps
    its id, and what is left of it becomes a new version with its names.
    """
    from vidset.actor import actor_of
    from vidset.cli.console import answer, confirm, plural, show_problems, working
    from vidset.cli.stopping import if_stopped
    from vidset.project import find_project

    project, by = find_project(place), actor_of(actor)
    with working("Looking", show=not (as_json or quiet)):
        from vidset.forgetting.forget import Forgetting, with_named

        project = with_named(project, warehouse, store)
        forgetting = Forgetting(project, lambda name: _open_vendor(project, name))
        journal = _journal(
            forgetting, videos, collector, before, by, keep_source=keep_source,
            keep_tasks=keep_tasks,
        )  # fmt: skip
        receipt = forgetting.look(journal)
    number = plural(len(receipt.videos), "video")
    if not (dry_run or not receipt.videos):
        if not (as_json or quiet or yes):
            _show(receipt)
        confirm(f"Delete all this of {number}? It cannot be undone.", yes=yes)
        if_stopped("vidset forget goes on with it.")
        with working("Forgetting", show=not (as_json or quiet)) as update:
            receipt = forgetting.forget(journal, update)
    if not as_json:
        show_problems(f"{number} of {name} are left" for name, number in receipt.left.items())
    answer(
        receipt,
        lambda: _show(receipt),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=_next(receipt, is_in_bigquery=project.given_ledger is not None),
    )
    if receipt.left:
        raise typer.Exit(1)


def _journal(
    forgetting: "Forgetting",
    videos: list[str] | None,
    collector: str | None,
    before: str | None,
    by: str,
    *,
    keep_source: bool,
    keep_tasks: bool,
) -> "Journal":
    """Return what is to be deleted; of a call that was stopped, what it began with.

    Raises:
        ValueError: nothing is named, several kinds of things are, or other videos than those that
            wait to be finished.
    """
    from vidset.forgetting.journal import Choice

    is_named = bool(videos or collector or before)
    unfinished = forgetting.unfinished()
    if unfinished is not None and not is_named:
        # A vendor may be gone by now; and what is there still may be kept.
        return replace(
            unfinished,
            keep_source=unfinished.keep_source or keep_source,
            keep_tasks=unfinished.keep_tasks or keep_tasks,
        )
    if not is_named:
        raise ValueError("wanted a VIDEO, --collector ID or --before DATE, got none")
    if sum(map(bool, (videos, collector, before))) > 1:
        # All that either is true of, or both? A mistake could not be undone.
        raise ValueError("wanted one of VIDEO, --collector ID and --before DATE, got several")
    choice = Choice(tuple(videos or ()), collector, _day(before))
    if unfinished is None:
        return forgetting.find(choice, by, keep_source=keep_source, keep_tasks=keep_tasks)
    raise ValueError(
        f"an earlier call was stopped while it deleted {len(unfinished.videos)} videos: "
        "vidset forget without a VIDEO finishes it first"
    )


def _day(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--before: wanted a day such as 2026-01-31, got {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _open_vendor(project: "Project", name: str) -> "Vendor":
    from vidset.cli.label.places import place_of
    from vidset.labeling.broker import open_broker

    return open_broker(
        place_of(project, store=project.given_store, vendor=name).settings("dispatch")
    ).vendor


def _show(receipt: "Receipt") -> None:
    from vidset.cli.console import plural, say

    done = "would be deleted" if receipt.is_dry else "deleted"
    if not receipt.videos:
        say("no video of this place is meant: nothing to delete")
        return
    say(f"{plural(len(receipt.videos), 'video')} {done}:")
    for uri in receipt.videos[:_NAMED]:
        say(f"  {uri}")
    if len(receipt.videos) > _NAMED:
        say(f"  and {len(receipt.videos) - _NAMED:,} more")
    for name, number in receipt.deleted.items():
        say(f"  {number:>8,}  {name}")
    parts = (
        ("versions that lose images and keep their ids", receipt.versions),
        ("runs that were trained on them, whose weights stay", receipt.runs),
        ("kept", receipt.kept),
        ("not reached, and perhaps with copies", receipt.elsewhere),
        (
            "recoverable from",
            [
                f"{each.what}" + (f", until {each.until}" if each.until else "")
                for each in receipt.recoverable
            ],
        ),
    )
    for title, lines in parts:
        if lines:
            say(f"{title}:")
        for line in lines:
            say(f"  {line}")
    if receipt.receipt:
        say(f"receipt: {receipt.receipt}")


def _next(receipt: "Receipt", *, is_in_bigquery: bool) -> str | None:
    if receipt.is_dry or receipt.left:
        return None
    if receipt.runs:
        return "vidset train"
    if receipt.versions:
        return "vidset dataset verify"
    return None if is_in_bigquery else "vidset status"
