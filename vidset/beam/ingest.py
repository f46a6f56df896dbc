"""Transforms from events or inputs to uploads, and from those to images and ledger rows."""

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import apache_beam as beam
import cv2
from apache_beam.io import PubsubMessage
from apache_beam.metrics import Metrics
from apache_beam.pvalue import TaggedOutput
from apache_beam.transforms.deduplicate import DeduplicatePerKey
from apache_beam.utils.timestamp import Duration

from vidset.beam.attempts import LIMIT, AttemptCounter, Turns
from vidset.beam.limited import LimitedIngest
from vidset.beam.outages import is_outage
from vidset.beam.revision import check_revision, revision
from vidset.elements import DeadLetter, Extraction, FrameRow, Upload
from vidset.engines.engine import Limits, TaskLostError
from vidset.errors import BadInputError
from vidset.intake.gcs_events import event_text, parse_event
from vidset.intake.ingest import Ingest
from vidset.intake.listing import list_uploads
from vidset.intake.progress import Progress
from vidset.intake.redoing import Redo
from vidset.intake.taken import Taken
from vidset.naming import printable
from vidset.settings import ExtractionSettings
from vidset.uploads import EventFilter

NAMESPACE = "vidset"
_LOG = logging.getLogger(__name__)
# What the extractions running in this process have done, for a live display. Process-wide on
# purpose: a runner copies every transform, and only module state is common to the copies.
PROGRESS = Progress()
# Process-wide for the same reason. An upload that failed once is tried again alone in its process:
# what was under way beside it when a process ended is not blamed for it.
_TURNS = Turns()
_DEAD = "dead_letters"
_Dead = TaggedOutput[Literal["dead_letters"], DeadLetter]
# Pub/Sub delivers a message again within minutes, if it does. A repeat that comes later than this
# finds the video's ledger rows.
_REPEATS_SECONDS = 600


def _count(name: str, amount: int = 1) -> None:
    Metrics.counter(NAMESPACE, name).inc(amount)


@dataclass
class ParseEvents(beam.PTransform):
    """Pub/Sub messages in; uploads and dead letters out. What is no upload is counted.

    Attributes:
        wanted: which objects are uploads.
        subscription: what a malformed message's dead letter names.
    """

    wanted: EventFilter
    subscription: str

    def expand(self, messages):
        parse = beam.ParDo(_ParseEvent(self.wanted, self.subscription))
        outputs = messages | "Parse" >> parse.with_outputs(_DEAD, main="uploads")
        return outputs.uploads, outputs[_DEAD]


class _ParseEvent(beam.DoFn):
    def __init__(self, wanted: EventFilter, subscription: str):
        self._wanted, self._subscription = wanted, subscription

    def process(self, message: PubsubMessage) -> Iterator[Upload | _Dead]:
        data, attributes = message.data or b"", message.attributes or {}
        try:
            parsed = parse_event(data, attributes, self._wanted, self._subscription)
        except BadInputError as error:
            _count("events_malformed")
            letter = DeadLetter(error.uri, error.reason, event_text(data, attributes))
            yield TaggedOutput(_DEAD, letter)
            return
        if isinstance(parsed, Upload):
            _count("videos_found")
            PROGRESS.add(videos_found=1)
            yield parsed
        else:
            _count(f"events_passed_over_{parsed}")


@dataclass
class ListVideos(beam.PTransform):
    """Inputs in (paths, globs, uris); uploads out.

    Attributes:
        collector_id: of every upload; None takes it from the names.
    """

    collector_id: str | None = None

    def expand(self, patterns):
        return patterns | "List" >> beam.FlatMap(_list, self.collector_id)


def _list(pattern: str, collector_id: str | None) -> Iterator[Upload]:
    for upload in list_uploads(pattern, collector_id):
        _count("videos_found")
        PROGRESS.add(videos_found=1)
        yield upload


@dataclass
class WithinSpans(beam.PTransform):
    """Uploads in; out those of which something is to be sampled.

    Attributes:
        settings: which these are.
    """

    settings: ExtractionSettings

    def expand(self, uploads):
        return uploads | "Named in the spans" >> beam.Filter(_is_wanted, self.settings)


def _is_wanted(upload: Upload, settings: ExtractionSettings) -> bool:
    wanted = settings.wants(printable(upload.uri))
    if wanted:
        _count("videos_with_spans")
        PROGRESS.forget(printable(upload.uri))
    return wanted


@dataclass
class DropRepeats(beam.PTransform):
    """Keep one of equal uploads, however many events or inputs name it.

    Attributes:
        is_streaming: then of those within ten minutes.
    """

    is_streaming: bool

    def expand(self, uploads):
        keyed = uploads | "Key" >> beam.Map(lambda upload: (_identity(upload), upload))
        if self.is_streaming:
            once = DeduplicatePerKey(processing_time_duration=Duration(_REPEATS_SECONDS))
            return keyed | "Deduplicate" >> once | beam.Values()
        return keyed | beam.GroupByKey() | "First" >> beam.Map(lambda pair: next(iter(pair[1])))


def _identity(upload: Upload) -> str:
    return f"{printable(upload.uri)}#{upload.generation or ''}"


@dataclass
class ExtractFrames(beam.PTransform):
    """Uploads in; extractions (ledger rows, whose images are stored) and dead letters out.

    An upload whose video the ledger has is passed over.

    Attributes:
        settings: what becomes an image.
        images: folder or uri that the images go below.
        ledger: as for `WriteLedger`.
        scratch_bytes: a video up to this size is copied to a temporary file.
        attempts: folder or uri where attempts at uploads are counted; see `AttemptCounter`.
        redo: which videos are extracted again although the ledger has them.
        labels: uri of the store of tasks and annotations: images that have some stay.
        stream: which video stream of each file, see `Upload`; None is all of them.
        limits: what one upload may take; each thread then decodes in a process of its own.
    """

    settings: ExtractionSettings
    images: str
    ledger: str
    scratch_bytes: int
    attempts: str | None = None
    redo: Redo = Redo()  # noqa: RUF009 (frozen)
    labels: str | None = None
    stream: int | None = 0
    limits: Limits = Limits()  # noqa: RUF009 (frozen)

    def expand(self, uploads):
        extraction = beam.ParDo(_ExtractFrames(self))
        outputs = uploads | "Extract" >> extraction.with_outputs(_DEAD, main="extractions")
        return outputs.extractions, outputs[_DEAD]


class _ExtractFrames(beam.DoFn):
    def __init__(self, step: ExtractFrames):
        self._step, self._settings, self._revision = step, step.settings, revision()

    def setup(self) -> None:
        check_revision(self._revision)
        cv2.setNumThreads(1)  # OpenCV keeps memory for each thread; the runner has threads enough.
        step = self._step
        places = step.settings, step.images, step.ledger
        opens = partial(Ingest, *places, step.scratch_bytes, step.redo, step.labels)
        is_limited = step.limits != Limits()
        self._ingest = LimitedIngest(opens, step.limits) if is_limited else opens()
        # Without a temporary file: a full disk may be why an upload is given up.
        self._given_up = Ingest(*places, 0, step.redo, step.labels)
        self._attempts = AttemptCounter(step.attempts)

    def teardown(self) -> None:
        if isinstance(self._ingest, LimitedIngest):
            self._ingest.end()

    def process(self, upload: Upload) -> Iterator[Extraction | _Dead]:
        stream = self._step.stream
        taken = self._take(upload if upload.stream else replace(upload, stream=stream or 0))
        yield from self._told(taken)
        for other in taken.others if stream is None else ():
            _count("videos_found")
            PROGRESS.add(videos_found=1)
            yield from self._told(self._take(other))

    def _told(self, taken: Taken) -> Iterator[Extraction | _Dead]:
        """Count what became of an upload, and yield what is to be written."""
        if taken.what == "skipped":
            _count("videos_skipped")
            PROGRESS.add(videos_skipped=1)
            if taken.settings_id != self._settings.settings_id:
                _count("videos_skipped_with_other_settings")
            if taken.reason is not None:
                _count("videos_failed_before")
        elif taken.what == "missing":
            _count("videos_missing")
            PROGRESS.add(videos_done=1)
        # The dead letter first: with the ledger's row the video is done.
        if taken.earlier is not None:
            _count("videos_anew")
            _count("images_replaced", len(taken.earlier.replaceable))
            for name in taken.earlier.labeled_names:
                _count("images_labeled")
                PROGRESS.labeled.add(name)
        if taken.reason is not None:
            yield self._dead_letter(taken.upload, taken.reason)
        if taken.extraction is not None:
            yield self._counted(taken.extraction)

    def _take(self, upload: Upload) -> Taken:
        """Take the upload in, or give it up after `LIMIT` attempts that nothing but it explains."""
        attempts = self._attempts.of(upload)
        is_lost = False
        while attempts.begun < LIMIT and not is_lost:
            with _TURNS.turn(alone=attempts.begun > 0):
                attempts.begin()
                try:
                    taken = self._ingest.take(upload, self._show)
                except Exception as error:
                    if is_outage(error):  # Nothing is given up for it: the runner tries again.
                        attempts.withdraw()
                        raise
                    _LOG.exception("Attempt %d at %s failed", attempts.begun, printable(upload.uri))
                    attempts.fail(error)
                    # A limit that it passes alone as well it passes again, after as long a time.
                    is_lost = isinstance(error, TaskLostError) and attempts.begun > 1
                else:
                    attempts.end()
                    return taken
        _count("videos_given_up")
        taken = self._given_up.take(upload, give_up=attempts.verdict)
        # What is known by content or by its store's generation stays given up until its row and its
        # marker are taken away. A file may be replaced by another under its name.
        if upload.generation is None:
            attempts.end()
        return taken

    def _show(self, row: FrameRow, _: float | None) -> None:
        period = float(self._settings.sampling.every)
        PROGRESS.add(samples=1, kept=row.kept, video_seconds=period)

    def _counted(self, extraction: Extraction) -> Extraction:
        video = extraction.video
        _count(f"videos_{video.status}")
        for reason, number in Counter(frame.reason for frame in extraction.frames).items():
            _count(f"samples_{reason}", number)
        PROGRESS.add(videos_done=1)
        if video.status == "partial":
            PROGRESS.note(video.video_uri, f"partial: {video.error}")
        return extraction

    def _dead_letter(self, upload: Upload, reason: str) -> _Dead:
        _count("dead_letters")
        uri = upload.video_uri
        PROGRESS.note(uri, reason)
        return TaggedOutput(_DEAD, DeadLetter(uri, reason, upload.event))
