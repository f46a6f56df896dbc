"""The options that mean the same in every command. A command takes those that it needs."""

from typing import Annotated, Any

import typer

from vidset.cli.completing import complete_runs, complete_versions

Place = Annotated[
    str | None,
    typer.Option(
        "--place",
        "-p",
        metavar="PLACE",
        help="The place to work in: a folder, gs:// or s3://.",
        show_default="VIDSET_PLACE, else the nearest vidset.toml upwards",
    ),
]
# Where the place is a command's only subject, it may be given as an argument as well.
PlaceArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="PLACE",
        help="The place to work in: a folder, gs:// or s3://.",
        show_default="as with -p",
    ),
]
Output = Annotated[
    str | None, typer.Option("--output", "-o", metavar="PATH", help="The file or folder to write.")
]
Format = Annotated[
    str | None, typer.Option("--format", "-f", metavar="FORMAT", help="The format of the labels.")
]
Name = Annotated[
    str | None, typer.Option("--name", "-n", metavar="NAME", help="A name for the new version.")
]
Videos = Annotated[
    list[str] | None,
    typer.Argument(metavar="VIDEO", help="The videos' uris, or ends of them."),
]
Collector = Annotated[
    str | None, typer.Option(metavar="ID", help="Take all videos of this collector.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress and no summary.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done, and change nothing.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask for a confirmation.")]
Draw = Annotated[
    str | None,
    typer.Option(
        metavar="DIR", help="Write images with their predictions drawn on them into this folder."
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace existing files.")]
Tag = Annotated[
    list[str] | None,
    typer.Option(
        "--tag",
        metavar="TAG",
        help="Take only images that somebody gave this tag; may be repeated.",
    ),
]
WithoutTag = Annotated[
    list[str] | None,
    typer.Option(
        "--without-tag", metavar="TAG", help="Leave out images with this tag; may be repeated."
    ),
]
Rights = Annotated[
    list[str] | None,
    typer.Option(
        "--rights",
        metavar="KEY=VALUE",
        help="State the license, license_url, attribution, obtained_from or consent of what comes "
        "without; may be repeated.",
    ),
]
Subset = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="For a quick try, cut a version of about N images, each label with its share.",
    ),
]
License = Annotated[
    list[str] | None,
    typer.Option(
        "--license",
        metavar="NAME",
        help="Take only images of this licence (NOASSERTION: of none that is stated); may be "
        "repeated.",
    ),
]
As = Annotated[
    str | None,
    typer.Option(
        "--as",
        metavar="NAME",
        help="Record this name as the one who did it.",
        show_default="your login",
    ),
]
Embedder = Annotated[
    str,
    typer.Option(
        metavar="NAME",
        help="The embedder whose vectors tell what is alike; NAME:WHAT where it has to be told.",
    ),
]
Blur = Annotated[
    list[str] | None,
    typer.Option(
        "--blur",
        metavar="NAME:WHAT",
        help="Send and show only copies in which these are blurred, such as "
        "faces:centerface.onnx; may be repeated.",
    ),
]
Shard = Annotated[
    str | None,
    typer.Option(
        "--shard",
        metavar="I/N|auto",
        help="Take only part I of N of the videos, chosen by their names, for N machines that "
        "share a place. auto reads it from Slurm, Kubernetes, Cloud Run or AWS Batch.",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="What does the work: local, dask or an added one.",
        show_default="that of vidset.toml, else local",
    ),
]
Dask = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Let a Dask cluster do it: tcp://SCHEDULER:8786 or its scheduler file.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        help="Use this many worker processes.",
        show_default="one a core",
    ),
]


def threads_option(what: str) -> Any:
    """Return the option --threads, of which 0 stands for auto.

    Args:
        what: the beginning of its help, to which is added what auto takes.
    """
    help_ = f"{what}; auto: those that are free."
    return typer.Option(parser=_read_threads, metavar="N|auto", help=help_)


def _read_threads(given: object) -> int:
    """Raises typer.BadParameter: it is no number of threads."""
    text = str(given)
    if text == "auto":
        return 0
    if not (text.isascii() and text.isdecimal() and int(text)):
        raise typer.BadParameter(f"wanted 1 or more, or auto, got {text!r}")
    return int(text)


RunsAtOnce = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        help="Train at most so many runs at once, each in a process of its own.",
        show_default="all cores",
    ),
]
Metrics = Annotated[
    str | None,
    typer.Option(
        "--metrics",
        metavar="ADDRESS:PORT",
        help="Serve /metrics for Prometheus and /healthz there.",
        show_default="VIDSET_METRICS, else that of vidset.toml, else off",
    ),
]
ExitZero = Annotated[
    bool,
    typer.Option(
        "--exit-zero",
        help="End with exit code 0 also if something could not be used, since the dead letters "
        "have it, or stderr.",
    ),
]
Version = Annotated[
    str | None,
    typer.Argument(
        metavar="VERSION",
        help="A version's name or id, or the beginning of its id.",
        show_default="the newest",
        autocompletion=complete_versions,
    ),
]
Run = Annotated[
    str | None,
    typer.Argument(
        metavar="RUN",
        help="A run's name below runs/, or its folder.",
        show_default="the newest",
        autocompletion=complete_runs,
    ),
]
# Shown apart from a command's own options in its help.
COMMON = frozenset(
    ("--place", "--json", "--quiet", "--debug", "--dry-run", "--yes", "--as", "--help")
)
