"""The settings of a watcher, checked before it begins."""

import re
from dataclasses import dataclass
from typing import Any

from vidset.engines.engine import Limits
from vidset.intake.dead_letters import is_topic, open_dead_letters
from vidset.intake.places import Places
from vidset.intake.redoing import Redo
from vidset.intake.request import DEFAULT_LIMITS
from vidset.ledger.open import open_ledger
from vidset.output import make_output
from vidset.settings import ExtractionSettings, extraction_settings
from vidset.storage.open import open_store
from vidset.storage.store import DEFAULT_SCRATCH_BYTES
from vidset.storage.uris import is_uri
from vidset.uploads import EventFilter

IS_HELPER = "VIDSET_IS_HELPER"
"""The variable of a Cloud Run task that another task has started: it starts no more."""
_SUBSCRIPTION = re.compile(r"projects/[^/]+/subscriptions/[^/]+")
_JOB = re.compile(r"projects/[^/]+/locations/[^/]+/jobs/[^/]+")


@dataclass(frozen=True, slots=True)
class Request:
    """The user's request.

    Attributes:
        output: what images, ledger and dead letters lie below, where they are not given.
        buckets: what the messages of a queue may name; a queue needs at least one.
        extraction: by option, as text or number.
        redo, stream, labels: as in `vidset.intake.request.Request`.
        grace: seconds for what is at work when the watcher is told to stop.
        metrics: the address at which to serve metrics; None serves none.
        scratch_bytes: a video in a bucket up to this size is copied to a temporary file first.
        job: the Cloud Run job that this is a task of; it starts more, up to `most_tasks` in all.
    """

    events: str
    output: str | None = None
    images: str | None = None
    ledger: str | None = None
    dead_letters: str | None = None
    buckets: tuple[str, ...] = ()
    prefix: str = ""
    collector: str | None = None
    extraction: dict[str, Any] | None = None
    workers: int | None = None
    max_tries: int = 10
    until_idle: float | None = None
    grace: float = 1.0
    health: str | None = None
    metrics: str | None = None
    limits: Limits = DEFAULT_LIMITS
    redo: Redo = Redo()  # noqa: RUF009 (frozen)
    stream: int | None = 0
    labels: str | None = None
    scratch_bytes: int = DEFAULT_SCRATCH_BYTES
    job: str | None = None
    most_tasks: int = 1

    @property
    def places(self) -> Places:
        """Raises ValueError: one of them is not given."""
        output = self.output and _without_slash(self.output)
        ledger = self.ledger or output or self.images
        images = self.images or (output and f"{output}/images")
        in_files = output or (ledger if ledger and not ledger.startswith("bq://") else None)
        dead_letters = self.dead_letters or (
            in_files and f"{_without_slash(in_files)}/dead_letters"
        )
        if images and ledger and dead_letters:
            return Places(images, ledger, dead_letters, self.labels)
        missing = "--images" if not images else "--ledger" if not ledger else "--dead-letters"
        raise ValueError(f"{missing} is required, or --output for all that is written")

    @property
    def wanted(self) -> EventFilter:
        places = self.places
        outputs = (places.images, places.ledger, places.dead_letters)
        return EventFilter(
            buckets=self.buckets,
            prefix=self.prefix,
            outputs=tuple(filter(is_uri, outputs)),
            collector_id=self.collector,
        )

    @property
    def settings(self) -> ExtractionSettings:
        """Raises ValueError: what is wrong, by option."""
        return extraction_settings(self.extraction or {})


def _without_slash(place: str) -> str:
    """But for `s3://`, which names no bucket and shall not become a folder's name."""
    return re.sub(r"(?<=[^:/])/+$", "", place)


def subscription_of(events: str) -> str:
    """Returns what stands after `pubsub:`.

    Raises:
        ValueError: it names no subscription.
    """
    name = events.removeprefix("pubsub:").strip()
    if not _SUBSCRIPTION.fullmatch(name):
        raise ValueError(f"SOURCE: wanted pubsub:projects/P/subscriptions/S, got {events!r}")
    return name


def check_job(request: Request) -> None:
    """Check what starts more tasks.

    Raises:
        ValueError: it is no job, or the source is none whose length Cloud Monitoring knows.
    """
    if request.job is None:
        if request.most_tasks > 1:
            raise ValueError("--most-tasks: wanted --job as well, which says what to start")
        return
    if not _JOB.fullmatch(request.job):
        raise ValueError(f"--job: wanted projects/P/locations/L/jobs/J, got {request.job!r}")
    if not request.events.startswith("pubsub:"):
        raise ValueError(f"--job goes with a Pub/Sub subscription, got {request.events!r}")


def prepare(places: Places) -> None:
    """Open each place once, and make the folders, before any work.

    Raises:
        ValueError: an uri is of another kind, its client is missing, or a folder cannot be made.
    """
    for option, place, open_place in (
        ("--images", places.images, open_store),
        ("--ledger", places.ledger, open_ledger),
        ("--dead-letters", places.dead_letters, open_dead_letters),
    ):
        if not is_uri(place) and not is_topic(place):
            make_output(place)
            continue
        try:
            open_place(place)
        except ValueError as error:
            raise ValueError(f"{option}: {error}") from None
