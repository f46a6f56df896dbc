"""Tells what became of an upload, and what a run counts of it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from vidset.elements import Extraction, Upload
from vidset.intake.redoing import Earlier
from vidset.intake.tasks import Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """The outcome of an upload.

    Attributes:
        upload: with its generation, as far as it got known.
        what: missing is gone, or changed while it was read; skipped was done before; new and redo
            are what was only looked at, and would be extracted, or extracted again.
        extraction: rows for the ledger, whose images are stored; of extracted and failed ones.
        reason: for a dead letter. It goes first: with the ledger's rows the video is done. Of a
            skipped one that failed before, too: its letter may not have got through then.
        settings_id: of a skipped one, those it was done with.
        other_streams: how many other video streams the file has, as far as is known.
        earlier: what was there of a video that was extracted again.
    """

    upload: Upload
    what: Literal["extracted", "failed", "missing", "skipped", "new", "redo"]
    extraction: Extraction | None = None
    reason: str | None = None
    settings_id: str | None = None
    other_streams: int = 0
    earlier: Earlier | None = None

    @property
    def others(self) -> list[Upload]:
        """The uploads that stand for the file's other video streams."""
        if self.upload.stream:
            return []
        return [replace(self.upload, stream=number + 1) for number in range(self.other_streams)]


def skipped(upload: Upload, row: Mapping[str, Any]) -> Taken:
    """Say of an upload that the ledger has this row of it."""
    return Taken(
        upload,
        "skipped",
        reason=row["error"] if row["status"] == "failed" else None,
        settings_id=row["settings_id"],
        other_streams=count_streams(row.get("other_streams")),
    )


def count_streams(other_streams: str | None) -> int:
    """Count the other video streams of a file, as the ledger names them."""
    return len(other_streams.split(", ")) if other_streams else 0


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
