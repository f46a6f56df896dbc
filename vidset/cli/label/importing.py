"""`vidset label import`: labels of another tool into the place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, confirm, counting, in_earnest, say, show_problems, table
from vidset.cli.flags import As, DryRun, Format, Json, Place, Quiet, Yes
from vidset.cli.label.options import Lossy, Store, Template
from vidset.cli.reading_options import (
    AsBoxes,
    Columns,
    Crowds,
    Faults,
    MapLabels,
    Match,
    MatchHow,
    ResultsOf,
    columns_of,
    faults_into,
)

_NAMED = 10  # How many conflicts are named on stderr.


@dataclass(frozen=True, slots=True)
class Imported:
    """The changes that an import made, or would make.

    Attributes:
        images: how many the files are about.
        stored: how many annotations were stored; 0 in a dry run.
        new, changed, unchanged, emptied, conflicting, unlabeled: images by what became of them.
        unknown: images that the ledger does not have.
        labels: objects before and after, by label, over the images that change.
        dropped: what an annotation cannot hold, by kind.
        faults: what is wrong with images that were passed over.
        left: images that stay as they are although the file says something else, and why.
    """

    place: str
    format: str
    images: int
    stored: int
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    emptied: int = 0
    conflicting: int = 0
    unlabeled: int = 0
    unknown: int = 0
    labels: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    dropped: Mapping[str, int] = field(default_factory=dict)
    faults: Sequence[str] = ()
    left: Mapping[str, str] = field(default_factory=dict)


@described(
    "vidset label import annotations.json -f coco",
    "vidset label import labelme/ -f labelme --dry-run",
    part="label",
    result="vidset.cli.label.importing:Imported",
    note="Labels that are there are never replaced by nothing, nor by older ones, unless you "
    "say so: see docs/labeling.md.",
)
def import_(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="A file or folder; FORMAT:PATH names its format."),
    ],
    format_name: Format = None,
    predictions: Annotated[
        bool,
        typer.Option("--predictions", help="Import predictions to start from, not answers."),
    ] = False,
    annotator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Whose labels they are.", show_default="as the files tell"
        ),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Take the files as of this time.", show_default="as the files tell"
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Replace answers that are newer than the files.")
    ] = False,
    allow_empty: Annotated[
        bool, typer.Option("--allow-empty", help="Let images without objects replace labels.")
    ] = False,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Skip images that the place does not have.")
    ] = False,
    skip_faults: Annotated[
        bool, typer.Option("--skip-faults", help="Skip images whose labels have a fault.")
    ] = False,
    lossy: Lossy = False,
    as_boxes: AsBoxes = False,
    map_labels: MapLabels = None,
    match: MatchHow = Match.PATH,
    crowds: Crowds = False,
    columns: Columns = None,
    results_of: ResultsOf = None,
    faults: Faults = None,
    store: Store = None,
    template: Template = None,
    actor: As = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take labels of another tool in, after showing what changes."""
    from vidset.actor import actor_of
    from vidset.cli.label.places import place_of, project_of
    from vidset.formats.reshaping import label_map
    from vidset.labeling.broker import open_broker
    from vidset.local_labeling.import_plan import ImportPlan, plan_import
    from vidset.local_labeling.importing import Import, read_labels
    from vidset.local_labeling.storing import store_annotations, store_predictions
    from vidset.next_step import next_words

    name, path = _format_and_path(source, format_name)
    project = project_of(place, store)
    where = place_of(project, store=store, template=template)
    wanted = Import(
        name,
        path,
        "predictions" if predictions else "annotations",
        by=actor_of(actor),
        annotator=annotator,
        since=_time(since),
        skip_unknown=skip_unknown,
        skip_faults=skip_faults,
        lossy=lossy,
        as_boxes=as_boxes,
        map_labels=label_map(map_labels or ()),
        match=match.value,
        crowds=crowds,
        columns=columns_of(columns),
        results_of=results_of,
    )
    broker = open_broker(where.settings("inspect"))
    with counting("Reading", show=not (quiet or as_json)), faults_into(faults, path) as wrong:
        read = read_labels(broker, where, wanted)
        wrong.extend(read.faults)
        plan = (
            ImportPlan(())
            if predictions
            else plan_import(broker, read.said, allow_empty=allow_empty, force=force)
        )
    show_problems(f"passed over: {fault}" for fault in read.faults)
    left = {where.name_of(e.said[0].image.id, e.said[0].image.uri): e for e in plan.left}
    show_problems(
        f"left as it is: {image}: {each.reason}" for image, each in [*left.items()][:_NAMED]
    )
    if len(left) > _NAMED:
        show_problems([f"left as they are: {len(left) - _NAMED} images more"])
    outcomes = {each.outcome for each in plan.left}
    if "conflicting" in outcomes:
        show_problems(["--force takes what the files say where it conflicts with what is stored"])
    if "emptied" in outcomes:
        show_problems(["--allow-empty takes the word of the files that nothing is in an image"])
    if not (quiet or as_json) and not predictions:
        _show_plan(plan, read.unlabeled)
    stored = 0
    if not dry_run:
        if plan.loses:
            confirm(f"{plan.loses} images will have fewer objects than now. Go on?", yes=yes)
        with counting("Storing", show=not (quiet or as_json)) as show:
            save = store_predictions if predictions else store_annotations
            said = read.said if predictions else [s for each in plan.stored for s in each.said]
            stored = save(broker, [(s.image, s.answer) for s in said], show)["stored"]
    result = Imported(
        project.place,
        name,
        len({each.image.id for each in read.said}),
        stored,
        **{**plan.counts, "unlabeled": plan.counts["unlabeled"] + read.unlabeled},
        unknown=read.unknown,
        labels=plan.labels(),
        dropped=read.dropped,
        faults=read.faults,
        left={image: each.reason for image, each in left.items()},
    )
    answer(
        result,
        lambda: _show(result, dry_run=dry_run),
        as_json=as_json,
        quiet=quiet,
        project=None if dry_run else project,
        next_words=in_earnest() if dry_run else next_words(project, "label import"),
    )
    broker.store.close()
    if read.faults:
        raise typer.Exit(1)


def _format_and_path(source: str, format_name: str | None) -> tuple[str, str]:
    """Raises ValueError: the format is named nowhere, or twice."""
    from vidset.formats.registry import formats, names_of_readable

    prefix, separator, rest = source.partition(":")
    if separator and prefix in formats():
        if format_name not in (None, prefix):
            raise ValueError(f"{source}: wanted one format, got {prefix} and -f {format_name}")
        return prefix, rest
    if format_name is None:
        raise ValueError(f"wanted -f FORMAT, one of {', '.join(names_of_readable())}")
    return format_name, source


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"--since: wanted a time such as 2026-01-31T12:00, got {text!r}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _show_plan(plan, unlabeled: int) -> None:
    found = {**plan.counts, "unlabeled": plan.counts["unlabeled"] + unlabeled}
    counts = ", ".join(f"{number} {name}" for name, number in found.items() if number)
    say(f"images: {counts or 'none'}")
    rows = [(label, before, after) for label, (before, after) in plan.labels().items()]
    if rows:
        say(table(["label", "objects now", "afterwards"], rows))


def _show(result: Imported, *, dry_run: bool) -> None:
    if result.dropped:
        each = ", ".join(f"{number} {what}" for what, number in result.dropped.items())
        say(f"left out: {each}")
    for number, what in (
        (result.unknown, "images are not in the place"),
        (len(result.faults), "faults, whose images were passed over"),
        (result.unlabeled, "images have no objects, and may not have been annotated"),
    ):
        if number:
            say(f"{number} {what}")
    say("nothing was stored: a dry run" if dry_run else f"{result.stored} stored")
