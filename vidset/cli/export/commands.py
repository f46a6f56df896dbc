"""The commands `vidset export` and `vidset sql`. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet
from vidset.cli.label.options import Template


def export(
    context: typer.Context,
    out: Annotated[
        str | None,
        typer.Argument(
            metavar="OUT",
            help="What vidset extract wrote. Not needed with --store and --warehouse.",
        ),
    ] = None,
    store: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="sqlite:PATH or firestore://PROJECT[/DATABASE].",
            show_default="LABELING_STORE, else OUT/labels.sqlite",
        ),
    ] = None,
    warehouse: Annotated[
        str | None,
        typer.Option(
            metavar="URI",
            help="A folder, or bq://PROJECT.DATASET.",
            show_default="OUT/warehouse",
        ),
    ] = None,
    dead_letters: Annotated[
        str | None,
        typer.Option(metavar="PLACE", help="Of malformed documents.", show_default="beside it"),
    ] = None,
    full: Annotated[
        bool, typer.Option("--full", help="Read all documents, whatever was read before.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes.", show_default="one a core")
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Write the labeled images for other tools instead: coco, yolo, voc, labelme, "
            "tfrecord, webdataset, parquet or fiftyone.",
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="PATH", help="With --format: a new folder.")
    ] = None,
    template: Template = None,
    link: Annotated[
        bool, typer.Option("--link", help="With --format: hard links instead of copies.")
    ] = False,
    lossy: Annotated[
        bool,
        typer.Option("--lossy", help="With --format: leave out what it cannot say, and count it."),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With --format: replace an earlier export.")
    ] = False,
    shard_mb: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --format: of files that hold many images.", show_default="256"
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring what has changed of annotations, tasks and ledgers to the warehouse."""
    if format_name is not None:
        if to is None or out is None or warehouse or dead_letters or full or workers:
            raise ValueError("--format: wanted OUT, --to PATH and no option of the warehouse")
        from vidset.cli.export.files import run_export_files
        from vidset.place import Place

        place = Place.of(out, store, template=template)
        how = {"link": link, "lossy": lossy, "overwrite": overwrite, "shard_mb": shard_mb or 256}
        raise typer.Exit(
            run_export_files(place, format_name, to, **how, as_json=as_json, quiet=quiet)
        )
    if to or template or link or lossy or overwrite or shard_mb:
        raise ValueError(
            "wanted --format with --to, --template, --link, --lossy, --overwrite, --shard-mb"
        )
    from vidset.cli.export.export import run_export
    from vidset.warehouse.sync import Request

    request = Request(out, store, warehouse, dead_letters, full, workers, tuple(context.obj or ()))
    raise typer.Exit(run_export(request, as_json=as_json, quiet=quiet))


def sql(
    query: Annotated[str, typer.Argument(metavar="QUERY", help="One SELECT, as DuckDB takes it.")],
    out: Annotated[
        str, typer.Argument(metavar="OUT", help="What vidset export wrote to, or a warehouse.")
    ] = ".",
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Comma-separated values.")] = False,
    memory: Annotated[
        str, typer.Option(metavar="SIZE", help="What needs more goes through temporary files.")
    ] = "1GB",
    quiet: Quiet = False,
) -> None:
    """Ask the embedded warehouse a question; docs/warehouse.md has the tables."""
    from vidset.cli.export.sql import run_sql

    raise typer.Exit(
        run_sql(query, out, as_json=as_json, as_csv=as_csv, quiet=quiet, memory=memory)
    )
