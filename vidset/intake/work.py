"""What a worker process does with an upload: images, a dead letter if there is one, ledger rows."""

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from vidset.elements import DeadLetter, FrameRow, Upload
from vidset.engines.engine import Open, Report, Work
from vidset.intake.dead_letters import put_dead_letter
from vidset.intake.ingest import Ingest, Taken
from vidset.naming import printable
from vidset.settings import ExtractionSettings
from vidset.storage.open import open_store

What = Literal["done", "partial", "failed", "missing", "malformed", "skipped"]


@dataclass(frozen=True, slots=True)
class Places:
    """Where things go: folders, gs:// or s3:// uris; the ledger also bq://project.dataset."""

    images: str
    ledger: str
    dead_letters: str


@dataclass(frozen=True, slots=True)
class Check:
    """A task: ask each place whether it can be used."""


@dataclass(frozen=True, slots=True)
class GiveUp:
    """A task: record that an upload failed, without decoding it.

    Attributes:
        reason: what happened when it was decoded, as that its worker died.
    """

    upload: Upload
    reason: str


@dataclass(frozen=True, slots=True)
class Spread:
    """A task: take an upload in, and decode it on several cores if it is long."""

    upload: Upload
    cores: int


Task = Upload | DeadLetter | GiveUp | Check | Spread


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload, or of a message that names none.

    Attributes:
        what: as the video ledger says it; `missing` is gone, or changed while it was read;
            `skipped` was done before.
        reasons: how many samples were kept, and dropped for which reason.
        reason: why it failed, or is there in part only; of a skipped one, why it failed before.
        settings_id: the settings that its rows in the ledger were made with.
    """

    uri: str
    what: What
    samples: int = 0
    kept: int = 0
    reason: str | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    settings_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sampled:
    """How far a video is: one more sample.

    Attributes:
        kept: whether it became an image.
        pts_seconds, duration_seconds: where in the video it lies, and how long that is, if known.
    """

    uri: str
    kept: bool
    pts_seconds: float
    duration_seconds: float | None


class Intake:
    """Opened once in a process: clients of stores and ledgers do not pickle."""

    def __init__(self, settings: ExtractionSettings, places: Places):
        self._ingest = Ingest(settings, places.images, places.ledger)
        self._letters = open_store(places.dead_letters)

    def check(self) -> None:
        """Ask each place for something, which raises what is wrong with it."""
        self._ingest.ledger.find("", "")
        for store in self._ingest.images, self._letters:
            with suppress(FileNotFoundError):
                store.read("none")

    def reject(self, letter: DeadLetter) -> Outcome:
        """Keep a message that is no event."""
        put_dead_letter(self._letters, letter)
        return Outcome(letter.uri, "malformed", reason=letter.reason)

    def take(
        self,
        upload: Upload,
        report: Report = lambda _: None,
        give_up: str | None = None,
        cores: int = 1,
    ) -> Outcome:
        """Store images first, then a dead letter if there is one, ledger rows last.

        Doing it twice, also at the same time, leaves the same. What is neither the upload's
        fault nor known is raised: it is to be tried again.

        Args:
            report: is told of each sample.
            give_up: record the upload as failed for this reason instead of decoding it.
            cores: on so many processes a long video is decoded.
        """
        uri = printable(upload.uri)

        def sampled(row: FrameRow, duration_seconds: float | None) -> None:
            report(Sampled(uri, row.kept, row.pts_seconds, duration_seconds))

        taken = self._ingest.take(upload, sampled, give_up, cores)
        if taken.reason is not None:
            put_dead_letter(self._letters, DeadLetter(uri, taken.reason, taken.upload.event))
        if taken.extraction is not None:
            self._ingest.ledger.commit([taken.extraction])
        return _outcome(uri, taken)


def _outcome(uri: str, taken: Taken) -> Outcome:
    if taken.extraction is None:
        what = "skipped" if taken.what == "skipped" else "missing"
        return Outcome(uri, what, reason=taken.reason, settings_id=taken.settings_id)
    video, frames = taken.extraction.video, taken.extraction.frames
    reasons = dict(Counter(frame.reason for frame in frames))
    return Outcome(
        uri, video.status, video.samples, video.kept, video.error, reasons, video.settings_id
    )


def work_of(settings: ExtractionSettings, places: Places) -> Open:
    """What an engine opens in each of its workers."""
    return partial(_open, settings, places)


def _open(settings: ExtractionSettings, places: Places) -> Work:
    import cv2

    cv2.setNumThreads(1)  # There are processes enough.
    return partial(_do, Intake(settings, places))


def _do(intake: Intake, task: Task, report: Report) -> Any:
    match task:
        case Check():
            return intake.check()
        case DeadLetter():
            return intake.reject(task)
        case GiveUp(upload, reason):
            return intake.take(upload, report, give_up=reason)
        case Spread(upload, cores):
            return intake.take(upload, report, cores=cores)
        case _:
            return intake.take(task, report)
