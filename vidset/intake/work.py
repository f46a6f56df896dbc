"""A worker process makes of an upload images, a dead letter if there is one, ledger rows."""

from contextlib import suppress
from functools import partial
from typing import Any

from vidset.elements import DeadLetter, Upload
from vidset.engines.engine import Report, Work
from vidset.intake.dead_letters import open_dead_letters
from vidset.intake.ingest import Ingest
from vidset.intake.places import Places
from vidset.intake.redoing import Redo
from vidset.intake.taken import outcome_of
from vidset.intake.tasks import (
    Check,
    DecodePart,
    GiveUp,
    Join,
    Look,
    Outcome,
    PlanParts,
    Spread,
    Task,
)
from vidset.intake.telling import Telling
from vidset.settings import ExtractionSettings
from vidset.spread.shared import Shared


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


def open_intake(
    settings: ExtractionSettings, places: Places, redo: Redo, scratch_bytes: int
) -> Work:
    """Open what does each task in this process."""
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
