"""`vidset train`: the fixed model on a dataset version."""

from pathlib import Path
from typing import Annotated

import typer

from vidset.cli.dataset.options import REPOSITORY, Reference, Repository
from vidset.cli.flags import Json, Quiet


def train(
    reference: Reference,
    output: Annotated[
        Path,
        typer.Option(
            "--output", "-o", metavar="RUN", help="Its folder; a run that is there goes on."
        ),
    ],
    repository: Repository = REPOSITORY,
    model: Annotated[str, typer.Option(help="A fixed model.")] = "resnet50-c2-32",
    seed: Annotated[
        int, typer.Option(help="The seed of the initial weights and of shuffling.")
    ] = 1,
    epochs: Annotated[
        int, typer.Option(metavar="N", help="Times that training sees every image.")
    ] = 50,
    splits: Annotated[
        str,
        typer.Option(
            metavar="NAME,NAME...",
            help="Scored after each epoch; the first one selects the best epoch.",
        ),
    ] = "validation",
    cap: Annotated[
        int, typer.Option(min=0, help="Most images of training and validation; 0 for any number.")
    ] = 10_000,
    threads: Annotated[int, typer.Option(min=1, help="How many threads PyTorch may use.")] = 1,
    device: Annotated[str, typer.Option(help="cpu or cuda.")] = "cpu",
    allow_leaks: Annotated[
        bool, typer.Option("--allow-leaks", help="Train on a version that was made with leaks.")
    ] = False,
    track: Annotated[
        str, typer.Option(metavar="NAME", help="Tell mlflow or wandb of each epoch.")
    ] = "none",
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Train the fixed model on a dataset version. Interrupted, the same command goes on."""
    from vidset.training.running.threads import set_threads

    set_threads(threads)  # Before anything imports PyTorch.
    from vidset.cli.train.display import show_result, showing_progress
    from vidset.datasets.errors import FaultsError
    from vidset.datasets.versions.repository import Repository as Versions
    from vidset.training.running.running import Request, run_training

    request = Request(
        repository=Versions(repository),
        reference=reference,
        output=output,
        seed=seed,
        epochs=epochs,
        splits=tuple(name.strip() for name in splits.split(",") if name.strip()),
        model=model,
        threads=threads,
        device=device,
        cap=cap,
        allow_leaks=allow_leaks,
        track=track,
    )
    try:
        with showing_progress(quiet=quiet or as_json) as progress:
            run = run_training(request, progress)
    except FaultsError as error:
        typer.echo(f"vidset: {error}", err=True)
        raise typer.Exit(1) from None
    show_result(run, output, as_json=as_json, quiet=quiet)
