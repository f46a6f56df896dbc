"""`vidset duplicates`: its options, and what it does in which order."""

from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import Embedder, Json, Output, Overwrite, Place, PlaceArgument, Quiet, Workers

if TYPE_CHECKING:
    from vidset.embeddings.computing import EmbedSummary
    from vidset.embeddings.duplicates import Duplicates
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
    from vidset.cli.console import answer, show_problems, working
    from vidset.cli.places import only_place
    from vidset.output import new_file
    from vidset.project import find_project

    project = find_project(only_place(subject, place))
    file = None if output is None else new_file("--output", output, overwrite=overwrite)
    with working("Reading the ledger", show=not (as_json or quiet)) as update:
        from vidset.cli.duplicates.display import found_of, show_found
        from vidset.embeddings.registry import open_embedder
        from vidset.plan.budget import DEFAULT_PRICE, read_budget

        chosen = project.choose("price", price)
        budget = read_budget(
            float(DEFAULT_PRICE if chosen is None else chosen), project.text("budget")
        )
        opened = open_embedder(embedder)  # Before any work: it may not be there.
        summary, found = _find(project, embedder, workers, update)
        if file is not None:
            from vidset.embeddings.duplicates_file import write_clusters

            write_clusters(found, file)
    show_problems(f"{uri}: {reason}" for uri, reason in summary.failed[:_NAMED])
    if (more := len(summary.failed) - _NAMED) > 0:
        show_problems([f"{more:,} more images cannot be read: --json names all"])
    result = found_of(project.place, opened, summary, found, budget, file)
    from vidset.next_step import next_words

    answer(
        result,
        lambda: show_found(result),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=next_words(project, images=found.images),
    )
    if summary.failed:
        raise typer.Exit(1)


def _find(
    project: "Project", embedder: str, workers: int | None, update
) -> "tuple[EmbedSummary, Duplicates]":
    from vidset.embeddings.computing import embed_place
    from vidset.embeddings.duplicates import Duplicates
    from vidset.embeddings.near_index import near_pairs
    from vidset.embeddings.registry import open_embedder

    summary = embed_place(
        project.place,
        embedder,
        workers=workers,
        progress=lambda done, total: update(f"Embedding images: {done:,} of {total:,}"),
    )
    pairs = near_pairs(
        project.place,
        open_embedder(embedder),
        lambda done, total: update(f"Looking for near duplicates: {done:,} of {total:,}"),
    )
    return summary, Duplicates(project.place, pairs)
