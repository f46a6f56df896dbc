"""`vidset evaluate`: a run's scores, kept beside it, and whether they pass the gate."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.console import answer
from vidset.cli.events import tell_catalogue
from vidset.cli.flags import Draw, Json, Place, Quiet, Run, Subset, threads_option


@dataclass(frozen=True, slots=True)
class Scored:
    """The object that `vidset evaluate --json` prints.

    Attributes:
        run: the run's folder.
        gate: whether the gate passes, its reasons, and what was compared; None without a gate.
        results: scores, labels and slices by split, as RUN/evaluations/ keeps them.
        drawn: images that were drawn.
    """

    place: str
    run: str
    gate: dict[str, Any] | None
    results: dict[str, dict[str, Any]]
    drawn: int = 0


AnswerScore = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        metavar="SCORE",
        help="Count a detector's predictions from this score on as answers.",
        show_default="the best F1 of each label",
    ),
]


@described(
    "vidset evaluate v0-1",
    "vidset evaluate v1-1 --floor 0.6 --no-worse-than best",
    part="scores",
    result="vidset.cli.train.evaluate:Scored",
    stage="Models",
)
def evaluate(
    run: Run = None,
    place: Place = None,
    split: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Score only this split.", show_default="all that the run scored"
        ),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Evaluate on the images of another version."),
    ] = None,
    subset: Subset = None,
    floor: Annotated[
        float | None,
        typer.Option(min=0, max=1, metavar="SCORE", help="Exit with 1 if the score is below it."),
    ] = None,
    no_worse_than: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN|best",
            help="Exit with 1 if the score is worse than this run's by more than chance, on the "
            "same images; best: the best earlier version's. May be repeated.",
        ),
    ] = None,
    slack: Annotated[
        float,
        typer.Option(
            min=0, metavar="SCORE", help="Accept a score that is worse by up to this much."
        ),
    ] = 0.0,
    runs: Annotated[
        str | None,
        typer.Option(
            metavar="DIR", help="Where `best` looks for runs.", show_default="beside the run"
        ),
    ] = None,
    answer_score: AnswerScore = None,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="With --on, also take images that were in training."),
    ] = False,
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="With --on, the model of the run where vidset does not know it by its name: "
            "package.module:name, or the .toml file of a program.",
        ),
    ] = None,
    postprocess: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="With --on, let this function of a package change the objects that are found.",
        ),
    ] = None,
    draw: Draw = None,
    curves: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Write each label's precision and recall at every threshold into this new CSV "
            "file.",
        ),
    ] = None,
    threads: Annotated[int, threads_option("With --on, let PyTorch use this many threads")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a run by label and by slice, and gate on it."""
    if model is not None and on is None:
        raise ValueError("--model: with --on alone a model is asked")
    if subset is not None and on is None:
        raise ValueError("--subset: wanted --on VERSION beside it, of which a part is evaluated")
    if on is not None:
        from vidset.training.running.threads import chosen_threads, set_threads_for

        set_threads_for(model, chosen_threads(threads))  # Before anything imports PyTorch.
    from vidset.cli.train.choosing import choose_part, choose_run
    from vidset.cli.train.scores_display import show_problems_of, show_results
    from vidset.datasets.versions.repository import Repository
    from vidset.output import local_path, new_file
    from vidset.project import find_project
    from vidset.training.running.evaluating import Request
    from vidset.training.running.evaluating import evaluate as evaluate_run
    from vidset.training.scoring.rivals import BEST, Gate
    from vidset.training.scoring.runs import Runs

    project = find_project(place)
    folder = project.folder("vidset evaluate")
    known = Runs(folder / "runs")
    chosen = choose_run(known, run)
    beside = local_path("--runs", runs) if runs else chosen.absolute().parent
    drawn = local_path("--draw", draw) if draw is not None else None
    others = tuple(
        name if name == BEST else str(known.folder(name)) for name in no_worse_than or ()
    )
    if on is not None:
        repository = Repository(folder / "datasets")
        on = choose_part(repository, on, subset, show=not (quiet or as_json))
    gate = Gate(floor, others, slack, beside)
    evaluated = evaluate_run(
        Request(
            chosen,
            folder / "datasets",
            split,
            on,
            gate,
            answer_score,
            allow_leaks,
            model,
            postprocess,
            drawn,
            new_file("--curves", curves, overwrite=None) if curves is not None else None,
        )
    )
    show_problems_of(evaluated)
    verdict = evaluated.verdict
    for result in evaluated.results:
        read = [f"runs/{chosen.name}", f"versions/{result['version']}"]
        made = f"runs/{chosen.name}/evaluations/{result['split']}"
        tell_catalogue(project.place, "evaluate", read, [made], score=result["score"])
    answer(
        Scored(
            place=project.place,
            run=str(chosen),
            gate=None if verdict is None else verdict.to_json(),
            results={result["split"]: result for result in evaluated.results},
            drawn=evaluated.drawn,
        ),
        lambda: show_results(evaluated, drawn),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=f"vidset errors {run}" if run else "vidset errors",
    )
    if verdict is not None and not verdict.passes:
        raise typer.Exit(1)
