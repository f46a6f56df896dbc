"""`vidset errors` and `vidset review`: what the fixed model gets wrong, and what to do about it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet
from vidset.cli.train.scores import AnswerScore


class Rank(StrEnum):
    SELF_CONFIDENCE = "self_confidence"
    NORMALIZED_MARGIN = "normalized_margin"


def errors(
    subject: Annotated[
        str, typer.Argument(metavar="RUN", help="A run's folder; with --folds a version.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="errors.json, index.html.")
    ],
    repository: Annotated[
        Path,
        typer.Option("--repository", "-r", metavar="DIR", envvar="VIDSET_REPOSITORY"),
    ] = Path("datasets"),
    split: Annotated[
        list[str] | None,
        typer.Option(
            help="May be repeated with --folds.",
            show_default="the run's first; with --folds train",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            min=2,
            help="Look at a version's own labels: the model is trained K times, each time "
            "without the images that it is then asked about.",
        ),
    ] = None,
    model: Annotated[str, typer.Option(help="With --folds.")] = "resnet50-c2-32",
    epochs: Annotated[int, typer.Option(metavar="N", min=1, help="With --folds.")] = 15,
    seed: Annotated[int, typer.Option(help="With --folds.")] = 1,
    threads: Annotated[
        int, typer.Option(min=1, help="How many threads PyTorch may use with --folds.")
    ] = 1,
    rank: Annotated[Rank, typer.Option(help="What orders the queue.")] = Rank.SELF_CONFIDENCE,
    top: Annotated[int, typer.Option(min=1, help="Images to show at most, of each order.")] = 500,
    categories: Annotated[
        Path | None,
        typer.Option(metavar="YAML", help="Kinds of error, of your own: name, remedy, hint."),
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PNG", help="Draw the queue's first 50, too.")
    ] = None,
    spans: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Write which stretches of video to sample densely."),
    ] = None,
    margin: Annotated[
        float, typer.Option(min=0, metavar="SECONDS", help="Around an image, with --spans.")
    ] = 2.0,
    answer_score: AnswerScore = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Where a run errs, and which labels are likely wrong: as JSON and as a page to review."""
    if folds is not None:
        from vidset.training.running.threads import set_threads

        set_threads(threads)  # Before anything imports PyTorch.
    from vidset.cli.errors.display import show_errors
    from vidset.cli.train.display import showing_progress
    from vidset.datasets.errors import FaultsError
    from vidset.training.reviewing.errors_folder import write_errors
    from vidset.training.reviewing.finding import Request

    request = Request(
        subject=subject,
        output=output,
        repository=repository,
        splits=tuple(split or ()),
        folds=folds,
        model=model,
        epochs=epochs,
        seed=seed,
        threads=threads,
        rank=rank.value,
        top=top,
        categories=categories,
        sheet=sheet,
        spans=spans,
        margin_seconds=margin,
        answer_score=answer_score,
    )
    try:
        with showing_progress(quiet=quiet or as_json) as progress:
            written = write_errors(request, progress)
    except FaultsError as error:
        typer.echo(f"vidset: {error}", err=True)
        raise typer.Exit(1) from None
    show_errors(written, request, as_json=as_json, quiet=quiet)


def review(
    decisions: Annotated[
        Path, typer.Argument(metavar="DECISIONS", help="As the page of vidset errors saves it.")
    ],
    errors: Annotated[
        Path, typer.Option("--errors", metavar="DIR", help="What vidset errors wrote.")
    ],
    fixes: Annotated[
        Path | None,
        typer.Option(metavar="JSON", help="Where to.", show_default="DIR/fixes.json"),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """A person's decisions counted, and as fixes for `vidset dataset fix`."""
    from vidset.cli.errors.display import show_review
    from vidset.datasets.errors import FaultsError
    from vidset.training.reviewing.decisions import write_fixes

    fixes = fixes or errors / "fixes.json"
    try:
        counts = write_fixes(decisions, errors, fixes)
    except FaultsError as error:
        typer.echo(f"vidset: {error}", err=True)
        raise typer.Exit(1) from None
    show_review(counts, fixes, as_json=as_json, quiet=quiet)
