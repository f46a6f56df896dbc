"""The arguments and options that the commands of `vidset dataset` share."""

from typing import Annotated

import typer

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
REPOSITORY = "datasets"
Reference = Annotated[
    str, typer.Argument(metavar="VERSION", help="A name, an id, or the beginning of an id.")
]
