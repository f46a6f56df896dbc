"""`vidset extract`: its options."""

import logging
import os
from contextlib import nullcontext
from typing import Annotated

import typer

from vidset.api.choices import extraction_options, workers_of
from vidset.cli.command import described
from vidset.cli.extraction_flags import (
    Collector,
    Every,
    JpegQuality,
    LocalChange,
    MaxBrightness,
    Metric,
    MinBrightness,
    MinSharpness,
    Redo,
    Similarity,
    Stream,
    Tolerance,
    VideoMemory,
    VideoTimeout,
    Workers,
    place_to_make,
)
from vidset.cli.flags import Blur, Dask, Debug, DryRun, Engine, Json, Place, Quiet, Rights, Shard


@described(
    "vidset extract drives/",
    "vidset extract 'gs://uploads/**/*.mp4' -o gs://roads --every 0.5",
    "vidset extract gs://uploads -o gs://roads -- --runner=DataflowRunner --project=P",
    part="extract",
    result="vidset.cli.extract.result:Extracted",
    stage="Videos",
    note="Options for Beam stand after --, as in the last example: Beam then does the work.",
)
def extract(
    context: typer.Context,
    sources: Annotated[
        list[str],
        typer.Argument(metavar="SOURCE", help="Videos, folders, globs, gs:// or s3:// uris."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PLACE", help="The same as -p, but creates the place."
        ),
    ] = None,
    every: Every = None,
    similarity: Similarity = None,
    local_change: LocalChange = None,
    metric: Metric = None,
    tolerance: Tolerance = None,
    spans: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Sample only these spans of these videos, as vidset errors writes."
        ),
    ] = None,
    min_sharpness: MinSharpness = None,
    min_brightness: MinBrightness = None,
    max_brightness: MaxBrightness = None,
    jpeg_quality: JpegQuality = None,
    stream: Stream = "0",
    redo: Redo = None,
    collector: Collector = None,
    rights: Rights = None,
    workers: Workers = None,
    video_timeout: VideoTimeout = 21600,
    video_memory: VideoMemory = 3200,
    shard: Shard = None,
    engine: Engine = None,
    dask: Dask = None,
    runner: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Let Beam do it, on this runner.", show_default="worker processes"
        ),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full", help="Read all files again, also those that look as when they were last read."
        ),
    ] = False,
    thumbnails: Annotated[
        bool | None,
        typer.Option(
            "--thumbnails/--no-thumbnails",
            help="Keep a sheet of small pictures of the dropped samples, for vidset view.",
            show_default="thumbnails; none by Beam",
        ),
    ] = None,
    blur: Blur = None,
    dry_run: DryRun = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Sample videos and keep what is new as images, with ledgers.

    One frame a second is sampled; near duplicates of the last kept one are dropped. Run it again
    and it decodes nothing that is done; kill it at any moment and run it again, and it ends with
    the same bytes. With --redo, images that have labels are named and stay.
    """
    if debug:
        logging.disable(logging.NOTSET)
        logging.basicConfig(level=logging.INFO)
    from vidset.cli.console import working
    from vidset.project import find_project

    project = find_project(place_to_make(place, output), is_made=True)
    options = extraction_options(
        project,
        {
            "every": every,
            "tolerance": tolerance,
            "similarity": similarity,
            "local_change": local_change,
            "metric": metric,
            "jpeg_quality": jpeg_quality,
            "min_sharpness": min_sharpness,
            "min_brightness": min_brightness,
            "max_brightness": max_brightness,
            "rights": rights,
        },
    )
    if thumbnails and (runner or context.obj):
        raise ValueError("--thumbnails: Beam keeps no thumbnails of dropped samples")
    from vidset.cli.engines import engine_of
    from vidset.engines.processes import started_ahead

    found = engine_of(project, engine, dask)
    is_here = not (found or dry_run or runner or context.obj)
    # Both sides import what they need at the same time.
    with started_ahead("vidset.intake.work") if is_here else nullcontext():
        with working("Starting", show=not (quiet or as_json or debug)):
            from vidset.cli.extract.extract import run_extract
            from vidset.engines.engine import Limits
            from vidset.intake.redoing import Redo as Redone
            from vidset.intake.request import Request, stream_of
            from vidset.shards import shard_of

        request = Request(
            inputs=tuple(sources),
            output=project.place,
            options={
                **options,
                "spans": spans,
                "collector": project.text("collector", collector),
                "runner": runner,
            },
            workers=workers_of(project, workers),
            beam_options=tuple(context.obj or ()),
            limits=Limits(video_timeout, video_memory * 1_000_000),
            redo=Redone(frozenset(redo or ())),
            stream=stream_of(stream),
            labels=project.store,
            is_dry=dry_run,
            is_full=full,
            shard=shard_of(shard, os.environ) if shard is not None else None,
            has_thumbnails=thumbnails is not False,
        )
        if blur and not dry_run:
            from vidset.cli.blur import method_of
            from vidset.privacy.copying import Originals, turn_on
            from vidset.project import make_place

            make_place(project)
            # Before there is an image that could be sent.
            turn_on(Originals(project.place), blur, method_of(project))
        code = run_extract(request, project, found, as_json=as_json, quiet=quiet, debug=debug)
        if blur and not dry_run:
            from vidset.cli.blur import blur_extracted

            code = max(
                code, bool(blur_extracted(project, blur, as_json=as_json, quiet=quiet).failed)
            )
    raise typer.Exit(code)
