"""`vidset evaluate` and `compare`: scores of the fixed model."""

from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.flags import Json, Quiet

VERSUS = "vs"
_Repository = Annotated[
    Path,
    typer.Option(
        "--repository",
        "-r",
        metavar="DIR",
        envvar="VIDSET_REPOSITORY",
        help="Where dataset versions are kept.",
    ),
]


AnswerScore = Annotated[
    float | None,
    typer.Option(
        min=0,
        max=1,
        help="Count a detector's predictions from this score on as answers.",
        show_default="the best F1 of each label on the run's first split",
    ),
]


def evaluate(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    repository: _Repository = Path("datasets"),
    split: Annotated[
        str | None, typer.Option(show_default="all that the run was evaluated on")
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(metavar="VERSION", help="Another version: the model looks at its images now."),
    ] = None,
    floor: Annotated[
        float | None, typer.Option(min=0, max=1, help="Exit with 1 if the score is below it.")
    ] = None,
    no_worse_than: Annotated[
        list[str] | None,
        typer.Option(
            metavar="RUN|best",
            help="Exit with 1 if the score is worse than this run's by more than chance, on the "
            "same images; best: than the best earlier version's beside it. May be repeated.",
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, help="So much worse is still no worse.")] = 0.0,
    runs: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where `best` looks.", show_default="RUN's folder"),
    ] = None,
    answer_score: AnswerScore = None,
    allow_leaks: Annotated[
        bool,
        typer.Option(
            "--allow-leaks", help="With --on, evaluate on images that stood in training, too."
        ),
    ] = False,
    threads: Annotated[int, typer.Option(min=1, help="Threads of PyTorch, with --on.")] = 1,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Score a run: accuracy with its interval, labels, confusion, slices; and gate on it."""
    if on is not None:
        from vidset.training.running.threads import set_threads

        set_threads(threads)  # Before anything imports PyTorch.
    from vidset.cli.train.scores_display import show_results
    from vidset.datasets.errors import FaultsError
    from vidset.training.running.evaluating import Request
    from vidset.training.running.evaluating import evaluate as evaluate_run
    from vidset.training.scoring.rivals import Gate

    gate = Gate(floor, tuple(no_worse_than or ()), tolerance, runs or run.absolute().parent)
    request = Request(run, repository, split, on, gate, answer_score, allow_leaks)
    try:
        evaluated = evaluate_run(request)
    except FaultsError as error:
        typer.echo(f"vidset: {error}", err=True)
        raise typer.Exit(1) from None
    show_results(evaluated, run, as_json=as_json, quiet=quiet)
    if evaluated.verdict is not None and not evaluated.verdict.passes:
        raise typer.Exit(1)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Folders of runs, one a seed: the baseline, the word vs, the candidate.",
        ),
    ],
    split: Annotated[str | None, typer.Option(show_default="the runs' first")] = None,
    allow_few: Annotated[
        bool, typer.Option("--allow-few", help="Fewer than 3 seeds a side: no conclusion.")
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Is one dataset version better than another, by more than the noise?"""
    from vidset.cli.train.scores_display import show_comparison
    from vidset.datasets.errors import DatasetError
    from vidset.training.scoring.run import read_run
    from vidset.training.scoring.sides import read_sides
    from vidset.training.scoring.verdict import compare as compare_runs

    if runs.count(VERSUS) != 1:
        raise DatasetError(f"wanted RUN... {VERSUS} RUN..., got {' '.join(runs)}")
    at = runs.index(VERSUS)
    baseline, candidate = (
        [read_run(name) for name in side] for side in (runs[:at], runs[at + 1 :])
    )
    sides = read_sides(baseline, candidate, split, allow_few=allow_few)
    show_comparison(compare_runs(sides), as_json=as_json, quiet=quiet)
