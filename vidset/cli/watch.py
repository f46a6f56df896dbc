"""`vidset watch`: upload events to images, without Dataflow."""

import os
from typing import Annotated

import typer

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


def watch(
    events: Annotated[
        str,
        typer.Option(
            metavar="WHERE",
            help="amqp://USER@HOST/VHOST?queue=Q, pubsub:projects/P/subscriptions/S or a folder.",
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="OUT", help="OUT/images, the ledger, OUT/dead_letters."
        ),
    ] = None,
    images: Annotated[
        str | None, typer.Option(help="Or each by itself: folder, gs:// or s3:// uri.")
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(help="As images, or bq://project.dataset.", show_default="OUT, else IMAGES"),
    ] = None,
    dead_letters: Annotated[
        str | None, typer.Option(help="As images.", show_default="LEDGER/dead_letters")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Of the names of uploads.")] = "",
    every: Every = "1",
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
    max_tries: Annotated[
        int, typer.Option(min=2, help="Of a message, before it goes to QUEUE.dead.")
    ] = 10,
    until_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End when nothing has come for so long."),
    ] = None,
    grace: Annotated[
        float,
        typer.Option(min=0, metavar="SECONDS", help="For videos at work when told to stop."),
    ] = 8,
    health: Annotated[
        str | None, typer.Option(metavar="FILE", help="Touched every second while all is well.")
    ] = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Annotated[bool, typer.Option("--debug", help="Where an error came from.")] = False,
) -> None:
    """Extract each video as its upload event arrives; acknowledge it when the ledger has it.

    A password that is not in the amqp uri is read from VIDSET_AMQP_PASSWORD.
    """
    from vidset.watch.settings import Request
    from vidset.watch.watch import run_watch

    request = Request(
        events=events,
        output=output,
        images=images,
        ledger=ledger,
        dead_letters=dead_letters,
        prefix=prefix,
        collector=collector,
        extraction={
            "every": every,
            "tolerance": tolerance,
            "similarity_threshold": similarity_threshold,
            "local_change": local_change,
            "metric": metric,
            "jpeg_quality": jpeg_quality,
            "min_sharpness": min_sharpness,
            "min_brightness": min_brightness,
            "max_brightness": max_brightness,
        },
        workers=workers,
        max_tries=max_tries,
        until_idle=until_idle,
        grace=grace,
        health=health,
    )
    password = os.environ.get("VIDSET_AMQP_PASSWORD")
    raise typer.Exit(run_watch(request, password, as_json=as_json, quiet=quiet, debug=debug))
