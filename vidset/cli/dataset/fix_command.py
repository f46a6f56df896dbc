"""`vidset dataset fix`: a review's fixes make the next version."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.dataset.made import Made
from vidset.cli.dataset.options import Message, Move
from vidset.cli.flags import As, Json, Name, Place, Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed(Made):
    """The object that --json prints; `changes` are counts by split."""

    changes: Mapping[str, Mapping[str, int]]


@described(
    "vidset dataset fix v0 fixes.json -n v1",
    "vidset dataset fix v0 fixes.json -n v1 --new-label tram",
    part="dataset",
    result="vidset.cli.dataset.fix_command:Fixed",
    note="Splits stay. A fix of an image reaches its twins, and the copies that a recipe made.",
)
def fix(
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION",
            help="A version's name or id, or the beginning of its id.",
            autocompletion=complete_versions,
        ),
    ],
    fixes: Annotated[
        str, typer.Argument(metavar="FILE", help="Fixes, as vidset review writes them.")
    ],
    name: Name = None,
    move: Move = False,
    message: Message = "",
    actor: As = None,
    new_label: Annotated[
        list[str] | None,
        typer.Option(metavar="LABEL", help="Allow this label, which no image has yet."),
    ] = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Correct labels and objects, and remove images."""
    from vidset.actor import actor_of
    from vidset.cli.console import answer, say
    from vidset.cli.dataset.made import check_new_name, facts_of, name_made, show_made
    from vidset.cli.dataset.versions import Versions
    from vidset.datasets.curation.fix import fix_version
    from vidset.datasets.curation.fixes import read_fixes

    by = actor_of(actor)
    versions, given = Versions.at(place, "fix"), read_fixes(Path(fixes))
    id_ = versions.repository.resolve(version)
    check_new_name(versions, name, id_, move=move)
    made = fix_version(
        versions.repository, id_, given, new_labels=new_label or (), message=message, actor=by
    )
    name_made(versions, name, made.id, move=move, actor=by)
    images = versions.repository.manifest(made.id)
    facts = facts_of(versions, images, name, is_new=made.is_new, warnings=[])
    result = Fixed(**facts, changes=made.changes)

    def shown() -> None:
        show_made(result, images)
        for split, counts in made.changes.items():
            say(f"{split}: {counts['relabeled']} relabeled, {counts['removed']} removed")

    answer(
        result,
        shown,
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset train {versions.called(made.id)}",
    )
