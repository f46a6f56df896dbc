"""`vidset upload`: a collector's videos into the uploads bucket."""

import shlex
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, in_earnest, tell
from vidset.cli.flags import As, Json, Quiet, Rights

if TYPE_CHECKING:
    from vidset.project import Project


class Unreadable(StrEnum):
    SKIP = "skip"
    UPLOAD = "upload"


@described(
    "vidset upload drive.mp4 --to gs://team-uploads --collector car-7",
    "vidset upload /media/card --to gs://team-uploads --collector car-7 --delete",
    "vidset upload /srv/card --follow --to s3://uploads --collector car-7",
    part="upload",
    result="vidset.cli.upload_display:Uploaded",
    stage="Videos",
)
def upload(
    sources: Annotated[
        list[Path],
        typer.Argument(
            metavar="SOURCE", help="Recordings, or folders of them; with --follow one folder."
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="A bucket: its name, gs://bucket[/prefix] or s3://bucket[/prefix]; or a ./folder.",
        ),
    ],
    collector: Annotated[
        str | None,
        typer.Option(
            metavar="ID",
            help="Who recorded them: the first folder of the uploads' names.",
            show_default="VIDSET_COLLECTOR, else that of vidset.toml",
        ),
    ] = None,
    rights: Rights = None,
    follow: Annotated[
        bool,
        typer.Option("--follow", help="Upload what appears in the folder, until you stop it."),
    ] = False,
    rate: Annotated[
        str | None,
        typer.Option(metavar="RATE", help="Send at most this much, such as 5MB/s or 20Mbit/s."),
    ] = None,
    move_to: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Move each recording there once it is uploaded."),
    ] = None,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete each recording once its upload is verified.")
    ] = False,
    unreadable: Annotated[
        Unreadable, typer.Option(help="What to do with recordings that do not decode.")
    ] = Unreadable.SKIP,
    retry_for: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="Give a recording up after being offline this long."),
    ] = 600,
    settle: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", help="Take a recording as complete if unchanged this long."
        ),
    ] = 10,
    poll: Annotated[
        float, typer.Option(metavar="SECONDS", help="Check the folder this often.")
    ] = 5,
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Remember in this folder what was uploaded.",
            show_default="STATE_DIRECTORY, else ~/.local/state/vidset/upload",
        ),
    ] = None,
    delete_after: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            help="Delete or move a recording only after it has been unchanged for this long, where "
            "the file system does not tell whether it is still open.",
        ),
    ] = 300,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Compare the recordings with the destination; change nothing."
        ),
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Append a line of JSON to this file for each recording."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would go where; send nothing.")
    ] = False,
    actor: As = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Upload recordings: once each, verified and resumable.

    Interrupted, the same command goes on from there.
    """
    from vidset.actor import actor_of
    from vidset.cli.upload_display import Display, as_result, show_summary
    from vidset.rights import NONE
    from vidset.upload.run import run_upload
    from vidset.upload.settings import (
        Settings,
        check_seconds,
        default_state,
        parse_place,
        parse_rate,
    )

    watched = _followed(sources) if follow else None
    named = tuple(dict.fromkeys(path.absolute() for path in sources))
    place, project = parse_place(to), _project()
    stated = project.rights(rights)
    if place.scheme == "file" and stated and not rights:
        stated = NONE
        if not quiet:
            tell("a folder has no place for the rights of vidset.toml: vidset extract has one")
    settings = Settings(
        place=place,
        collector=_collector(project, collector),
        recordings=() if follow else named,
        watched=watched,
        folders=(watched,) if watched else tuple(path for path in named if path.is_dir()),
        state=state or default_state(),
        moved_to=move_to and move_to.absolute(),
        is_deleted=delete,
        skips_unreadable=unreadable is Unreadable.SKIP,
        bytes_per_second=parse_rate(rate) if rate else None,
        patience_seconds=check_seconds("--retry-for", retry_for),
        settle_seconds=check_seconds("--settle", settle),
        poll_seconds=check_seconds("--poll", poll),
        is_dry=dry_run,
        is_verifying=verify,
        delete_after_seconds=check_seconds("--delete-after", delete_after),
        report=report,
        is_recorded=as_json,
        actor=actor_of(actor),
        rights=stated,
    )
    done = run_upload(settings, Display(is_quiet=quiet or as_json))
    output = settings.place.uri("").rstrip("/")
    result = as_result(output, done)
    is_sent = result.uploaded + result.present > 0
    is_complete = not done.has_faults
    answer(
        result,
        lambda: show_summary(result),
        as_json=as_json,
        quiet=quiet,
        next_words=_next(output, is_dry=dry_run, is_useful=is_sent and is_complete),
    )
    # A watch ends by being stopped; the next one tries again what failed.
    raise typer.Exit(0 if follow or is_complete else 1)


def _next(output: str, *, is_dry: bool, is_useful: bool) -> str | None:
    """Sending in earnest after a dry run; extracting what has arrived."""
    if is_dry:
        return in_earnest()
    return f"vidset extract {shlex.quote(output)}" if is_useful else None


def _followed(sources: list[Path]) -> Path:
    if len(sources) != 1:
        raise ValueError(f"--follow: wanted one folder to follow, got {len(sources)} sources")
    return sources[0].absolute()


def _project() -> "Project":
    """A collector's machine has no place, as a rule; where there is one, its file is asked."""
    from vidset.project import NoPlaceError, Project, find_project

    try:
        return find_project()
    except NoPlaceError:
        return Project("")


def _collector(project: "Project", given: str | None) -> str:
    collector = project.text("collector", given)
    if collector is None:
        raise ValueError("wanted --collector ID or VIDSET_COLLECTOR, got neither")
    return collector
