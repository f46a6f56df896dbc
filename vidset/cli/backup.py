"""`vidset backup` and `vidset restore`: the store of tasks and annotations in one file."""

from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.console import answer, say, size
from vidset.cli.flags import Json, Overwrite, Place, Quiet

_File = Annotated[str, typer.Argument(metavar="FILE", help="The backup file, on this machine.")]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """Attributes:
    place: where the store belongs.
    output: the file that holds it now.
    """

    place: str
    output: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Restored:
    """Attributes:
    output: the file of the store.
    """

    place: str
    output: str


@described(
    "vidset backup monday.sqlite",
    "vidset backup /mnt/backups/roads.sqlite -p roads",
    part="label",
    result="vidset.cli.backup:BackedUp",
    stage="Begin",
)
def backup(
    file: _File,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Copy the tasks and annotations of a place into one file.

    The store may be in use meanwhile: the file holds what was committed at one moment. Nothing that
    exists is replaced.
    """
    from vidset.labeling.stores.backup import backup_store, store_file
    from vidset.next_step import next_words
    from vidset.output import new_file
    from vidset.project import find_project

    project = find_project(place)
    target = new_file("FILE", file, overwrite=None).absolute()
    written = backup_store(store_file(project.store or project.place), target)
    answer(
        BackedUp(project.place, str(target), written),
        lambda: say(f"{target} written, {size(written)}"),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project),
    )


@described(
    "vidset restore monday.sqlite",
    "vidset restore /mnt/backups/roads.sqlite -p roads --overwrite",
    part="label",
    result="vidset.cli.backup:Restored",
    stage="Begin",
)
def restore(
    file: _File,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Put the tasks and annotations of a backup back into a place.

    A store that is there is replaced only with --overwrite; vidset backup keeps a copy of it first.
    """
    from vidset.labeling.stores.backup import restore_store, store_file
    from vidset.output import local_path, new_file
    from vidset.project import find_project

    project = find_project(place)
    source = local_path("FILE", file)
    if not source.is_file():
        raise ValueError(f"FILE {source}: there is no such file")
    target = new_file("the store", store_file(project.store or project.place), overwrite=overwrite)
    restore_store(source, target)
    answer(
        Restored(project.place, str(target)),
        lambda: say(f"{target} holds what {file} holds"),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words="vidset label status",
    )
