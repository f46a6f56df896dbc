"""`vidset dataset audit`, `statistics` and `validate`: what is wrong with a version, or odd."""

from typing import Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Reference, Repository
from vidset.cli.flags import Json, Quiet


def audit(
    version: Reference,
    near_distance: Annotated[
        str,
        typer.Option(
            metavar="BITS", help="Of the perceptual hashes of near duplicates; off: no such leaks."
        ),
    ] = "6",
    limit: Annotated[int, typer.Option(min=0, help="Images named on the screen, of a kind.")] = 20,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Images that are in several splits, and contradictory labels (exit 1); blanks."""
    from vidset.cli.dataset.audit import run_audit

    raise typer.Exit(
        run_audit(repository, version, near_distance, limit, as_json=as_json, quiet=quiet)
    )


def statistics(
    version: Reference,
    html: Annotated[
        str | None, typer.Option("--html", metavar="FILE", help="Write a page of them, too.")
    ] = None,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What a version's images are like, the splits side by side."""
    from vidset.cli.dataset.statistics import run_statistics

    raise typer.Exit(run_statistics(repository, version, html, as_json=as_json, quiet=quiet))


def validate(
    version: Reference,
    fatal: Annotated[bool, typer.Option("--fatal", help="Exit 1 where there are any.")] = False,
    update_schema: Annotated[
        bool,
        typer.Option("--update-schema", help="From now on, versions are to be like this one."),
    ] = False,
    repository: Repository = REPOSITORY,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What a version has that the schema, frozen at the first one, does not expect."""
    from vidset.cli.dataset.validate import run_validate

    raise typer.Exit(
        run_validate(
            repository,
            version,
            fatal=fatal,
            update=update_schema,
            as_json=as_json,
            quiet=quiet,
        )
    )
