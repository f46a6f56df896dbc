"""A worker process makes of an upload images, a dead letter if there is one, ledger rows."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from vidset.elements import DeadLetter, Upload
from vidset.engines.engine import Open, Report, Work
from vidset.intake.dead_letters import open_dead_letters
from vidset.intake.ingest import Ingest, Taken
from vidset.intake.redoing import Redo
from vidset.intake.sheets import Thumbnails
from vidset.intake.telling import Telling
from vidset.settings import ExtractionSettings
from vidset.spread.sharing import Shared
from vidset.storage.store import DEFAULT_SCRATCH_BYTES

What = Literal["done", "partial", "failed", "missing", "malformed", "skipped", "new", "redo"]


@dataclass(frozen=True, slots=True)
class Places:
    """The places that things go to: folders, gs:// or s3:// uris.

    The ledger may also be bq://, and dead letters a topic; see `open_dead_letters`.

    Attributes:
        labels: the store of tasks and annotations, `sqlite:PATH` or firestore://PROJECT; None:
            there is none. No image that has labels is replaced or deleted.
        thumbnails: where sheets of dropped samples go, if anywhere.
    """

    images: str
    ledger: str
    dead_letters: str
    labels: str | None = None
    thumbnails: Thumbnails = Thumbnails()  # noqa: RUF009 (frozen)


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


@dataclass(frozen=True, slots=True)
class PlanParts:
    """A task: leave the plan of a long upload where other nodes find it."""

    upload: Upload
    shared: Shared


@dataclass(frozen=True, slots=True)
class DecodePart:
    """A task: decode one of so many parts of a planned upload for others."""

    upload: Upload
    shared: Shared
    part: int
    parts: int


@dataclass(frozen=True, slots=True)
class Join:
    """A task: take an upload in, of which other nodes have decoded the parts."""

    upload: Upload
    shared: Shared


@dataclass(frozen=True, slots=True)
class Look:
    """A task: say what would be done with an upload."""

    upload: Upload


Task = Upload | DeadLetter | GiveUp | Check | Spread | Look | PlanParts | DecodePart | Join


def upload_of(task: Task) -> Upload | None:
    """Return the upload that a task is about; None if it is about none."""
    if isinstance(task, GiveUp | Spread | Look | PlanParts | DecodePart | Join):
        return task.upload
    return task if isinstance(task, Upload) else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an upload, or of a message that names none.

    Attributes:
        what: as the video ledger says it; `missing` is gone, or changed while it was read;
            `skipped` was done before; `new` and `redo` were only looked at.
        reasons: how many samples were kept, and dropped for which reason.
        reason: why it failed, or is there in part only; of a skipped one, why it failed before.
        settings_id: the settings that its rows in the ledger were made with.
        others: the uploads that stand for the other video streams of its file.
        is_anew: whether rows of an earlier run were replaced.
        replaced: how many images an earlier run had made of it, without the labeled ones.
        labeled: the names of those that have labels, and stayed as they were.
        generation: of the upload, as far as it got known.
    """

    uri: str
    what: What
    samples: int = 0
    kept: int = 0
    reason: str | None = None
    reasons: Mapping[str, int] = field(default_factory=dict)
    settings_id: str | None = None
    others: Sequence[Upload] = ()
    is_anew: bool = False
    replaced: int = 0
    labeled: Sequence[str] = ()
    generation: str | None = None


class Intake:
    """Opened once in a process: clients of stores and ledgers do not pickle."""

    def __init__(
        self, settings: ExtractionSettings, places: Places, redo: Redo, scratch_bytes: int
    ):
        self._ingest = Ingest(
            settings,
            places.images,
            places.ledger,
            scratch_bytes,
            redo,
            places.labels,
            places.thumbnails,
        )
        self._letters = open_dead_letters(places.dead_letters)

    def check(self) -> None:
        """Ask each place for something, which raises what is wrong with it."""
        self._ingest.ledger.find("", "")
        with suppress(FileNotFoundError):
            self._ingest.images.read("none")
        self._letters.check()

    def reject(self, letter: DeadLetter) -> Outcome:
        """Keep a message that is no event."""
        self._letters.put(letter)
        return Outcome(letter.uri, "malformed", reason=letter.reason)

    def look(self, upload: Upload) -> Outcome:
        """Say what would be done with an upload."""
        return outcome_of(upload.video_uri, self._ingest.look(upload))

    def plan(self, upload: Upload, shared: Shared) -> tuple[int, Upload]:
        """Leave the plan of an upload for other nodes; how many segments it has."""
        return self._ingest.plan(upload, shared)

    def decode_part(self, upload: Upload, shared: Shared, part: int, parts: int) -> None:
        """Decode a part of an upload for whoever takes it in."""
        self._ingest.decode_part(upload, shared, part, parts)

    def take(
        self,
        upload: Upload,
        report: Report = lambda _: None,
        give_up: str | None = None,
        cores: int = 1,
        shared: Shared | None = None,
    ) -> Outcome:
        """Store images first, then a dead letter if there is one, ledger rows last.

        Doing it twice, also at the same time, leaves the same. What is neither the upload's
        fault nor known is raised: it is to be tried again.

        Args:
            report: is told of the samples, several times a second.
            give_up: record the upload as failed for this reason instead of decoding it.
            cores: on so many processes a long video is decoded.
            shared: where what other nodes have decoded of it waits.
        """
        uri = upload.video_uri
        telling = Telling(uri, report)
        taken = self._ingest.take(upload, telling.add, give_up, cores, shared)
        telling.tell()
        if taken.reason is not None:
            self._letters.put(DeadLetter(uri, taken.reason, taken.upload.event))
        if taken.extraction is not None:
            self._ingest.ledger.commit([taken.extraction])
        return outcome_of(uri, taken)


def outcome_of(uri: str, taken: Taken) -> Outcome:
    """Tell what a run counts of what became of an upload."""
    before = taken.earlier
    more = {
        "others": taken.others,
        "is_anew": before is not None,
        "replaced": len(before.replaceable) if before else 0,
        "labeled": before.labeled_names if before else (),
        "generation": taken.upload.generation,
    }
    if taken.extraction is None:
        what = "missing" if taken.what in ("extracted", "failed") else taken.what
        return Outcome(uri, what, reason=taken.reason, settings_id=taken.settings_id, **more)
    video, frames = taken.extraction.video, taken.extraction.frames
    reasons = dict(Counter(frame.reason for frame in frames))
    return Outcome(
        uri,
        video.status,
        video.samples,
        video.kept,
        video.error,
        reasons,
        video.settings_id,
        **more,
    )


def work_of(
    settings: ExtractionSettings,
    places: Places,
    redo: Redo = Redo(),  # noqa: B008 (frozen)
    scratch_bytes: int = DEFAULT_SCRATCH_BYTES,
) -> Open:
    """Returns what an engine opens in each of its workers.

    Args:
        scratch_bytes: a video in a bucket up to this size is copied to a temporary file first.
    """
    return partial(_open, settings, places, redo, scratch_bytes)


def _open(settings: ExtractionSettings, places: Places, redo: Redo, scratch_bytes: int) -> Work:
    import cv2

    cv2.setNumThreads(1)  # There are processes enough.
    return partial(_do, Intake(settings, places, redo, scratch_bytes))


def _do(intake: Intake, task: Task, report: Report) -> Any:
    more: dict[str, Any] = {}
    match task:
        case Check():
            return intake.check()
        case DeadLetter():
            return intake.reject(task)
        case Look(upload):
            return intake.look(upload)
        case PlanParts(upload, shared):
            return intake.plan(upload, shared)
        case DecodePart(upload, shared, part, parts):
            return intake.decode_part(upload, shared, part, parts)
        case GiveUp(upload, reason):
            more["give_up"] = reason
        case Spread(upload, cores):
            more["cores"] = cores
        case Join(upload, shared):
            more["shared"] = shared
        case _:
            upload = task
    outcome = intake.take(upload, report, **more)
    if isinstance(task, Join):
        task.shared.clear()
    return outcome
