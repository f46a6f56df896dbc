"""`vidset label`: its commands. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.cli.command import add, described, group
from vidset.cli.flags import (
    As,
    DryRun,
    Json,
    Metrics,
    Place,
    PlaceArgument,
    Quiet,
    Tag,
    WithoutTag,
    Yes,
)
from vidset.cli.label.importing import import_
from vidset.cli.label.options import Retry, Store, Template, Vendor

app = group("Have the images labeled, and take labels in.")
_KEYS = "Keys and all else come from the environment: see docs/labeling.md."


@described(
    "vidset label dispatch --dry-run",
    "vidset label dispatch --limit 100 --yes",
    part="label",
    result="vidset.cli.label.results:Dispatched",
    note=_KEYS,
)
def dispatch(
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Send at most this many images.")
    ] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS",
            help='Hold back tasks beyond this limit: "100 tasks/day, 500 USD".',
            show_default="LABELING_BUDGET, else no limit",
        ),
    ] = None,
    retry: Annotated[
        Retry | None,
        typer.Option(
            help="Request tasks in this state again, which costs again. Open ones (dispatched) "
            "keep their task and get the image's present url and predictions."
        ),
    ] = None,
    selection: Annotated[
        str | None,
        typer.Option(
            metavar="SELECTION",
            help="Send the images of a selection, the most wanted first: its id or its file.",
        ),
    ] = None,
    relabel: Annotated[
        str | None,
        typer.Option(
            metavar="FIXES",
            help="Instead, send back the images that a review found labeled wrong, with the "
            "reviewer's notes and the present labels.",
        ),
    ] = None,
    tag: Tag = None,
    without_tag: WithoutTag = None,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    actor: As = None,
    place: Place = None,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Request a task for every kept image that has none.

    Where a task has a price, or Scale AI is the vendor, you are asked before anything is sent.
    """
    from vidset.actor import actor_of
    from vidset.cli.label.dispatch import run_dispatch
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.relabel import wrong_images
    from vidset.tags import ALL_IMAGES, TagChoice

    project = project_of(place, store)
    where = place_of(project, store=store, vendor=vendor, template=template, budget=budget)
    wanted = None if retry is None else retry.value
    tagged = TagChoice(tuple(tag or ()), tuple(without_tag or ()))
    is_alone = retry is None and limit is None and tagged == ALL_IMAGES and selection is None
    if relabel is not None and not is_alone:
        raise ValueError(
            "--relabel sends what the review names; wanted no --selection, --retry, --limit or "
            "tags beside it"
        )
    wrong = None if relabel is None else wrong_images(relabel)
    code = run_dispatch(
        project,
        where,
        limit,
        wanted,
        tagged,
        selection,
        wrong,
        actor_of(actor),
        dry_run=dry_run,
        yes=yes,
        as_json=as_json,
        quiet=quiet,
    )
    raise typer.Exit(code)


@described(
    "vidset label status",
    "vidset label status --json",
    part="label",
    result="vidset.cli.label.results:LabelStatus",
)
def status(
    subject: PlaceArgument = None,
    store: Store = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show how far labeling is, what it has cost, and what waits."""
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.status import run_status
    from vidset.cli.places import only_place

    project = project_of(only_place(subject, place), store)
    run_status(project, place_of(project, store=store), as_json=as_json, quiet=quiet)


@described(
    "vidset label reconcile",
    "vidset label reconcile --json",
    part="label",
    result="vidset.cli.label.results:Reconciled",
    note=_KEYS,
)
def reconcile(
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch lost answers and dispatch what was lost or held back.

    It is safe to repeat.
    """
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.vendor import run_reconcile

    project = project_of(place, store)
    where = place_of(project, store=store, vendor=vendor, template=template)
    raise typer.Exit(run_reconcile(project, where, as_json=as_json, quiet=quiet))


@described(
    "vidset label connect",
    "vidset label connect --vendor label-studio",
    part="label",
    result="vidset.cli.label.results:Connected",
    note=_KEYS,
)
def connect(
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set up what the vendor needs, such as a project and its webhook."""
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.vendor import run_connect

    project = project_of(place, store)
    where = place_of(project, store=store, vendor=vendor, template=template)
    raise typer.Exit(run_connect(project, where, as_json=as_json, quiet=quiet))


@described(
    "vidset label serve",
    "vidset label serve --port 8482",
    part="label",
    result="vidset.cli.label.results:Serving",
    note=_KEYS,
)
def serve(
    host: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The address of this machine to listen at.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(
            min=0, max=65535, metavar="N", help="The port to listen at, or 0 for a free one."
        ),
    ] = 8080,
    reconcile_every: Annotated[
        float,
        typer.Option(
            min=0, metavar="MINUTES", help="How often to fetch lost answers; 0 means never."
        ),
    ] = 5,
    metrics: Metrics = None,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take callbacks and give the vendor the images, until Ctrl-C."""
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.serve import run_serve

    project = project_of(place, store)
    where = place_of(project, store=store, vendor=vendor, template=template)
    run_serve(
        project,
        where,
        (host, port),
        reconcile_every * 60,
        project.text("metrics", metrics),
        as_json=as_json,
        quiet=quiet,
    )


@described(
    "vidset label quarantine",
    "vidset label quarantine --replay",
    part="label",
    result="vidset.cli.label.results:Quarantined",
)
def quarantine(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="The entry to show.", show_default="all")
    ] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Read NAME, or everything, again after a correction.")
    ] = False,
    dismiss: Annotated[
        bool, typer.Option("--dismiss", help="Take NAME off the list if it holds no answer.")
    ] = False,
    actor: As = None,
    store: Store = None,
    template: Template = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show what vendors sent and could not be used, and why."""
    from vidset.actor import actor_of
    from vidset.cli.label.places import place_of, project_of
    from vidset.cli.label.quarantine import run_quarantine

    project = project_of(place, store)
    where = place_of(project, store=store, template=template)
    raise typer.Exit(
        run_quarantine(
            project,
            where,
            name,
            replay=replay,
            dismiss=dismiss,
            actor=actor_of(actor),
            as_json=as_json,
            quiet=quiet,
        )
    )


for _function, _name in (
    (connect, "connect"),
    (dispatch, "dispatch"),
    (status, "status"),
    (serve, "serve"),
    (reconcile, "reconcile"),
    (quarantine, "quarantine"),
    (import_, "import"),
):
    add(app, _function, _name)
