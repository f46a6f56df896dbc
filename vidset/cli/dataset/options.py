"""The arguments and options that the commands of `vidset dataset` share, and others on versions."""

from typing import Annotated

import typer

REPOSITORY = "datasets"
Repository = Annotated[
    str,
    typer.Option(
        "--repository",
        "-r",
        metavar="DIR",
        envvar="VIDSET_REPOSITORY",
        help="The folder with dataset versions.",
    ),
]
Reference = Annotated[
    str, typer.Argument(metavar="VERSION", help="A name, an id, or the beginning of an id.")
]
Name = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Stands for the version; a name can be moved to another."),
]
Message = Annotated[str, typer.Option("--message", "-m", metavar="TEXT", help="Kept with it.")]
