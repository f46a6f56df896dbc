"""`vidset watch`: its options, and what it shows at the end."""

import os
from dataclasses import dataclass
from typing import Annotated

import typer

from vidset.api.choices import extraction_options, workers_of
from vidset.cli.command import described
from vidset.cli.console import answer, say, tell
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
from vidset.cli.flags import Debug, ExitZero, Json, Metrics, Place, Quiet, Rights


@dataclass(frozen=True, slots=True)
class Watching:
    """The object that `vidset watch --json` prints when it ends.

    Attributes:
        place: null if each thing has its own place, named by an option.
        output: where the images are.
        events: messages that came; `redelivered` are those that had come before.
        passed_over: what events named that is not to be extracted.
        given_back, dead_lettered: messages that were not done: to be tried again, or given up.
        done, partial, skipped, failed, missing, malformed: what became of the videos.
    """

    place: str | None
    output: str
    ledger: str
    events: int
    redelivered: int
    passed_over: int
    given_back: int
    dead_lettered: int
    samples: int
    kept: int
    done: int
    partial: int
    skipped: int
    failed: int
    missing: int
    malformed: int
    seconds: float


@described(
    "vidset watch 'amqp://user@rabbitmq/%2F?queue=uploads' --bucket uploads -o s3://data",
    "vidset watch /srv/uploads -p roads --until-idle 60",
    part="extract",
    result="vidset.cli.watch:Watching",
    stage="Videos",
)
def watch(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="amqp://USER@HOST/VHOST?queue=Q, pubsub:projects/P/subscriptions/S or a folder.",
            show_default="VIDSET_SOURCE, else that of vidset.toml",
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="PLACE", help="The same as -p, but creates the place."
        ),
    ] = None,
    images: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Keep images in this folder, gs:// or s3:// instead.",
            show_default="PLACE/images",
        ),
    ] = None,
    ledger: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Keep ledgers in this folder, gs://, s3:// or bq://project.dataset.",
            show_default="PLACE, else that of the images",
        ),
    ] = None,
    dead_letters: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE",
            help="Keep unusable messages in this folder, gs:// or s3://, or send them to "
            "pubsub:projects/P/topics/T.",
            show_default="dead_letters beside the ledger",
        ),
    ] = None,
    buckets: Annotated[
        list[str] | None,
        typer.Option(
            "--bucket",
            metavar="NAME",
            help="Take uploads of this bucket; may be repeated. A queue needs it, and what its "
            "messages say of other buckets is passed over.",
        ),
    ] = None,
    prefix: Annotated[
        str, typer.Option(metavar="TEXT", help="Take only uploads whose names begin with it.")
    ] = "",
    every: Every = None,
    similarity: Similarity = None,
    local_change: LocalChange = None,
    metric: Metric = None,
    tolerance: Tolerance = None,
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
    scratch_bytes: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="BYTES",
            help="Copy videos of a bucket up to this size to TMPDIR before they are read; larger "
            "ones are read in ranges.",
        ),
    ] = 8 << 30,
    max_tries: Annotated[
        int,
        typer.Option(
            min=2, metavar="N", help="Try a message this often, then send it to QUEUE.dead."
        ),
    ] = 10,
    until_idle: Annotated[
        float | None,
        typer.Option(min=0, metavar="SECONDS", help="End when nothing has come for this long."),
    ] = None,
    job: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The Cloud Run job that this is a task of: projects/P/locations/L/jobs/J. With "
            "--most-tasks it starts more tasks if many messages wait.",
        ),
    ] = None,
    most_tasks: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="With --job: let at most N tasks work."),
    ] = 1,
    grace: Annotated[
        float,
        typer.Option(
            min=0, metavar="SECONDS", help="When told to stop, give videos at work this long."
        ),
    ] = 1,
    health: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Touch this file every second while all is well."),
    ] = None,
    metrics: Metrics = None,
    exit_zero: ExitZero = False,
    place: Place = None,
    as_json: Json = False,
    quiet: Quiet = False,
    debug: Debug = False,
) -> None:
    """Extract each video as its upload event arrives.

    An event is acknowledged when the ledger has its video. A password that is not in the amqp uri
    is read from VIDSET_AMQP_PASSWORD.
    """
    from vidset.place_format import check_format
    from vidset.project import NoPlaceError, Project, find_project, make_place

    named = place_to_make(place, output)
    try:
        project = find_project(named, is_made=True, is_opened=False)
    except NoPlaceError:
        if images is None:
            raise
        project = Project("")  # Each thing has its own place, named by an option.
    events = project.text("source", source)
    if events is None:
        raise ValueError("wanted a SOURCE of upload events or VIDSET_SOURCE, got neither")

    from vidset.engines.engine import Limits
    from vidset.intake.redoing import Redo as Redone
    from vidset.intake.request import stream_of
    from vidset.watch.report import Report
    from vidset.watch.settings import IS_HELPER, Request
    from vidset.watch.watch import run_watch

    request = Request(
        events=events,
        output=project.place if project.place and (named or images is None) else None,
        images=images,
        ledger=ledger,
        dead_letters=dead_letters,
        buckets=tuple(buckets or ()),
        prefix=prefix,
        collector=project.text("collector", collector),
        extraction=extraction_options(
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
        ),
        workers=workers_of(project, workers),
        max_tries=max_tries,
        until_idle=until_idle,
        grace=grace,
        health=health,
        metrics=project.text("metrics", metrics),
        limits=Limits(video_timeout, video_memory * 1_000_000),
        redo=Redone(frozenset(redo or ())),
        stream=stream_of(stream),
        labels=project.store if project.place else project.text("store"),
        scratch_bytes=scratch_bytes,
        job=job,
        most_tasks=1 if os.environ.get(IS_HELPER) else most_tasks,
    )
    password = os.environ.get("VIDSET_AMQP_PASSWORD")

    def begin() -> None:
        if request.output is not None:
            check_format(project.place)
            make_place(project)

    report = Report(tell, is_quiet=quiet, shows_traces=debug)
    done = run_watch(request, password, report, begin)
    places = request.places
    result = Watching(
        place=request.output,
        output=places.images,
        ledger=places.ledger,
        seconds=round(done.seconds, 3),
        **done.counts,
    )
    is_useful = request.output is not None and result.done + result.partial + result.skipped > 0
    answer(
        result,
        lambda: _show(result),
        as_json=as_json,
        quiet=quiet,
        project=project if request.output is not None else None,
        next_words="vidset plan" if is_useful else "vidset status",
    )
    if done.signal is not None:
        tell("vidset: stopped. The same command goes on from there: what was not done comes again.")
        raise typer.Exit(128 + done.signal)
    raise typer.Exit(1 if done.has_failed and not (exit_zero and done.could_work) else 0)


def _show(result: Watching) -> None:
    videos = {
        name: getattr(result, name)
        for name in ("done", "partial", "skipped", "failed", "missing", "malformed")
    }
    each = ", ".join(f"{number:,} {name}" for name, number in videos.items() if number)
    say(f"videos   {each or 'none'}")
    say(f"samples  {result.samples:,}: {result.kept:,} kept")
    say(f"images   {result.output}")
