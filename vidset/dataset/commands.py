"""`vidset dataset`: its commands. What each does is imported when it is called."""

from typing import Annotated

import typer

from vidset.dataset.options import REPOSITORY, Repository
from vidset.flags import Json, Quiet

app = typer.Typer(
    help="Dataset versions.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def _dataset() -> None:
    pass


@app.command()
def create(
    folders: Annotated[str, typer.Option(metavar="DIR")],
    name: Annotated[str | None, typer.Option(metavar="NAME")] = None,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Cut a version from labeled images."""
    from pathlib import Path

    from training.creating import Wanted
    from training.creating import create as make
    from training.repository import Repository as Place
    from training.sources.folders import FolderSource

    print(make(Place(repository), FolderSource(Path(folders)), Wanted(name=name)))
