"""The command line. Each command's module is imported when it is called: parts may be absent."""

import logging
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer

from vidset.cli import running
from vidset.cli.command import Group, add
from vidset.cli.dataset.commands import app as dataset
from vidset.cli.errors.commands import errors, review
from vidset.cli.export.commands import export, sql
from vidset.cli.extraction_flags import (
    Collector,
    Every,
    JpegQuality,
    LocalChange,
    MaxBrightness,
    Metric,
    MinBrightness,
    MinSharpness,
    SimilarityThreshold,
    Tolerance,
    Workers,
)
from vidset.cli.flags import Json, Quiet
from vidset.cli.help import completion, help_
from vidset.cli.init import init
from vidset.cli.label.commands import app as label
from vidset.cli.pipeline.command import pipeline
from vidset.cli.train.commands import train
from vidset.cli.train.scores import compare, evaluate
from vidset.cli.upload import upload
from vidset.cli.watch import watch

app = typer.Typer(
    name="vidset",
    help="Uploaded videos become a labeled, versioned, queryable image dataset.",
    cls=Group,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"vidset {version('vidset')}")
        raise typer.Exit


@app.callback()
def _common(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    pass


@app.command(
    epilog="Whatever stands after -- goes to Beam, as in: -- --runner=DataflowRunner --project=P"
)
def extract(
    context: typer.Context,
    inputs: Annotated[
        list[str],
        typer.Argument(metavar="INPUT", help="Videos, folders, globs, gs:// or s3:// uris."),
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="OUT", help="Folder, gs:// or s3:// uri.")
    ],
    every: Every = "1",
    spans: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Only these spans of these videos, as vidset errors writes them."
        ),
    ] = None,
    tolerance: Tolerance = "0",
    similarity_threshold: SimilarityThreshold = None,
    local_change: LocalChange = "20",
    metric: Metric = "ssim",
    jpeg_quality: JpegQuality = 95,
    min_sharpness: MinSharpness = None,
    min_brightness: MinBrightness = None,
    max_brightness: MaxBrightness = None,
    collector: Collector = None,
    workers: Workers = None,
    runner: Annotated[
        str | None, typer.Option(help="A Beam runner.", show_default="this machine")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Annotated[
        bool, typer.Option("--debug", help="Beam's own messages, and where an error came from.")
    ] = False,
) -> None:
    """Sample videos once a second and keep what is new, as images with ledgers."""
    if debug:
        logging.disable(logging.NOTSET)
        logging.basicConfig(level=logging.INFO)
    from vidset.cli.extract.extract import run_extract
    from vidset.intake.request import Request

    request = Request(
        inputs=tuple(inputs),
        output=output,
        options={
            "every": every,
            "spans": spans,
            "tolerance": tolerance,
            "similarity_threshold": similarity_threshold,
            "local_change": local_change,
            "metric": metric,
            "jpeg_quality": jpeg_quality,
            "min_sharpness": min_sharpness,
            "min_brightness": min_brightness,
            "max_brightness": max_brightness,
            "collector": collector,
            "runner": runner,
        },
        workers=workers,
        beam_options=tuple(context.obj or ()),
    )
    raise typer.Exit(run_extract(request, as_json=as_json, quiet=quiet, debug=debug))


@app.command()
def demo(
    video: Annotated[
        str | None, typer.Argument(metavar="VIDEO", help="Your own, or one that it renders.")
    ] = None,
    output: Annotated[
        str | None, typer.Option("--output", "-o", metavar="OUT", show_default="out/demo")
    ] = None,
    numerals: Annotated[
        bool,
        typer.Option(
            "--numerals", help="Instead, go around the data-centric loop on drawn numerals."
        ),
    ] = False,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Render a drive with a known truth, extract it, and draw what was kept and dropped."""
    if numerals:
        if video is not None:
            raise ValueError("--numerals takes no video: it draws its own images")
        import vidset.training.models.learner  # noqa: F401  PyTorch may be missing: before any work.
        from vidset.demo.loop import run_loop

        raise typer.Exit(run_loop(output or "out/numerals", as_json=as_json, quiet=quiet))
    from vidset.demo.demo import run_demo

    output = output or "out/demo"

    raise typer.Exit(run_demo(video, output, as_json=as_json, quiet=quiet))


@app.command()
def plan(
    ledger: Annotated[
        str, typer.Argument(metavar="LEDGER", help="What extract wrote to: folder, gs://, s3://.")
    ],
    price: Annotated[float, typer.Option(help="Of labeling one image.")] = 0.08,
    budget: Annotated[
        float | None,
        typer.Option(
            help="Recommend a setting for it: as extracted if that fits, else the one that gives "
            "the most images and fits, at thresholds up to the run's own."
        ),
    ] = None,
    currency: Annotated[str, typer.Option(help="Of price and budget; a name, no more.")] = "USD",
    chart: Annotated[str | None, typer.Option(metavar="PNG", help="Draw it, too.")] = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> None:
    """How many images other thresholds and periods would give, and what they cost to label."""
    from vidset.plan.plan import Request, run_plan

    request = Request(ledger, price, budget, currency, chart)
    raise typer.Exit(run_plan(request, as_json=as_json, quiet=quiet))


add(app, init)
add(app, help_, "help")
add(app, completion)
app.add_typer(label, name="label")
app.command(epilog="Whatever stands after -- goes to Beam, which does what BigQuery gets.")(export)
app.command()(sql)
add(app, upload)
app.command()(watch)
app.add_typer(dataset, name="dataset")
app.command()(train)
app.command()(evaluate)
app.command()(compare)
app.command()(errors)
app.command()(review)
app.command()(pipeline)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the console script. It exits with 0, 1, 2, 130 or 143; see vidset.cli.running."""
    running.run(app, arguments)


if __name__ == "__main__":
    run()
