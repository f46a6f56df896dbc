"""`vidset label`: its commands. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet
from vidset.cli.label.options import Format, Kind, Out, OutOrStore, Retry, Store, Template, Vendor

app = typer.Typer(
    help="Have the images labeled, and take labels in and out.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.command(epilog="Keys and all else come from the environment: see docs/labeling.md.")
def dispatch(
    out: Out,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    limit: Annotated[int | None, typer.Option(min=1, help="So many images at most.")] = None,
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS",
            help='Such as "100 tasks/day, 500 USD"; what is beyond it waits.',
            show_default="LABELING_BUDGET, else no cap",
        ),
    ] = None,
    retry: Annotated[
        Retry | None, typer.Option(help="Request these again: it costs again.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Have every kept image that has no task labeled."""
    from vidset.cli.label.dispatch import run_dispatch
    from vidset.place import Place

    place = Place.of(out, store, vendor=vendor, template=template, budget=budget)
    wanted = None if retry is None else retry.value
    raise typer.Exit(run_dispatch(place, limit, wanted, as_json=as_json, quiet=quiet))


@app.command()
def status(
    out: OutOrStore = None, store: Store = None, as_json: Json = False, quiet: Quiet = False
) -> None:
    """How far labeling is, what it has cost, what waits."""
    from vidset.cli.label.status import run_status
    from vidset.place import Place

    raise typer.Exit(run_status(Place.of(out, store), as_json=as_json, quiet=quiet))


@app.command()
def reconcile(
    out: OutOrStore = None,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Fetch lost answers, dispatch what was lost or held back. Safe to repeat."""
    from vidset.cli.label.vendor import run_reconcile
    from vidset.place import Place

    place = Place.of(out, store, vendor=vendor, template=template)
    raise typer.Exit(run_reconcile(place, as_json=as_json, quiet=quiet))


@app.command()
def connect(
    out: OutOrStore = None,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Set up what the vendor needs: for Label Studio, the project and its webhook."""
    from vidset.cli.label.vendor import run_connect
    from vidset.place import Place

    place = Place.of(out, store, vendor=vendor, template=template)
    raise typer.Exit(run_connect(place, as_json=as_json, quiet=quiet))


@app.command(name="import")
def import_(
    format_name: Format,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file or folder of the format.")],
    out: Out,
    kind: Annotated[
        Kind, typer.Option("--as", help="Predictions are objects to begin with, no answers.")
    ] = Kind.ANNOTATIONS,
    annotator: Annotated[
        str | None, typer.Option(help="Who, where the files do not tell.", show_default="import")
    ] = None,
    skip_unknown: Annotated[
        bool, typer.Option("--skip-unknown", help="Pass over images that the ledger has not.")
    ] = False,
    store: Store = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take labels of another tool in. Safe to repeat."""
    from vidset.cli.label.importing import run_import
    from vidset.local_labeling.importing import Import
    from vidset.place import Place

    place = Place.of(out, store, template=template)
    wanted = Import(format_name, path, kind.value, annotator, skip_unknown=skip_unknown)
    raise typer.Exit(run_import(place, wanted, as_json=as_json, quiet=quiet))


@app.command()
def export(
    format_name: Format,
    path: Annotated[str, typer.Argument(metavar="PATH", help="A file or folder to write.")],
    out: Out,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="Leave out what the format cannot say, and count it.")
    ] = False,
    store: Store = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write the annotations for another tool. A --template fixes the order of the labels."""
    from vidset.cli.label.export import run_export
    from vidset.place import Place

    place = Place.of(out, store, template=template)
    raise typer.Exit(
        run_export(place, format_name, path, lossy=lossy, as_json=as_json, quiet=quiet)
    )


@app.command()
def serve(
    out: Out,
    host: Annotated[str, typer.Option(help="An address of this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0: a free one.")] = 8080,
    reconcile_every: Annotated[
        float, typer.Option(min=0, metavar="MINUTES", help="Fetch lost answers; 0: never.")
    ] = 5,
    store: Store = None,
    vendor: Vendor = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Be the labeling functions, and give the images, until Ctrl-C."""
    from vidset.cli.label.serve import run_serve
    from vidset.place import Place

    place = Place.of(out, store, vendor=vendor, template=template)
    raise typer.Exit(
        run_serve(place, (host, port), reconcile_every * 60, as_json=as_json, quiet=quiet)
    )


@app.command()
def quarantine(
    out: Out,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Show this one.")] = None,
    replay: Annotated[
        bool, typer.Option("--replay", help="Read it again, after a correction; all, or NAME.")
    ] = False,
    dismiss: Annotated[
        bool, typer.Option("--dismiss", help="Take NAME off the list: it holds no answer.")
    ] = False,
    store: Store = None,
    template: Template = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What vendors sent and could not be used, and why."""
    from vidset.cli.label.quarantine import run_quarantine
    from vidset.place import Place

    place = Place.of(out, store, template=template)
    raise typer.Exit(
        run_quarantine(place, name, replay=replay, dismiss=dismiss, as_json=as_json, quiet=quiet)
    )
