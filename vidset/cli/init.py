"""`vidset init`: a folder becomes a place to work in."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, say
from vidset.cli.flags import Json, Quiet


@dataclass(frozen=True, slots=True)
class Initialized:
    """Attributes:
    place: the folder, as an absolute path.
    output: its vidset.toml.
    is_new: whether this command wrote it; false if it was there and stayed as it is.
    """

    place: str
    output: str
    is_new: bool


@described(
    "vidset init roads",
    "vidset init                  # the current folder",
    result="vidset.cli.init:Initialized",
    stage="Begin",
)
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The folder to create and work in.")
    ] = Path(),
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Make a folder to work in, with a vidset.toml.

    The file has every setting with a comment. What is there already stays as it is.
    """
    from vidset.next_step import next_words
    from vidset.output import local_path
    from vidset.project import find_project, make_place
    from vidset.project_file import FILE_NAME

    place = str(local_path("DIR", folder).absolute())
    project = find_project(place, is_made=True)
    file = Path(place) / FILE_NAME
    is_new = not file.exists()
    make_place(project)
    result = Initialized(place, str(file), is_new)

    def show() -> None:
        say(f"{file} {'written' if is_new else 'is there already; it stays as it is'}.")

    answer(
        result,
        show,
        as_json=as_json,
        quiet=quiet,
        project=find_project(place),
        next_words=next_words(project),
    )
