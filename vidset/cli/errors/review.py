"""`vidset review`: a person's decisions, counted, and as fixes."""

import os
import shlex
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.console import answer
from vidset.cli.flags import As, Json, Overwrite, Place, Quiet


@dataclass(frozen=True, slots=True)
class Reviewed:
    """The object that `vidset review --json` prints.

    Attributes:
        output: the file with the fixes.
        actor: who decided.
        shown, decided, undecided: images.
        right: images whose label is right; the others stand under categories, remedies and
            actions, each with `images` and `percent` of the decided ones.
    """

    place: str
    output: str
    version: str
    actor: str
    shown: int
    decided: int
    undecided: int
    right: dict[str, float]
    categories: list[dict[str, Any]]
    remedies: dict[str, dict[str, float]]
    actions: dict[str, dict[str, float]]


@described(
    "vidset review",
    "vidset review ~/Downloads/decisions.json --as Ada",
    part="scores",
    result="vidset.cli.errors.review:Reviewed",
    stage="Models",
)
def review(
    decisions: Annotated[
        str | None,
        typer.Argument(
            metavar="DECISIONS",
            help="The file that the page of vidset errors saved.",
            show_default="decisions.json beside the page",
        ),
    ] = None,
    place: Place = None,
    errors: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="The folder that vidset errors wrote.",
            show_default="errors in the place",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The file for the fixes.",
            show_default="fixes.json beside the page",
        ),
    ] = None,
    overwrite: Overwrite = False,
    actor: As = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Count a person's decisions, and write them as fixes."""
    from vidset.actor import actor_of
    from vidset.cli.errors.display import show_review
    from vidset.output import local_path, new_file
    from vidset.project import NoPlaceError, find_project
    from vidset.training.reviewing.decisions import write_fixes

    by = actor_of(actor)
    project = find_project(place)
    folder = (
        local_path("--errors", errors) if errors else project.folder("vidset review") / "errors"
    )
    given = local_path("DECISIONS", decisions) if decisions else folder / "decisions.json"
    if not given.is_file():
        raise NoPlaceError(
            f"{given}: there is no such file of decisions",
            f"Open {folder / 'index.html'}, decide, save the file there, and name it: vidset "
            "review ~/Downloads/decisions.json. vidset errors writes the page.",
        )
    # The place's own fixes.json is made of the decisions, and is made again when they change.
    to = new_file("--output", output, overwrite=overwrite) if output else folder / "fixes.json"
    written = write_fixes(given, folder, to, by)
    file = shlex.quote(os.path.relpath(to))
    answer(
        Reviewed(
            place=project.place, output=str(to), version=written.version, actor=by, **written.counts
        ),
        lambda: show_review(written.counts, to),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=f"vidset label dispatch --relabel {file}"
        if written.for_annotators
        else f"vidset dataset fix {written.version[:12]} {file}",
    )
