"""Turn uploads into images as their events come, one process a video."""

import concurrent.futures
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from vidset.elements import Upload
from vidset.engines.engine import TaskError, TaskLostError
from vidset.engines.processes import Processes
from vidset.intake.dead_letters import is_topic
from vidset.intake.gcs_events import parse_event
from vidset.intake.places import Places
from vidset.intake.s3_events import parse_s3_events
from vidset.intake.tasks import Check, work_of
from vidset.storage.folder import FolderStore
from vidset.storage.uris import is_uri
from vidset.uploads import EventFilter, PassedOver
from vidset.watch.amqp_address import parse_address, without_password
from vidset.watch.lifetime import Lifetime
from vidset.watch.report import Report
from vidset.watch.settings import Request, check_job, prepare, subscription_of
from vidset.watch.taking import Parse, Taker, delay_seconds

_QUEUES = ("amqp://", "amqps://", "pubsub:")
_POLL_SECONDS = 0.2
_SPARE_SECONDS, _DAY = 600, 86400


class Source(Protocol):
    """A source that tells of uploads."""

    def run(self, taker: Taker, life: Lifetime) -> bool:
        """Take in what comes until `life` is over; whether the source could be reached."""
        ...


@dataclass(frozen=True, slots=True)
class Watched:
    """The outcome of a watcher that has ended.

    Attributes:
        counts: events and videos by what became of them.
        has_failed: whether something that came until the source was idle could not be done.
        could_work: whether the source, and the places that are written to, were reached.
        signal: the number of the signal that ended it, if one did.
    """

    counts: Mapping[str, int]
    seconds: float
    has_failed: bool
    could_work: bool
    signal: int | None = None


def run_watch(
    request: Request,
    password: str | None,
    report: Report,
    begin: Callable[[], None] = lambda: None,
) -> Watched:
    """Watch until told to stop, or until nothing has come for as long as the request says.

    Args:
        password: of the broker's user, if the uri has none.
        report: hears what becomes of each event and video.
        begin: called once what is written can be reached, before the first event is taken, and
            again if the store then fails.

    Raises:
        ValueError: the request does not make a watcher, or `begin` refuses; no event was taken.
    """
    places, settings = request.places, request.settings
    check_job(request)
    source, parse = open_source(request, password)
    life = Lifetime(request.until_idle, request.grace, request.health)
    prepare(places)
    _sweep(places)
    number = request.workers or os.cpu_count() or 1
    opens = work_of(settings, places, request.redo, request.scratch_bytes)
    processes = Processes(number, opens, request.limits)
    with life.ended_by_signals(), _monitored(request, report, life), processes as workers:
        taker = Taker(parse, workers, report, request.stream)
        could_work = _wait_for(workers, begin, life, report)
        if could_work:
            _start_more_tasks(request, number, report)
            could_work = source.run(taker, life)
    has_failed = life.ended_idle and (report.has_failures or not could_work)
    return Watched(report.counts(), report.seconds, has_failed, could_work, life.signal)


def _start_more_tasks(request: Request, workers: int, report: Report) -> None:
    if request.job is not None and request.most_tasks > 1:
        from vidset.watch.more_tasks import start_more_tasks

        subscription = subscription_of(request.events)
        start_more_tasks(subscription, request.job, request.most_tasks, workers, report)


def _monitored(request: Request, report: Report, life: Lifetime) -> AbstractContextManager[object]:
    """Serve metrics and health while the block runs, if the request asks for it."""
    if request.metrics is None:
        return nullcontext()
    from vidset.monitoring.server import serving_metrics
    from vidset.watch.metrics import WatchMetrics

    # A video may be tried twice, and once more to note that it has failed.
    metrics = WatchMetrics(report, life, 2 * (request.limits.seconds or _DAY) + _SPARE_SECONDS)
    return serving_metrics(request.metrics, metrics, metrics.problem)


def open_source(request: Request, password: str | None) -> tuple[Source, Parse]:
    """Opens the source of events, and what reads them there.

    Raises:
        ValueError: there is no such source.
    """
    events, wanted = request.events, request.wanted
    if events.startswith(_QUEUES) and not wanted.buckets:
        raise ValueError(
            f"--bucket is required, since the messages of {without_password(events)} may name any "
            "bucket that we can read: give the name of the one that uploads go to"
        )
    if events.startswith(("amqp://", "amqps://")):
        from vidset.watch.amqp import AmqpSource

        address = parse_address(events, password)
        parse = partial(parse_s3_events, wanted=wanted, source=address.shown)
        return AmqpSource(address, request.max_tries), parse
    if events.startswith("pubsub:"):
        from vidset.watch.pubsub import PubsubSource

        subscription = subscription_of(events)
        parse = partial(_parse_notification, wanted=wanted, source=subscription)
        return PubsubSource(subscription), parse
    if not os.path.isdir(events):
        raise ValueError(
            "SOURCE: wanted amqp://HOST/VHOST?queue=Q, pubsub:projects/P/subscriptions/S or a "
            f"folder that is there, got {without_password(events)!r}"
        )
    from vidset.watch.folder import FolderSource

    folder = FolderSource(events, request.collector, request.prefix, request.max_tries)
    return folder, partial(parse_s3_events, wanted=wanted, source=events)


def _parse_notification(
    data: bytes, attributes: Mapping[str, str], wanted: EventFilter, source: str
) -> Sequence[Upload | PassedOver]:
    return [parse_event(data, attributes, wanted, source)]


def _wait_for(
    workers: Processes, begin: Callable[[], None], life: Lifetime, report: Report
) -> bool:
    """Take nothing before images and ledger can be written: each message has so many tries.

    Returns whether they can. Idle time counts from the first try on, since starting takes a while.
    """
    number = 0
    while not life.was_told:
        number += 1
        try:
            _check(workers, life)
            _begin(begin)
        except (TaskError, TaskLostError) as error:
            if life.was_told:
                return False
            if number == 1:
                life.busy()
            wait = delay_seconds(number)
            report.warn(f"what is written cannot be reached: {error.reason}; again in {wait:g} s")
            life.wait(wait)
            life.is_over(is_at_work=False)
        else:
            life.busy()
            return True
    return False


def _check(workers: Processes, life: Lifetime) -> None:
    """Run a check, which a store that is down holds up for most of a minute, or stop it.

    Raises:
        TaskError: it raised, or the watcher was told to stop meanwhile.
        TaskLostError: its worker died.
    """
    with ThreadPoolExecutor(1) as thread:
        check = thread.submit(workers.run, Check())
        while not check.done():
            concurrent.futures.wait([check], _POLL_SECONDS)
            if life.was_told:
                workers.end()
        check.result()


def _begin(begin: Callable[[], None]) -> None:
    """Call it; what a store's client raises is a store that is down, as it is in a worker.

    Raises:
        ValueError: it refuses.
        TaskError: it raised anything else.
    """
    try:
        begin()
    except ValueError:
        raise
    except Exception as error:
        raise TaskError(f"{type(error).__name__}: {error}") from error


def _sweep(places: Places) -> None:
    """Clear what a killed watcher left half written."""
    for place in (places.images, places.ledger, places.dead_letters):
        if not is_uri(place) and not is_topic(place):
            FolderStore(place).sweep()
