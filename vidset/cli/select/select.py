"""`vidset select`: which images are labeled next, and why."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import As, Dask, DryRun, Engine, Json, Place, Quiet, Tag, WithoutTag
from vidset.cli.label.options import Store

if TYPE_CHECKING:
    from vidset.cli.engines import Elsewhere
    from vidset.embeddings.embedder import Embedder
    from vidset.plan.budget import Budget
    from vidset.project import Project

_NONE = "none"
_NAMED = 10


@described(
    "vidset select --budget 200",
    'vidset select --budget "40 USD" --price 0.08 --strategy uncertain=0.5,time=0.5',
    part="dataset",
    result="vidset.cli.select.display:SelectedImages",
    stage="Labels",
)
def select(
    budget: Annotated[
        str | None,
        typer.Option(
            metavar="LIMITS",
            help='How many images, or what they may cost: 200, "500 USD".',
            show_default="that of vidset.toml",
        ),
    ] = None,
    strategy: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="mixed, time, diverse, uncertain, errors, rare or random; or shares of several, "
            "such as uncertain=0.5,time=0.5.",
        ),
    ] = "mixed",
    price: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="The price of labeling one image.", show_default="0.08"
        ),
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", help="Decides where nothing else does.")] = 1,
    of_run: Annotated[
        str | None,
        typer.Option(
            "--run", metavar="RUN", help="Whose predictions count.", show_default="the newest"
        ),
    ] = None,
    embedder: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Whose vectors say which images are alike; none: nobody's."
        ),
    ] = "classic",
    engine: Engine = None,
    dask: Dask = None,
    anew: Annotated[
        bool,
        typer.Option(
            "--anew", help="Images of earlier selections that have no task yet may be chosen again."
        ),
    ] = False,
    tag: Tag = None,
    without_tag: WithoutTag = None,
    actor: As = None,
    store: Store = None,
    place: Place = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Choose the images that are worth labeling next.

    Images that nearly repeat a labeled or chosen one are passed over, and no model chooses images
    of validation or test groups. The selection is a file that `label dispatch` takes.
    """
    from vidset.actor import actor_of
    from vidset.cli.console import answer, working
    from vidset.cli.engines import engine_of
    from vidset.cli.label.places import place_of
    from vidset.cli.select.display import next_of, selected_images, show_selected
    from vidset.cli.train.choosing import home_of
    from vidset.labeling.stores.opening import open_store
    from vidset.project import find_project
    from vidset.selection.gathering import Sources
    from vidset.selection.selecting import Wanted
    from vidset.selection.selecting import select as select_images
    from vidset.selection.strategies.registry import quotas_of
    from vidset.storage.open import open_store as open_objects
    from vidset.tags import FOLDER, TagChoice, choose

    project = find_project(place)
    # Without a run, no model chooses anything, and nothing has to be kept from it.
    home = home_of(project, of_run, "vidset select --run")
    quotas = quotas_of(strategy)
    limit = _budget(project, budget, price)
    where = place_of(project, store=store)
    settings = where.settings("inspect")  # Before any work.
    is_wanted = choose(
        open_objects(project.below(FOLDER)),
        TagChoice(tuple(tag or ()), tuple(without_tag or ())),
    )
    where_done = engine_of(project, engine, dask)
    warnings, opened = _vectors(
        project, embedder, where_done, is_dry=dry_run, is_quiet=as_json or quiet
    )
    labels = open_store(settings.store)
    try:
        with working("Choosing", show=not (as_json or quiet)):
            found = select_images(
                Sources(
                    place=where,
                    store=labels,
                    datasets=home and home / "datasets",
                    run_id=_run_id(home, of_run),
                    embedder=opened,
                    errors=home and home / "errors" / "errors.json",
                    is_wanted=is_wanted,
                    anew=anew,
                    seed=seed,
                ),
                Wanted(
                    limit.affordable or 0,
                    quotas,
                    {"amount": limit.amount, "price": limit.price, "currency": limit.currency},
                    actor_of(actor),
                ),
                is_dry=dry_run,
            )
    finally:
        labels.close()
    result = selected_images(project.place, found, limit, warnings)
    answer(
        result,
        lambda: show_selected(result, limit),
        as_json=as_json,
        quiet=quiet,
        project=None if dry_run else project,
        next_words=next_of(result, is_dry=dry_run),
    )


def _budget(project: "Project", budget: str | None, price: float | None) -> "Budget":
    """Read how many images; a plain number is one of images.

    Raises:
        ValueError: nobody says it, or it is no budget.
    """
    from vidset.plan.budget import DEFAULT_PRICE, read_budget

    text = project.text("budget", budget)
    if text is None:
        raise ValueError('--budget: wanted a number of images, such as 200, or "500 USD", got none')
    text = f"{text} tasks" if text.strip().isdigit() else text
    told = project.choose("price", price)
    limit = read_budget(float(DEFAULT_PRICE if told is None else told), text)
    if limit.amount is None:
        raise ValueError(f"--budget {text}: wanted a limit in all, got one for each day")
    if not limit.affordable:
        raise ValueError(f"--budget {text}: wanted enough for an image, one costs {limit.price:g}")
    return limit


def _vectors(
    project: "Project", named: str, engine: "Elsewhere | None", *, is_dry: bool, is_quiet: bool
) -> "tuple[list[str], Embedder | None]":
    """Embed the images that have no vector yet; returns what could not be, and the embedder."""
    from vidset.cli.console import working
    from vidset.cli.embedding import embed
    from vidset.embeddings.registry import open_embedder

    if named == _NONE:
        return [], None
    opened = open_embedder(named)
    if is_dry:
        return [], opened
    with working("Embedding", show=not is_quiet) as update:
        done = embed(project, named, engine, update)
    told = [f"{uri}: {reason}" for uri, reason in done.failed[:_NAMED]]
    if (more := len(done.failed) - _NAMED) > 0:
        told.append(f"{more:,} more images cannot be read and have no vector")
    return told, opened


def _run_id(home: Path | None, named: str | None) -> str | None:
    """Return the id of the run whose predictions count; None if there is none at all."""
    if home is None:
        return None
    from vidset.training.scoring.run import read_run
    from vidset.training.scoring.runs import Runs

    known = Runs(home / "runs")
    if named is not None:
        return read_run(known.folder(named)).run_id
    if not known.names():
        return None
    return read_run(known.newest()).run_id
