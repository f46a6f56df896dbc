"""`vidset dataset push` and `pull`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Repository
from vidset.cli.flags import Json, Quiet

if TYPE_CHECKING:
    from vidset.datasets.exchange.transfer import Exchanged

_Place = Annotated[
    str, typer.Argument(metavar="PLACE", help="gs://bucket/prefix, s3://bucket/prefix, a folder.")
]
_Versions = Annotated[
    list[str] | None, typer.Argument(metavar="VERSION", show_default="all of them")
]
_MoveNames = Annotated[
    bool, typer.Option("--move-names", help="Names that stand for another version are moved.")
]


def push(
    place: _Place,
    versions: _Versions = None,
    move_names: _MoveNames = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring versions to a bucket or folder that others read."""
    from vidset.cli.dataset.display import counting, refused
    from vidset.datasets.errors import FaultsError
    from vidset.datasets.exchange.transfer import push as push_
    from vidset.datasets.versions.repository import Repository as Kept
    from vidset.storage.open import open_store

    kept = Kept(repository)
    ids = [kept.resolve(version) for version in versions] if versions else kept.versions()
    if "://" not in place:
        Path(place).mkdir(parents=True, exist_ok=True)
    store = open_store(place)
    try:
        with counting("Pushing images", show=not (as_json or quiet)) as progress:
            done = push_(kept, store, ids, move_names=move_names, progress=progress)
    except FaultsError as error:
        raise typer.Exit(refused(error, as_json=as_json)) from None
    _show("pushed to", place, done, as_json=as_json, quiet=quiet)


def pull(
    place: _Place,
    versions: _Versions = None,
    move_names: _MoveNames = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring versions from a bucket or folder; each image is checked."""
    from vidset.cli.dataset.display import counting, refused
    from vidset.datasets.errors import FaultsError
    from vidset.datasets.exchange.transfer import pull as pull_
    from vidset.datasets.versions.repository import Repository as Kept
    from vidset.storage.open import open_store

    if "://" not in place and not Path(place).is_dir():
        raise ValueError(f"{place}: wanted a folder with dataset versions, there is none")
    kept, store = Kept(repository), open_store(place)
    try:
        with counting("Pulling images", show=not (as_json or quiet)) as progress:
            done = pull_(kept, store, versions or [], move_names=move_names, progress=progress)
    except FaultsError as error:
        raise typer.Exit(refused(error, as_json=as_json)) from None
    _show("pulled from", place, done, as_json=as_json, quiet=quiet)


def _show(what: str, place: str, done: "Exchanged", *, as_json: bool, quiet: bool) -> None:
    from vidset.cli.dataset.display import say

    if as_json:
        print(json.dumps(asdict(done)))
    elif not quiet:
        size = f"{done.size_bytes / 1e6:,.1f} MB"
        number = len(done.versions)
        versions = "1 version" if number == 1 else f"{number:,} versions"
        say(f"{versions} {what} {place}: {done.images:,} images, {size}")
        if done.names:
            say(f"names: {', '.join(done.names)}")
