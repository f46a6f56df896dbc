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
            _move(
                source.path, _free_name(source.path, settings.moved_to, settings.watched, video_id)
            )
    except OSError as error:
        what = f"is uploaded, but cannot be put away: {error.strerror}"
        raise UploadFailedError(what) from None
    return None


def _free_name(path: Path, moved_to: Path, watched: Path | None, video_id: str) -> Path:
    """Where to move it to, with the folders that it lay in below the watched one."""
    wanted = moved_to / (path.relative_to(watched) if watched else path.name)
    # With its content in its name: what may be there under this one is the same.
    return wanted.with_name(f"{path.stem}.{video_id}{path.suffix}") if wanted.exists() else wanted


def _move(path: Path, to: Path) -> None:
    to.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.rename(to)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        partial = to.with_name(f".{to.name}.partial")
        shutil.copy2(path, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        partial.rename(to)
        path.unlink()
