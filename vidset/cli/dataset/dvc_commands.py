"""`vidset dataset to-dvc` and `from-dvc`."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Name, Reference, Repository
from vidset.cli.flags import Json, Quiet


def to_dvc(
    version: Reference,
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="In a git repository where dvc init was run.")
    ],
    tag: Annotated[str, typer.Option(help="Of git, for this version.")],
    is_pushed: Annotated[
        bool, typer.Option("--push", help="dvc push it, too; pushing git is left to you.")
    ] = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Write a version into a folder that DVC tracks; commit and tag it."""
    from vidset.cli.dataset.display import counting, say
    from vidset.datasets.exchange.dvc import to_dvc as to_dvc_
    from vidset.datasets.versions.repository import Repository as Kept

    with counting("Writing images", show=not (as_json or quiet)) as progress:
        done = to_dvc_(
            Kept(repository), version, folder, tag, is_pushed=is_pushed, progress=progress
        )
    if as_json:
        print(json.dumps(asdict(done)))
    elif not quiet:
        say(f"{done.folder}: {done.images:,} images, commit {done.commit[:12]}, tag {done.tag}")


def from_dvc(
    git_repository: Annotated[str, typer.Argument(metavar="REPOSITORY", help="Folder or url.")],
    path: Annotated[str, typer.Argument(metavar="PATH", help="Of the folder, in it.")],
    revision: Annotated[
        str | None, typer.Option("--rev", help="Tag, branch or commit.", show_default="the latest")
    ] = None,
    name: Name = None,
    leaks: Annotated[
        str, typer.Option(metavar="refuse|drop|keep", help="As of create; for changed folders.")
    ] = "refuse",
    skip_faults: Annotated[
        bool, typer.Option("--skip-faults", help="As of create; for changed folders.")
    ] = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring a folder that DVC tracks back as a version."""
    from vidset.cli.dataset.display import SHORT_ID, counting, refused, say
    from vidset.datasets.curation.create import Wanted
    from vidset.datasets.errors import FaultsError
    from vidset.datasets.exchange.dvc import from_dvc as from_dvc_
    from vidset.datasets.versions.names import check_name
    from vidset.datasets.versions.repository import Repository as Kept

    if name is not None:
        check_name(name)
    kept = Kept(repository)
    wanted = Wanted(leaks=leaks, skip_faults=skip_faults)  # pyright: ignore[reportArgumentType]
    try:
        with counting("Reading images", show=not (as_json or quiet)) as progress:
            done = from_dvc_(kept, git_repository, path, revision, wanted, progress)
    except FaultsError as error:
        raise typer.Exit(refused(error, as_json=as_json)) from None
    if name is not None:
        kept.name_version(name, done.version)
    if as_json:
        print(json.dumps(asdict(done)))
    elif not quiet:
        how = "as it was" if done.is_as_it_was else "cut from its folders"
        say(f"version {done.version[:SHORT_ID]}: {done.images:,} images, {how}")
