"""The commands `vidset export`, `sync` and `sql`. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.flags import (
    ExitZero,
    Format,
    Json,
    License,
    Output,
    Overwrite,
    Place,
    Quiet,
    Subset,
)
from vidset.cli.label.options import Lossy, Store, Template

_Warehouse = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="A folder, or bq://PROJECT.DATASET.",
        show_default="VIDSET_WAREHOUSE, else warehouse/ in the place",
    ),
]


@described(
    "vidset export -f coco -o exported",
    "vidset export v0 -f yolo -o yolo-v0",
    part="warehouse",
    result="vidset.cli.export.files:Exported",
    stage="Labels",
    note="Without VERSION, what is labeled now is exported. docs/formats.md says what each format "
    "can say.",
)
def export(
    version: Annotated[
        str | None,
        typer.Argument(
            metavar="VERSION",
            help="A dataset version.",
            show_default="what is labeled now",
            autocompletion=complete_versions,
        ),
    ] = None,
    format_name: Format = None,
    output: Output = None,
    labels_only: Annotated[
        bool, typer.Option("--labels-only", help="Write the labels without the images.")
    ] = False,
    lossy: Lossy = False,
    link: Annotated[
        bool, typer.Option("--link", help="Make hard links instead of copying images.")
    ] = False,
    shard_mb: Annotated[
        int, typer.Option(min=1, metavar="MB", help="The size of files that hold many images.")
    ] = 256,
    store: Store = None,
    template: Template = None,
    licenses: License = None,
    subset: Subset = None,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write labels and images for another tool."""
    from vidset.cli.export.files import Request, run_export_files
    from vidset.cli.label.places import project_of
    from vidset.rights import LicenseChoice

    if format_name is None or output is None:
        raise ValueError("wanted -f FORMAT and -o PATH")
    if version and (labels_only or store or template):
        raise ValueError(
            "a VERSION has its own labels: wanted no --labels-only, --store, --template"
        )
    if subset is not None and not version:
        raise ValueError("--subset: wanted a VERSION, of which a part is exported")
    request = Request(
        format_name,
        output,
        labels_only,
        link,
        lossy,
        overwrite,
        shard_mb,
        LicenseChoice(tuple(licenses or ())),
        subset,
    )
    run_export_files(
        project_of(place, store), version, request, store, template, as_json=as_json, quiet=quiet
    )


@described(
    "vidset sync",
    "vidset sync --full",
    part="warehouse",
    result="vidset.cli.export.export:Synced",
    stage="Labels",
)
def sync(
    context: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Read all documents, whatever was read before.")
    ] = False,
    store: Store = None,
    warehouse: _Warehouse = None,
    dead_letters: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Keep malformed documents in this folder, gs:// or s3://.",
            show_default="dead_letters in the place",
        ),
    ] = None,
    staging: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Keep rows on their way to BigQuery in this folder or gs://.",
            show_default="a temporary folder",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Processes.", show_default="one a core")
    ] = None,
    exit_zero: ExitZero = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring annotations, tasks and ledgers to the warehouse."""
    from vidset.cli.export.export import run_sync
    from vidset.warehouse.sync import Request

    beam_options = tuple(context.obj or ())
    if place is None and store and warehouse:
        project, out = None, None
    else:
        from vidset.project import find_project

        project = find_project(place)
        out = project.place
        store, warehouse = project.text("store", store), project.text("warehouse", warehouse)
    request = Request(
        out, store, warehouse, dead_letters, full, workers, beam_options, staging=staging
    )
    code = run_sync(project, request, as_json=as_json, quiet=quiet)
    raise typer.Exit(0 if exit_zero else code)


@described(
    "vidset sql",
    'vidset sql "SELECT label, count(*) FROM objects GROUP BY label"',
    part="warehouse",
    result="vidset.cli.export.sql:Asked",
    stage="Labels",
    note="docs/warehouse.md has the tables and their columns.",
)
def sql(
    query: Annotated[
        str | None,
        typer.Argument(metavar="QUERY", help="One SELECT of DuckDB.", show_default="the tables"),
    ] = None,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw", help="Leave texts in the CSV as they are, also those that look like formulas."
        ),
    ] = False,
    memory: Annotated[
        str,
        typer.Option(metavar="SIZE", help="Use at most this much memory, then temporary files."),
    ] = "1GB",
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Ask the warehouse a question, or list its tables."""
    from vidset.cli.export.sql import run_sql
    from vidset.project import find_project

    run_sql(
        find_project(place),
        query,
        as_json=as_json,
        as_csv=as_csv,
        raw=raw,
        quiet=quiet,
        memory=memory,
    )
