"""Names what workers are asked to do with uploads, and what they answer.

Whoever hands out tasks imports none of what decodes videos.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from vidset.elements import DeadLetter, Upload
from vidset.engines.engine import Open, Work
from vidset.intake.places import Places
from vidset.intake.redoing import Redo
from vidset.settings import ExtractionSettings
from vidset.spread.shared import Shared
from vidset.storage.store import DEFAULT_SCRATCH_BYTES

What = Literal["done", "partial", "failed", "missing", "malformed", "skipped", "new", "redo"]


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
    from vidset.intake.work import open_intake  # In the worker.

    return open_intake(settings, places, redo, scratch_bytes)
