"""The arguments and options that the commands of `vidset label` share."""

from enum import StrEnum
from typing import Annotated

import typer


class Retry(StrEnum):
    FAILED = "failed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    ANNOTATIONS = "annotations"
    PREDICTIONS = "predictions"


_OUT_HELP = "What vidset extract wrote: folder, gs:// or s3:// uri; or its bq:// ledger."
_STORE_HELP = "sqlite:PATH or firestore://PROJECT[/DATABASE]."
Out = Annotated[str, typer.Argument(metavar="OUT", help=_OUT_HELP)]
OutOrStore = Annotated[
    str | None, typer.Argument(metavar="OUT", help=f"{_OUT_HELP} Not needed with --store.")
]
Store = Annotated[
    str | None,
    typer.Option(
        metavar="URI",
        help=_STORE_HELP,
        show_default="LABELING_STORE, else OUT/labels.sqlite of a folder",
    ),
]
Vendor = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Who gets new tasks: label-studio, scale or truth.",
        show_default="LABELING_VENDOR, else label-studio",
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
Format = Annotated[
    str, typer.Argument(metavar="FORMAT", help="coco, label-studio, labelme or yolo.")
]
