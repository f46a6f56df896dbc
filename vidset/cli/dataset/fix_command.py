"""`vidset dataset fix`: a review's fixes make the next version."""

import json
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Message, Name, Reference, Repository
from vidset.cli.flags import Json, Quiet


def fix(
    version: Reference,
    fixes: Annotated[Path, typer.Argument(metavar="FIXES", help="As vidset review writes it.")],
    name: Name = None,
    message: Message = "",
    new_label: Annotated[
        list[str] | None,
        typer.Option(
            metavar="LABEL", help="That no image has yet; others are taken for typing errors."
        ),
    ] = None,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Relabel and remove images. Splits stay; a fix reaches twins and copies of its image."""
    from vidset.cli.dataset.display import SHORT_ID, refused, say
    from vidset.datasets.curation.fix import fix_version
    from vidset.datasets.curation.fixes import parse_fixes
    from vidset.datasets.errors import DatasetError, FaultsError
    from vidset.datasets.versions.names import check_name
    from vidset.datasets.versions.repository import Repository as Versions

    versions = Versions(repository)
    if name is not None:
        check_name(name)
    try:
        text = fixes.read_bytes()
    except OSError as error:
        raise DatasetError(f"{fixes}: {error.strerror}") from None
    try:
        given = parse_fixes(text, str(fixes))
        made = fix_version(versions, version, given, new_labels=new_label or (), message=message)
    except FaultsError as error:
        raise typer.Exit(refused(error, as_json=as_json)) from None
    if name is not None:
        versions.name_version(name, made.id)
    if as_json:
        facts = {"id": made.id, "name": name, "is_new": made.is_new, "images": made.images}
        print(json.dumps({**facts, "changes": made.changes}))
    elif not quiet:
        called = f" {name}" if name else ""
        there = "" if made.is_new else ", which was there already"
        say(f"version {made.id[:SHORT_ID]}{called}: {made.images:,} images{there}")
        for split, counts in made.changes.items():
            say(f"{split:15}{counts['relabeled']} relabeled, {counts['removed']} removed")
