"""`vidset duplicates`: its options, and what it does in which order."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import (
    Dask,
    Embedder,
    Engine,
    Json,
    Output,
    Overwrite,
    Place,
    PlaceArgument,
    Quiet,
    Workers,
)

if TYPE_CHECKING:
    from vidset.embeddings.duplicates import Duplicates
    from vidset.embeddings.embedder import Embedder as VectorMaker
    from vidset.project import Project

_NAMED = 20


@described(
    "vidset duplicates",
    "vidset duplicates roads -o duplicates.parquet",
    part="embeddings",
    result="vidset.cli.duplicates.display:Found",
    stage="Videos",
    note="docs/duplicates.md says what is found and what is missed.",
)
def duplicates(
    subject: PlaceArgument = None,
    embedder: Embedder = "classic",
    price: Annotated[
        float | None,
        typer.Option(
            metavar="NUMBER", help="The price of labeling one image.", show_default="0.08"
        ),
    ] = None,
    workers: Workers = None,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N|auto",
            help="Only embed the images of part I of N of the videos, for N machines that share a "
            "place, and list nothing. auto reads it from Slurm, Kubernetes, Cloud Run or AWS "
            "Batch.",
        ),
    ] = None,
    engine: Engine = None,
    dask: Dask = None,
    output: Output = None,
    overwrite: Overwrite = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List images that several videos show, and their cost.

    Videos that were uploaded again, encoded anew, scaled or cropped are found, and places that
    several cars filmed alike; mirrored ones stand apart. Only images that are new since the last
    call are looked at.
    """
    import os

    from vidset.cli.console import answer, show_problems, working
    from vidset.cli.places import only_place
    from vidset.cli.stopping import if_stopped
    from vidset.output import new_file
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
    if shard is not None and output is not None:
        raise ValueError("--shard lists nothing that --output could hold: leave one of them out")
    file = None if output is None else new_file("--output", output, overwrite=overwrite)
    if_stopped("The same command goes on.")
    with working("Reading the ledger", show=not (as_json or quiet)) as update:
        from vidset.cli.duplicates.display import embedded_of, found_of, show_found
        from vidset.cli.embedding import embed
        from vidset.cli.engines import engine_of
        from vidset.embeddings.registry import open_embedder
        from vidset.plan.budget import DEFAULT_PRICE, read_budget
        from vidset.shards import shard_of

        part = None if shard is None else shard_of(shard, os.environ)
        chosen = project.choose("price", price)
        budget = read_budget(
            float(DEFAULT_PRICE if chosen is None else chosen), project.text("budget")
        )
        opened = open_embedder(embedder)  # Before any work: it may not be there.
        where = engine_of(project, engine, dask)
        summary = embed(project, embedder, where, update, workers=workers, shard=part)
        found = None if part else _find(project, opened, update)
        if found is not None and file is not None:
            from vidset.embeddings.duplicates_file import write_clusters

            write_clusters(found, file)
    show_problems(f"{uri}: {reason}" for uri, reason in summary.failed[:_NAMED])
    if (more := len(summary.failed) - _NAMED) > 0:
        show_problems([f"{more:,} more images cannot be read: --json names all"])
    if found is None:
        result, following = embedded_of(project.place, summary, budget), "vidset duplicates"
    else:
        from vidset.next_step import next_words

        result = found_of(project.place, opened, summary, found, budget, file)
        following = next_words(project, images=found.images)
    answer(
        result,
        lambda: show_found(result),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=following,
    )
    if summary.failed:
        raise typer.Exit(1)


def _find(
    project: "Project", embedder: "VectorMaker", update: Callable[[str], None]
) -> "Duplicates":
    from vidset.embeddings.duplicates import Duplicates
    from vidset.embeddings.near_index import near_pairs

    pairs = near_pairs(
        project.place,
        embedder,
        lambda done, total: update(f"Looking for near duplicates: {done:,} of {total:,}"),
    )
    return Duplicates(project.place, pairs)
