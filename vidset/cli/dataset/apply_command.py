"""`vidset dataset apply`: a recipe makes the next version."""

import json
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Message, Name, Reference, Repository
from vidset.cli.flags import Json, Quiet


def apply(
    version: Reference,
    recipe: Annotated[Path, typer.Argument(metavar="RECIPE", help="A YAML file with its steps.")],
    name: Name = None,
    message: Message = "",
    cap: Annotated[
        int | None, typer.Option(min=1, help="Most images for training and validation.")
    ] = None,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Transform every image, and add augmented ones to training."""
    from vidset.cli.dataset.counts import show_labels
    from vidset.cli.dataset.display import SHORT_ID, counting, refused, say, warn
    from vidset.datasets.curation.apply import apply as apply_
    from vidset.datasets.curation.recipe import Recipe
    from vidset.datasets.errors import FaultsError
    from vidset.datasets.versions.counts import label_counts
    from vidset.datasets.versions.names import check_name
    from vidset.datasets.versions.repository import Repository as Versions

    steps, versions = Recipe.read(recipe), Versions(repository)
    if name is not None:
        check_name(name)
    versions.resolve(version)
    try:
        with counting("Applying", show=not (as_json or quiet)) as progress:
            made = apply_(versions, version, steps, cap=cap, message=message, progress=progress)
    except FaultsError as error:
        raise typer.Exit(refused(error, as_json=as_json)) from None
    if name is not None:
        versions.name_version(name, made.id)
    warn(f"left out: {line}" for line in made.dropped)
    labels = label_counts(made.images.table)
    if as_json:
        facts = {"id": made.id, "name": name, "is_new": made.is_new, "images": len(made.images)}
        print(json.dumps({**facts, "labels": labels, "dropped": made.dropped}))
    elif not quiet:
        there = "" if made.is_new else ", which was there already"
        called = f" {name}" if name else ""
        say(f"version {made.id[:SHORT_ID]}{called}: {len(made.images):,} images{there}")
        show_labels(made.images)
