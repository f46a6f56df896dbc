"""`vidset predict`: a trained model's answers for images that nobody has labeled yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import DryRun, Json, Place, Quiet, Run
from vidset.cli.label.options import Store, Template

if TYPE_CHECKING:
    from vidset.prediction.predicting import Summary


@dataclass(frozen=True, slots=True)
class Predicted:
    """The object that `vidset predict --json` prints.

    Attributes:
        run: the run's folder.
        predicted: images whose predictions were stored, or would be in a dry run.
        objects: how many objects annotators will start from.
        done: images that this run had predicted before.
        labeled: images that have a label, and are predicted with --all alone.
        evaluation: images of validation and test groups, and near duplicates of their images.
        failed: images that could not be read.
        left_out: objects that the task template has no room for, by the reason.
        warnings: the first images that failed, and why.
    """

    place: str
    run: str
    predicted: int
    objects: int = 0
    done: int = 0
    labeled: int = 0
    evaluation: int = 0
    failed: int = 0
    left_out: Mapping[str, int] | None = None
    warnings: Sequence[str] = ()


@described(
    "vidset predict",
    "vidset predict v0-1 --all --workers 2",
    part="train",
    result="vidset.cli.predict.predict:Predicted",
    stage="Models",
)
def predict(
    run: Run = None,
    place: Place = None,
    all_images: Annotated[
        bool, typer.Option("--all", help="Predict the images that have labels, too.")
    ] = False,
    prelabel_evaluation: Annotated[
        bool,
        typer.Option(
            "--prelabel-evaluation",
            help="Predict images of validation and test groups, too. Their labels will lean "
            "towards the model, and its scores with them.",
        ),
    ] = False,
    answer_score: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            metavar="SCORE",
            help="Count a detector's predictions from this score on as answers.",
            show_default="the best F1 of each label",
        ),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Predict at most this many images.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Worker processes.", show_default="the number of cores"
        ),
    ] = None,
    threads: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Let PyTorch use this many threads in each process."),
    ] = 1,
    shard: Annotated[
        str | None,
        typer.Option(
            metavar="I/N|auto",
            help="Take only part I of N of the videos, chosen by their names, for N machines that "
            "share a store. auto reads it from Slurm, Kubernetes, Cloud Run or AWS Batch.",
        ),
    ] = None,
    store: Store = None,
    template: Template = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let a trained model say what it sees in images without labels.

    Annotators then begin with its answers, and `vidset select` ranks images by its doubts. The
    same command goes on where it was interrupted.
    """
    import os

    from vidset.training.running.threads import set_threads

    set_threads(threads)  # Before anything imports PyTorch.
    from vidset.cli.console import answer, counting
    from vidset.cli.label.places import place_of
    from vidset.cli.stopping import if_stopped
    from vidset.cli.train.choosing import choose_run
    from vidset.prediction.predicting import Request, Summary, count_images, predict_place
    from vidset.project import find_project
    from vidset.shards import shard_of
    from vidset.training.scoring.runs import Runs

    project = find_project(place)
    folder = project.folder("vidset predict")
    chosen = choose_run(Runs(folder / "runs"), run)
    request = Request(
        place=place_of(project, store=store, template=template),
        run=chosen,
        datasets=folder / "datasets",
        all_images=all_images,
        prelabel_evaluation=prelabel_evaluation,
        answer_score=answer_score,
        workers=workers or os.cpu_count() or 1,
        threads=threads,
        shard=None if shard is None else shard_of(shard, os.environ),
        limit=limit,
    )
    if dry_run:
        counts = count_images(request)
        summary = Summary()
        summary.counts.update(counts)
        summary.counts["predicted"] = counts["wanted"]
    else:
        if_stopped("The same command goes on.")
        with counting("Predicting", show=not (quiet or as_json)) as show:
            summary = predict_place(request, show)
    counts = summary.counts
    answer(
        Predicted(
            project.place,
            str(chosen),
            **{
                name: counts[name]
                for name in ("predicted", "objects", "done", "labeled", "evaluation", "failed")
            },
            left_out=dict(summary.left_out),
            warnings=summary.problems,
        ),
        lambda: _show(summary, is_dry=dry_run),
        as_json=as_json,
        quiet=quiet,
        project=None if dry_run else project,
        next_words=_next(summary, is_dry=dry_run),
    )
    if counts["failed"]:
        raise typer.Exit(1)


def _next(summary: "Summary", *, is_dry: bool) -> str | None:
    from vidset.cli.console import in_earnest

    if is_dry:
        return in_earnest()
    return "vidset select" if summary.counts["predicted"] else None


def _show(summary: "Summary", *, is_dry: bool) -> None:
    from vidset.cli.console import plural, say, show_problems

    counts = summary.counts
    if is_dry:
        say(f"{plural(counts['predicted'], 'image')} would be predicted; nothing was stored")
    else:
        say(
            f"{plural(counts['predicted'], 'image')} predicted, "
            f"{plural(counts['objects'], 'object')} to start from"
        )
    passed_over = {
        "done": "predicted by this run before",
        "labeled": "labeled already (--all predicts them, too)",
        "evaluation": "of validation and test groups, which the model stays away from",
    }
    for name, words in passed_over.items():
        if counts[name]:
            say(f"{counts[name]:,} passed over: {words}")
    for reason, number in summary.left_out.most_common():
        say(f"{plural(number, 'object')} left out: {reason}")
    show_problems(summary.problems)
