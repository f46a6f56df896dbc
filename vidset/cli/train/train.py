"""`vidset train`: the fixed model on a dataset version, once for each seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from vidset.cli.command import described
from vidset.cli.console import answer
from vidset.cli.events import tell_catalogue
from vidset.cli.flags import (
    Dask,
    Engine,
    Json,
    Place,
    Quiet,
    RunsAtOnce,
    Subset,
    Version,
    threads_option,
)
from vidset.cli.stopping import if_stopped


@dataclass(frozen=True, slots=True)
class Trained:
    """The object that `vidset train --json` prints.

    Attributes:
        runs: for each seed, what run.json says, its folder `output`, the scores of its best epoch
            (`best`) and the mean of its last five (`last_five_mean`), by split.
    """

    place: str
    version: str
    model: str
    runs: list[dict[str, Any]]


@described(
    "vidset train v0 --seeds 1-3",
    "vidset train v0 --model forest/model.toml --seeds 1-3",
    part="train",
    result="vidset.cli.train.train:Trained",
    stage="Models",
)
def train(
    version: Version = None,
    place: Place = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="PATH",
            help="The run's folder; an existing run continues.",
            show_default="runs/VERSION-SEED in the place, or VERSION-MODEL-SEED for a model that "
            "is not the default",
        ),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            metavar="SEEDS",
            help="Train once for each seed of initial weights and shuffling: 1, 1-3 or 1,4,7.",
        ),
    ] = "1",
    model: Annotated[
        str | None,
        typer.Option(
            metavar="MODEL",
            help="The fixed model: a name, package.module:name, or the .toml file of a program.",
            show_default="by the version's labels",
        ),
    ] = None,
    epochs: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="How often training sees every image."),
    ] = 50,
    splits: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME...",
            help="Splits to score after each epoch; the first selects the best epoch.",
        ),
    ] = "validation",
    select_by: Annotated[
        str | None,
        typer.Option(
            "--select-by",
            metavar="SCORE",
            help="Select the best epoch by this score of the first split, such as ap or loss.",
            show_default="accuracy, ap50 or mean_iou, by the model",
        ),
    ] = None,
    cap: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Refuse more images than this in training and validation; 0 for no limit.",
        ),
    ] = 10_000,
    subset: Subset = None,
    threads: Annotated[int, threads_option("Let PyTorch use this many threads for each run")] = 1,
    workers: RunsAtOnce = None,
    engine: Engine = None,
    dask: Dask = None,
    device: Annotated[str, typer.Option(metavar="DEVICE", help="cpu or cuda.")] = "cpu",
    precision: Annotated[
        str,
        typer.Option(
            metavar="PRECISION",
            help="Let the network learn in float32 or bfloat16, which is part of the recipe.",
        ),
    ] = "float32",
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Train on a version that was made with leaks.")
    ] = False,
    track: Annotated[
        str, typer.Option(metavar="NAME", help="Report each epoch to mlflow or wandb.")
    ] = "none",
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Begin with torchvision's weights in this file, where the model takes them; its "
            "hash becomes part of the recipe.",
            show_default="drawn from the seed",
        ),
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the fixed model on a version.

    The same command goes on with a run that was interrupted, and leaves one that is done as it is.
    """
    from vidset.cli.engines import engine_of, engine_starting
    from vidset.cli.train.choosing import choose_part, choose_version, parse_seeds
    from vidset.cli.train.display import show_runs, showing_progress
    from vidset.datasets.errors import DatasetError
    from vidset.datasets.versions.repository import Repository
    from vidset.output import local_path
    from vidset.project import find_project
    from vidset.training.running.request import Request
    from vidset.training.running.results import sum_up
    from vidset.training.running.side_by_side import train_all
    from vidset.training.running.starting import chosen_model
    from vidset.training.running.threads import chosen_threads

    project = find_project(place)
    folder = project.folder("vidset train")
    repository = Repository(folder / "datasets")
    wanted = parse_seeds(seeds)
    if output is not None and len(wanted) > 1:
        raise DatasetError(f"--output names the folder of one run, got --seeds {seeds}")
    reference = choose_version(repository, version)
    reference = choose_part(repository, reference, subset, show=not (quiet or as_json))
    chosen = chosen_model(repository, reference, model)
    outputs = [
        local_path("--output", output) if output else folder / "runs" / f"{chosen.stem}-{seed}"
        for seed in wanted
    ]
    threads = chosen_threads(threads, len(wanted), outputs)
    requests = [
        Request(
            repository=repository,
            reference=reference,
            output=to,
            seed=seed,
            epochs=epochs,
            splits=tuple(each.strip() for each in splits.split(",") if each.strip()),
            model=chosen.reference,
            threads=threads,
            device=device,
            precision=precision,
            cap=cap,
            allow_leaks=allow_leaks,
            track=track,
            weights=local_path("--weights", weights) if weights else None,
            select_by=select_by,
        )
        for seed, to in zip(wanted, outputs, strict=True)
    ]
    found = engine_of(project, engine, dask)
    inputs = [str(folder / "datasets"), *map(str, outputs), *([weights] if weights else [])]
    goes_on = requests[0].output if len(wanted) == 1 else "the seeds that are not done"
    if_stopped(f"The same command goes on with {goes_on}.")
    names = [f"seed {seed}" for seed in wanted]
    done: dict[int, Any] = {}
    with (
        showing_progress(quiet=quiet or as_json) as progress,
        engine_starting(project, found, inputs, ("torch",)) as start_elsewhere,
    ):
        for number, trained in train_all(requests, names, progress, workers, start_elsewhere):
            to = requests[number].output
            done[number] = sum_up(trained, to)
            source = f"versions/{repository.resolve(reference)}"
            tell_catalogue(
                project.place, "train", [source], [f"runs/{to.name}"], seed=wanted[number]
            )
    runs = [done[number] for number in range(len(wanted))]
    run = output or Path(runs[-1]["output"]).name
    answer(
        Trained(project.place, reference, chosen.name, runs),
        lambda: show_runs(runs),
        as_json=as_json,
        quiet=quiet,
        project=project,
        next_words=f"vidset evaluate {run}",
    )
