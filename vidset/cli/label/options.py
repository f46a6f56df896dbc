"""The options that the commands on labels share."""

from enum import StrEnum
from typing import Annotated

import typer


class Retry(StrEnum):
    FAILED = "failed"
    CANCELLED = "cancelled"
    DISPATCHED = "dispatched"


Store = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help="Tasks and annotations: sqlite:PATH or firestore://PROJECT[/DATABASE].",
        show_default="LABELING_STORE, else labels.sqlite in the place",
    ),
]
Vendor = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who gets new tasks: scale, truth, label-studio, or one that is installed.",
        show_default="LABELING_VENDOR, or label-studio",
    ),
]
Template = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="The task template.",
        show_default="LABELING_TEMPLATE, else one for road users",
    ),
]
Lossy = Annotated[bool, typer.Option("--lossy", help="Leave out and count what cannot be written.")]
