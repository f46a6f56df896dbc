"""What becomes of a recording on this machine once its object is there."""

import errno
import os
import shutil
from pathlib import Path

from vidset.upload.errors import UploadFailedError
from vidset.upload.settings import Settings
from vidset.upload.source import Source


def put_away(source: Source, settings: Settings, video_id: str, *, is_verified: bool) -> str | None:
    """Keep, move or delete it, as asked; a note if that was not done.

    Raises:
        UploadFailedError: it cannot be moved or deleted.
    """
    if not settings.is_deleted and settings.moved_to is None:
        return None
    source.check()  # What was recorded since has not been uploaded.
    try:
        if settings.is_deleted:
            if not is_verified:
                return "kept: its checksum at the store could not be compared"
            source.path.unlink()
        elif settings.moved_to is not None:
            _move(source, settings.moved_to, settings.watched, video_id)
    except OSError as error:
        what = f"is uploaded, but cannot be put away: {error.strerror}"
        raise UploadFailedError(what) from None
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
    except BaseException:
        partial.unlink(missing_ok=True)  # It may be what fills the disk.
        raise
    source.path.unlink()
