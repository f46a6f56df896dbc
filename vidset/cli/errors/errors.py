"""`vidset errors`: what the fixed model gets wrong, and which labels are likely wrong."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.completing import complete_runs, complete_versions
from vidset.cli.console import answer
from vidset.cli.flags import (
    Dask,
    Engine,
    Json,
    Overwrite,
    Place,
    Quiet,
    RunsAtOnce,
    Subset,
    threads_option,
)
from vidset.cli.stopping import if_stopped
from vidset.cli.train.evaluate import AnswerScore


class Rank(StrEnum):
    SELF_CONFIDENCE = "self_confidence"
    NORMALIZED_MARGIN = "normalized_margin"


@dataclass(frozen=True, slots=True)
class ErrorsFound:
    """The object that `vidset errors --json` prints; the images themselves stand in errors.json.

    Attributes:
        output: the folder with errors.json and index.html.
        run_id, epoch: of the run; None with folds.
        folds: how the folds were trained; None for a run.
        flagged: labels that are likely wrong, or images with objects made up.
        wrong: images that were answered wrong.
        shown: images on the page.
        spans: stretches of video around images that went wrong.
    """

    place: str
    output: str
    version: str
    task: str
    model: str
    recipe_hash: str
    run_id: str | None
    evaluation_id: str | None
    splits: list[str]
    epoch: int | None
    folds: dict[str, int] | None
    classes: list[str]
    scores: dict[str, Any]
    flagged: int
    wrong: int
    shown: int
    spans: int
    categories: list[dict[str, str]]


def _complete(incomplete: str) -> list[str]:
    return [*complete_runs(incomplete), *complete_versions(incomplete)]


@described(
    "vidset errors v0-1",
    "vidset errors v0 --folds 5",
    part="scores",
    result="vidset.cli.errors.errors:ErrorsFound",
    stage="Models",
)
def errors(
    subject: Annotated[
        str | None,
        typer.Argument(
            metavar="RUN|VERSION",
            help="A run, or with --folds a version.",
            show_default="the newest",
            autocompletion=_complete,
        ),
    ] = None,
    place: Place = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The folder for errors.json and index.html.",
            show_default="errors in the place",
        ),
    ] = None,
    split: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Which images to look at. May be repeated with --folds.",
            show_default="the run's first; with --folds train",
        ),
    ] = None,
    folds: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            min=2,
            help="Look at a version's own labels: train the model K times, each time without the "
            "images that it is then asked about.",
        ),
    ] = None,
    subset: Subset = None,
    model: Annotated[
        str, typer.Option(metavar="MODEL", help="With --folds, the model to train.")
    ] = "resnet50-c2-32",
    epochs: Annotated[
        int, typer.Option(metavar="N", min=1, help="With --folds, train for this many epochs.")
    ] = 15,
    seed: Annotated[
        int, typer.Option(metavar="N", help="With --folds, the seed to train with.")
    ] = 1,
    threads: Annotated[int, threads_option("With --folds, let PyTorch use this many threads")] = 1,
    workers: RunsAtOnce = None,
    engine: Engine = None,
    dask: Dask = None,
    rank: Annotated[
        Rank, typer.Option(help="Order the queue by this measure.")
    ] = Rank.SELF_CONFIDENCE,
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="Show at most this many images.")
    ] = 500,
    categories: Annotated[
        str | None,
        typer.Option(metavar="YAML", help="Your own kinds of errors: name, remedy, hint."),
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(metavar="PNG", help="Draw the queue's first 50 as a picture.")
    ] = None,
    spans_to: Annotated[
        str | None,
        typer.Option(
            "--spans-to", metavar="JSON", help="Write which stretches of video to sample densely."
        ),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="How far a stretch reaches around an image."),
    ] = 2.0,
    answer_score: AnswerScore = None,
    overwrite: Overwrite = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Show where a run errs, and which labels are likely wrong.

    It writes a page to review, which needs no server and no network.
    """
    if subset is not None and folds is None:
        raise ValueError("--subset: wanted --folds beside it; a run has the images it has")
    if dask is not None and folds is None:
        raise ValueError("--dask: wanted --folds beside it; a run is trained already")
    from vidset.cli.engines import engine_of, engine_starting
    from vidset.cli.errors.display import show_errors
    from vidset.cli.train.choosing import choose_part, choose_run, choose_version
    from vidset.cli.train.display import showing_progress
    from vidset.datasets.errors import DatasetError
    from vidset.datasets.versions.repository import Repository
    from vidset.output import local_path, new_file
    from vidset.project import find_project
    from vidset.training.reviewing.errors_folder import errors_output, write_errors
    from vidset.training.reviewing.finding import Request
    from vidset.training.running.threads import chosen_threads
    from vidset.training.scoring.runs import Runs

    project = find_project(place)
    folder = project.folder("vidset errors")
    runs, repository = Runs(folder / "runs"), Repository(folder / "datasets")
    if folds is None and subject is not None and runs.is_version_only(subject, repository):
        raise DatasetError(
            f"{subject} is a version: --folds 5 judges its labels; a run, such as {subject}-1, "
            "shows what the model gets wrong"
        )
    if folds is None:
        chosen = str(choose_run(runs, subject))
    else:
        if subject is not None and runs.is_run(subject):
            raise DatasetError(f"--folds looks at a dataset version, got the run {subject}")
        chosen = choose_version(repository, subject)
        chosen = choose_part(repository, chosen, subset, show=not (quiet or as_json))
    to = local_path("--output", output) if output else folder / "errors"
    request = Request(
        subject=chosen,
        output=errors_output(to, overwrite=overwrite),
        repository=repository.root,
        splits=tuple(split or ()),
        folds=folds,
        model=model,
        epochs=epochs,
        seed=seed,
        threads=chosen_threads(threads, folds or 1),
        workers=workers,
        rank=rank.value,
        top=top,
        categories=local_path("--categories", categories) if categories else None,
        sheet=new_file("--sheet", sheet, overwrite=overwrite) if sheet else None,
        spans=new_file("--spans-to", spans_to, overwrite=overwrite) if spans_to else None,
        margin_seconds=margin,
        answer_score=answer_score,
    )
    if folds is not None:
        if_stopped("The same command goes on with the folds that are not done.")
    found = None if folds is None else engine_of(project, engine, dask)
    inputs = [str(repository.root), str(request.output)]
    with (
        showing_progress(quiet=quiet or as_json) as progress,
        engine_starting(project, found, inputs, ("torch",)) as start_elsewhere,
    ):
        written = write_errors(request, progress, start_elsewhere)
    details = {**written.details, "shown": len(written.details["shown"]), "spans": written.spans}
    review = "vidset review" + (f" --errors {output}" if output else "")
    answer(
        ErrorsFound(place=project.place, output=str(request.output), **details),
        lambda: show_errors(written, request),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=review,
    )
