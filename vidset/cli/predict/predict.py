"""`vidset predict`: a trained model's answers for images that nobody has labeled yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from vidset.cli.command import described
from vidset.cli.flags import (
    Dask,
    Draw,
    DryRun,
    Engine,
    Json,
    Place,
    Quiet,
    Run,
    Shard,
    threads_option,
)
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
        drawn: images that were drawn.
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
    drawn: int = 0


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
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The run's model, where vidset does not know it by its name: "
            "package.module:name, or the .toml file of a program.",
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
    threads: Annotated[int, threads_option("Let PyTorch use this many threads a process")] = 1,
    shard: Shard = None,
    engine: Engine = None,
    dask: Dask = None,
    store: Store = None,
    template: Template = None,
    draw: Draw = None,
    dry_run: DryRun = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Let a trained model say what it sees in images without labels.

    Annotators then begin with its answers, and `vidset select` ranks images by its doubts. The
    same command goes on where it was interrupted.
    """
    import os
    from collections import Counter
    from pathlib import Path

    from vidset.training.running.threads import chosen_threads, set_threads_for

    workers = workers or os.cpu_count() or 1
    threads = chosen_threads(threads, workers)
    set_threads_for(model, threads)  # Before anything imports PyTorch.
    from vidset.cli.console import answer, counting
    from vidset.cli.engines import engine_of, engine_starting
    from vidset.cli.label.places import place_of
    from vidset.cli.stopping import if_stopped
    from vidset.cli.train.choosing import choose_run, home_of
    from vidset.output import local_path
    from vidset.prediction.drawing import draw_place, open_drawn
    from vidset.prediction.predicting import Request, Summary, count_images, predict_place
    from vidset.project import NoPlaceError, find_project
    from vidset.shards import shard_of
    from vidset.training.scoring.runs import Runs

    project = find_project(place)
    folder = home_of(project, run, "vidset predict")
    if folder is None:
        raise NoPlaceError(
            f"{project.place} is in a bucket, which keeps no runs: wanted RUN, got none",
            "Name the run by the path of its folder on this machine, such as roads/runs/v0-1.",
        )
    chosen = choose_run(Runs(folder / "runs"), run) if project.is_folder else Path(str(run))
    found = engine_of(project, engine, dask)
    request = Request(
        place=place_of(project, store=store, template=template),
        run=chosen,
        datasets=folder / "datasets",
        all_images=all_images,
        prelabel_evaluation=prelabel_evaluation,
        answer_score=answer_score,
        model=model,
        workers=workers,
        threads=threads,
        shard=None if shard is None else shard_of(shard, os.environ),
        limit=limit,
    )
    drawn, unread = 0, []
    if dry_run:
        counts = count_images(request)
        summary = Summary()
        summary.counts.update(counts)
        summary.counts["predicted"] = counts["wanted"]
    else:
        folder_to_draw = None if draw is None else open_drawn(request, local_path("--draw", draw))
        if_stopped("The same command goes on.")
        inputs = [str(chosen.absolute()), str(request.datasets)]
        with (
            counting("Predicting", show=not (quiet or as_json)) as show,
            engine_starting(project, found, inputs, ("torch",)) as start_elsewhere,
        ):
            summary = predict_place(request, show, start_elsewhere)
        if folder_to_draw is not None:
            with counting("Drawing", show=not (quiet or as_json)) as show:
                drawn, unread = draw_place(
                    request, folder_to_draw, lambda number: show(Counter(drawn=number))
                )
            summary.problems = list(dict.fromkeys([*summary.problems, *unread]))
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
            drawn=drawn,
        ),
        lambda: _show(summary, None if draw is None else (drawn, draw), is_dry=dry_run),
        as_json=as_json,
        quiet=quiet,
        project=None if dry_run else project,
        next_words=_next(summary, is_dry=dry_run),
    )
    if counts["failed"] or unread:
        raise typer.Exit(1)


def _next(summary: "Summary", *, is_dry: bool) -> str | None:
    from vidset.cli.console import in_earnest

    if is_dry:
        return in_earnest()
    return "vidset select" if summary.counts["predicted"] else None


def _show(summary: "Summary", drawn: tuple[int, str] | None, *, is_dry: bool) -> None:
    """
    Args:
        drawn: how many images were drawn, and where.
    """
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
    if drawn is not None and not is_dry:
        say(f"{plural(drawn[0], 'image')} drawn in {drawn[1]}")
    show_problems(summary.problems)
