"""`vidset upload`: a collector's videos into the uploads bucket."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet


class Unreadable(StrEnum):
    SKIP = "skip"
    UPLOAD = "upload"


def upload(
    bucket: Annotated[
        str,
        typer.Option(
            metavar="B",
            help="Bucket name or gs://bucket[/prefix], s3://bucket[/prefix], or a ./folder.",
        ),
    ],
    collector: Annotated[
        str, typer.Option(metavar="ID", help="Who recorded them: the first folder of their names.")
    ],
    videos: Annotated[
        list[Path] | None, typer.Argument(metavar="VIDEO", help="Recordings.")
    ] = None,
    watch: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Upload what appears there, until stopped."),
    ] = None,
    limit: Annotated[
        str | None, typer.Option(metavar="RATE", help="Such as 5MB/s or 20Mbit/s.")
    ] = None,
    move_to: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Move each there once it is uploaded.")
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete each once its upload is verified.")
    ] = False,
    unreadable: Annotated[
        Unreadable, typer.Option(help="What to do with what does not decode.")
    ] = Unreadable.SKIP,
    retry_for: Annotated[
        float, typer.Option(metavar="SECONDS", help="Give a recording up after so long offline.")
    ] = 600,
    settle: Annotated[
        float, typer.Option(metavar="SECONDS", help="A watched one is complete if unchanged.")
    ] = 10,
    poll: Annotated[
        float, typer.Option(metavar="SECONDS", help="Between two looks at the folder.")
    ] = 5,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="What it remembers.",
            show_default="STATE_DIRECTORY, else ~/.local/state/vidset/upload",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would go where; send nothing.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Upload recordings: once each, verified, resumable. See docs/upload.md."""
    from vidset.upload.run import run_upload
    from vidset.upload.settings import (
        Settings,
        check_seconds,
        default_state,
        parse_place,
        parse_rate,
    )

    settings = Settings(
        place=parse_place(bucket),
        collector=collector,
        recordings=tuple(dict.fromkeys(path.absolute() for path in videos or ())),
        watched=watch and watch.absolute(),
        state=state or default_state(),
        moved_to=move_to and move_to.absolute(),
        is_deleted=delete,
        skips_unreadable=unreadable is Unreadable.SKIP,
        bytes_per_second=parse_rate(limit) if limit else None,
        patience_seconds=check_seconds("--retry-for", retry_for),
        settle_seconds=check_seconds("--settle", settle),
        poll_seconds=check_seconds("--poll", poll),
        is_dry=dry_run,
    )
    raise typer.Exit(run_upload(settings, as_json=as_json, quiet=quiet))
