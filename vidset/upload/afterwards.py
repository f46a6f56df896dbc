"""Keeps, moves or deletes a recording on this machine once its object is there.

Nothing is deleted or moved that this run has not read whole and compared, that may still be
written, or whose folder has lost its disk. What leaves the card is in `leaving`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidset.upload.containers import is_closed
from vidset.upload.errors import UploadFailedError
from vidset.upload.leaving import StillWrittenError, delete, move
from vidset.upload.mounts import Disks
from vidset.upload.settings import Settings
from vidset.upload.source import Digests, Source


@dataclass(frozen=True, slots=True)
class PutAway:
    """The fate of a recording, and why it is not what was asked for.

    Attributes:
        state: `later`: it is kept for now, and may be put away by another attempt.
    """

    state: Literal["kept", "deleted", "moved", "later"]
    note: str | None = None


def put_away(
    source: Source,
    settings: Settings,
    disks: Disks,
    digests: Digests,
    *,
    is_verified: bool,
    quiet_seconds: float | None = None,
    hold: Callable[[], None] = lambda: None,
) -> PutAway:
    """Keep, move or delete a recording that this run has read whole and found at the store.

    Args:
        digests: what the recording holds.
        quiet_seconds: for how long somebody has seen the file unchanged; None: nobody has.
        hold: called before the recording is gone: from then on nothing may stop the run until it
            has told so.

    Raises:
        UploadFailedError: it cannot be moved or deleted, or changed meanwhile.
    """
    if not settings.is_putting_away:
        return PutAway("kept")
    if reason := _why_never(source, settings, is_verified=is_verified):
        return PutAway("kept", f"kept: {reason}")
    source.check()  # What was recorded since has not been uploaded.
    if reason := _why_not(source, settings, disks, quiet_seconds):
        return PutAway("later", f"kept for now: {reason}")
    # What was watched has been seen unchanged by this very process.
    least_seconds = settings.delete_after_seconds if quiet_seconds is None else 0.0
    try:
        if settings.moved_to is None:
            delete(source, least_seconds, hold)
            return PutAway("deleted")
        to = settings.moved_to / _name_below(source.path, settings.folders)
        move(source, to, digests, disks, settings.moved_to, least_seconds, hold)
    except StillWrittenError as error:
        return PutAway("later", f"kept for now: {error}")
    except OSError as error:
        what = f"is uploaded, but cannot be put away: {error.strerror}"
        raise UploadFailedError(what) from None
    return PutAway("moved")


def _why_never(source: Source, settings: Settings, *, is_verified: bool) -> str | None:
    if settings.is_deleted and not is_verified:
        return "its checksum at the store could not be compared"
    if source.path.is_symlink():  # To delete the link would free nothing, and be told as if it did.
        return "it is a link to a file that lies elsewhere"
    return None


def _why_not(
    source: Source, settings: Settings, disks: Disks, quiet_seconds: float | None
) -> str | None:
    folders = [settings.moved_to] if settings.moved_to else []
    if settings.place.scheme == "file":
        folders.append(Path(settings.place.root))
    for folder in folders:
        if reason := disks.changed(folder):
            return reason
    return _may_be_written(source, settings, quiet_seconds)


def _name_below(path: Path, folders: Iterable[Path]) -> Path:
    """The recording's name, with the folders that it lay in below the one that was named."""
    for folder in folders:
        if path.is_relative_to(folder):
            return path.relative_to(folder)
    return Path(path.name)


def _may_be_written(source: Source, settings: Settings, quiet_seconds: float | None) -> str | None:
    """Returns why the recording may not be finished: a pausing recorder keeps its file open."""
    is_written = source.is_written()
    if is_written:
        return "another program has it open for writing"
    if is_written is None:
        reason = "this file system does not tell whether it is still written"
    elif is_closed(source.path):
        return None
    else:
        reason = "it is not closed: it has no index, or zeros at its end that were only reserved"
    if quiet_seconds is None:
        quiet_seconds = source.identity.age_seconds() or 0.0
    if quiet_seconds >= settings.delete_after_seconds:
        return None
    return (
        f"{reason}, and it has been unchanged for {quiet_seconds:.0f} s, where --delete-after "
        f"wants {settings.delete_after_seconds:g}"
    )
