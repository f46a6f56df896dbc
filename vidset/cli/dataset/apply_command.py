"""`vidset dataset apply`: a recipe makes the next version."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_versions
from vidset.cli.dataset.made import Made
from vidset.cli.dataset.options import Cap, Message, Move
from vidset.cli.flags import As, Json, Name, Place, Quiet


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied(Made):
    """The object that --json prints; `dropped` names each image that was taken out of training."""

    dropped: list[str]


@described(
    "vidset dataset apply v0 recipe.yaml -n v1",
    "vidset dataset apply v0 recipe.yaml -n v1 --cap 10000",
    part="dataset",
    result="vidset.cli.dataset.apply_command:Applied",
)
def apply(
    version: Annotated[
        str,
        typer.Argument(
            metavar="VERSION",
            help="A version's name or id, or the beginning of its id.",
            autocompletion=complete_versions,
        ),
    ],
    recipe: Annotated[str, typer.Argument(metavar="FILE", help="A recipe: YAML with its steps.")],
    name: Name = None,
    move: Move = False,
    message: Message = "",
    actor: As = None,
    cap: Cap = None,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Transform a version's images by a recipe."""
    from vidset.actor import actor_of
    from vidset.cli.console import answer, show_problems
    from vidset.cli.dataset.display import counting
    from vidset.cli.dataset.made import check_new_name, facts_of, name_made, show_made
    from vidset.cli.dataset.versions import Versions
    from vidset.cli.stopping import if_stopped
    from vidset.datasets.curation.apply import apply as apply_recipe
    from vidset.datasets.curation.recipe import Recipe

    by = actor_of(actor)
    versions, steps = Versions.at(place, "apply"), Recipe.read(Path(recipe))
    id_ = versions.repository.resolve(version)
    check_new_name(versions, name, id_, move=move)
    if_stopped("No version was made. The same command begins anew.")
    with counting("Applying", show=not (as_json or quiet)) as progress:
        made = apply_recipe(
            versions.repository, id_, steps, cap=cap, message=message, actor=by, progress=progress
        )
    warnings = [f"left out: {line}" for line in made.dropped]
    show_problems(warnings)
    name_made(versions, name, made.id, move=move, actor=by)
    facts = facts_of(versions, made.images, name, is_new=made.is_new, warnings=warnings)
    result = Applied(**facts, dropped=made.dropped)
    answer(
        result,
        lambda: show_made(result, made.images),
        as_json=as_json,
        quiet=quiet,
        project=versions.project,
        next_words=f"vidset train {versions.called(made.id)}",
    )
