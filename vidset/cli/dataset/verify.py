"""`vidset dataset verify`."""

from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.flags import Json, Place, Quiet

_NAMED = 10


@dataclass(frozen=True, slots=True)
class Verified:
    """The object that --json prints: what was read, what is damaged, and files of no version."""

    place: str
    versions: int
    images: int
    damage: list[str]
    strays: list[str]


@described(
    "vidset dataset verify",
    "vidset dataset verify v0 v1",
    part="dataset",
    result="vidset.cli.dataset.verify:Verified",
)
def verify(
    references: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="VERSION",
            help="Versions; without one, what belongs to none is named as well.",
            show_default="all of them",
            autocompletion=complete_versions,
        ),
    ] = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read every image again and name what is missing or changed."""
    from vidset.cli.console import answer, plural, say, show_problems
    from vidset.cli.dataset.display import counting
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.versions.verify import verify as read_again

    versions = Versions.at(place, "verify")
    with counting("Reading images", show=not (as_json or quiet)) as progress:
        found = read_again(versions.repository, references or [], progress)
    show_problems(found.damage)

    def shown() -> None:
        number = plural(found.versions, "version")
        say(f"{number}, {plural(found.images, 'image')}, {len(found.damage)} damaged")
        if found.strays:
            say(f"{len(found.strays)} files of no version, such as:")
        for path in found.strays[:_NAMED]:
            say(f"  {path}")

    answer(
        Verified(
            place=versions.project.place,
            versions=found.versions,
            images=found.images,
            damage=found.damage,
            strays=found.strays,
        ),
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=None if found.damage else "vidset dataset list",
    )
    if found.damage:
        raise typer.Exit(1)
