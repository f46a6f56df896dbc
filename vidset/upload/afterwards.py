"""What becomes of a recording on this machine once its object is there.

This is where recordings are deleted. Nothing is deleted or moved that this run has not read whole
and compared, that may still be written, or whose folder has lost its disk.
"""

import errno
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from vidset.upload.errors import UploadFailedError
from vidset.upload.mounts import Disks
from vidset.upload.settings import Settings
from vidset.upload.source import Source


@dataclass(frozen=True, slots=True)
class PutAway:
    """What was done with the recording, and why not what was asked for.

    Attributes:
        state: `later`: it is kept for now, and may be put away by another attempt.
    """

    state: Literal["kept", "deleted", "moved", "later"]
    note: str | None = None


def put_away(
    source: Source,
    settings: Settings,
    disks: Disks,
    video_id: str,
    *,
    is_verified: bool,
    quiet_seconds: float | None = None,
) -> PutAway:
    """Keep, move or delete a recording that this run has read whole and found at the store.

    Args:
        quiet_seconds: for how long somebody has seen the file unchanged; None: nobody has.

    Raises:
        UploadFailedError: it cannot be moved or deleted, or changed meanwhile.
    """
    if not settings.is_putting_away:
        return PutAway("kept")
    if settings.is_deleted and not is_verified:
        return PutAway("kept", "kept: its checksum at the store could not be compared")
    source.check()  # What was recorded since has not been uploaded.
    if reason := _may_be_written(source, settings, quiet_seconds):
        return PutAway("later", f"kept for now: {reason}")
    try:
        if settings.moved_to is None:
            source.path.unlink()
            return PutAway("deleted")
        if reason := disks.changed(settings.moved_to):
            return PutAway("later", f"kept for now: {reason}")
        _move(source, settings.moved_to, settings.watched, video_id)
    except OSError as error:
        what = f"is uploaded, but cannot be put away: {error.strerror}"
        raise UploadFailedError(what) from None
    return PutAway("moved")


def _may_be_written(source: Source, settings: Settings, quiet_seconds: float | None) -> str | None:
    """Why the recording may not be finished: a pausing recorder keeps its file open."""
    is_written = source.is_written()
    if is_written:
        return "another program has it open for writing"
    if is_written is None:
        if quiet_seconds is None:
            changed = max(source.identity.mtime_ns, source.identity.ctime_ns) / 1e9
            quiet_seconds = time.time() - changed
        if quiet_seconds < settings.delete_after_seconds:
            return (
                "this file system does not tell whether it is still written, and it has been "
                f"unchanged for {max(quiet_seconds, 0):.0f} s, where --delete-after wants "
                f"{settings.delete_after_seconds:g}"
            )
    return None


def _move(source: Source, moved_to: Path, watched: Path | None, video_id: str) -> None:
    """With the folders that it lay in below the watched one."""
    path = source.path
    to = moved_to / (path.relative_to(watched) if watched else path.name)
    if source.is_at(to):
        return  # It lies there.
    if to.exists():  # With its content in its name: what may be there under this one is the same.
        to = to.with_name(f"{path.stem}.{video_id}{path.suffix}")
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _move_to_another_disk(source, to, to.with_name(f".{video_id}.partial"))


def _move_to_another_disk(source: Source, to: Path, partial: Path) -> None:
    if not os.access(source.path.parent, os.W_OK | os.X_OK):  # Else each try makes one more copy.
        raise OSError(errno.EACCES, f"its folder {source.path.parent} may not be written")
    try:
        shutil.copy2(source.path, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        source.check()
        partial.rename(to)
        _sync_folder(to.parent)
    except BaseException:
        partial.unlink(missing_ok=True)  # It may be what fills the disk.
        raise
    source.path.unlink()


def _sync_folder(folder: Path) -> None:
    """So that the new name outlives a loss of power: the old one is removed next."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
