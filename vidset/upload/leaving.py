"""Take a recording off the card: the only module that deletes or moves one.

Between the last look at a recording and its end, another program may open it, write it, or put
another file in its place. So it first gets a name that nobody knows, is looked at once more under
that name, and only then goes. Whoever comes meanwhile finds no file, and makes a new one.
"""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from vidset.upload.errors import SourceChangedError
from vidset.upload.identity import Identity
from vidset.upload.mounts import Disks
from vidset.upload.source import Digests, Source
from vidset.upload.syncing import sync_names

# It keeps its extension and is not hidden: after a kill -9 it is a recording like any other, which
# the next run finds at the store, and deletes.
_ASIDE = ".deleting"
_MOST_NAME_BYTES = 255


class StillWrittenError(Exception):
    """Another program opened the recording at the last moment, or the disk below it went away."""


def delete(
    source: Source, least_seconds: float = 0.0, hold: Callable[[], None] = lambda: None
) -> None:
    """Delete a recording that is at the store.

    Args:
        least_seconds: for how long it must have been unchanged by the clock of its own disk, where
            nobody can tell whether it is still written.
        hold: called before the recording is gone: from then on nothing may stop the run until it
            has told so.

    Raises:
        SourceChangedError: it is not the file that was read. It is kept.
        StillWrittenError: another program has it open for writing. It is kept.
        OSError: it cannot be deleted.
    """
    aside = _free(_marked(source.path, _ASIDE))
    source.path.rename(aside)
    try:
        _check_alone(source, aside, least_seconds)
    except BaseException:
        _put_back(aside, source.path)
        raise
    hold()
    aside.unlink()


def move(
    source: Source,
    to: Path,
    digests: Digests,
    disks: Disks,
    moved_to: Path,
    least_seconds: float = 0.0,
    hold: Callable[[], None] = lambda: None,
) -> None:
    """Move a recording to `to`, or if that is taken, to a name beside it that has its content's id.

    Args:
        moved_to: the folder below which `to` lies, whose disk is one of `disks`.
        least_seconds, hold: see `delete`.

    Raises:
        SourceChangedError: it is not the file that was read. It is kept.
        StillWrittenError: another program has it open for writing, or the disk of `moved_to` went
            away. It is kept.
        OSError: it cannot be moved.
    """
    if source.is_at(to):
        return  # It lies there.
    to.parent.mkdir(parents=True, exist_ok=True)
    to = _claim(to, digests)
    try:
        try:
            if source.is_on_disk_of(to):
                hold()
            source.path.rename(to)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(source, to, digests)
            is_copied = True
        else:
            is_copied = False
    except BaseException:
        to.unlink()  # The empty file that held the name.
        raise
    if is_copied:
        try:
            sync_names(to, moved_to)
            if reason := disks.changed(moved_to):
                raise StillWrittenError(reason)
            delete(source, least_seconds, hold)
        except (StillWrittenError, OSError):
            to.unlink(missing_ok=True)  # The recording stays, and each try would leave one more.
            raise
        return
    try:
        _check_alone(source, to, least_seconds)
    except BaseException:
        _put_back(to, source.path)
        raise
    sync_names(to, moved_to)


def _check_alone(source: Source, path: Path, least_seconds: float) -> None:
    """Look at a file that was just renamed: nobody may have written it, or put another there."""
    # Opened again: that is when a network share asks its server what others wrote.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        now = Identity.of(os.fstat(descriptor))
    finally:
        os.close(descriptor)
    if not source.is_at(path):
        raise SourceChangedError("changed at the last moment: another file was put in its place")
    # A rename changes the time of the last change of any kind, and nothing else.
    was = source.identity
    if (now.size_bytes, now.mtime_ns) != (was.size_bytes, was.mtime_ns):
        raise SourceChangedError("changed at the last moment: it was written")
    is_written = source.is_written()
    if is_written:
        raise StillWrittenError("another program has it open for writing")
    # The rename was dated by the clock that dates what others write: a server's own, on a share.
    age = (now.ctime_ns - max(was.mtime_ns, was.ctime_ns)) / 1e9
    if is_written is None and now.ctime_ns != was.ctime_ns and age < least_seconds:
        raise StillWrittenError(
            f"by the clock of its disk it was changed {max(age, 0.0):.0f} s ago, where "
            f"--delete-after wants {least_seconds:g}"
        )


def _put_back(path: Path, name: Path) -> None:
    """Give a file its name again, unless somebody has made a new one of that name."""
    if not os.path.lexists(name):
        path.rename(name)


def _free(path: Path) -> Path:
    """A name like this that no file has."""
    free, number = path, 1
    while os.path.lexists(free):
        number += 1
        free = _marked(path, f"-{number}")
    return free


def _marked(path: Path, mark: str) -> Path:
    """The path with a mark before its extension; what makes the name too long is cut from it."""
    stem = path.stem
    while len(os.fsencode(f"{stem}{mark}{path.suffix}")) > _MOST_NAME_BYTES:
        stem = stem[:-1]
    return path.with_name(f"{stem}{mark}{path.suffix}")


def _claim(to: Path, digests: Digests) -> Path:
    """Hold a name by an empty file: two cards may have recordings of the same name."""
    names = [to, _marked(to, f".{digests.sha256.hex()[:32]}")]
    for name in [*names, _free(names[-1])]:
        try:
            os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        except FileExistsError:
            continue
        return name
    raise FileExistsError(errno.EEXIST, f"{to} and names like it are taken")


def _copy(source: Source, to: Path, digests: Digests) -> None:
    """Copy a recording to another disk, and read the copy back."""
    if not os.access(source.path.parent, os.W_OK | os.X_OK):  # Else each try makes one more copy.
        raise OSError(errno.EACCES, f"its folder {source.path.parent} may not be written")
    partial = _free(_marked(to.with_name(f".{digests.sha256.hex()[:32]}{to.suffix}"), ".partial"))
    try:
        shutil.copy2(source.path, partial)
        with partial.open("rb") as file:
            os.fsync(file.fileno())
        with Source(partial) as copy:
            if copy.digest(lambda _: None) != digests:
                raise OSError(errno.EIO, "its copy does not read back as it was written")
        source.check()
        partial.rename(to)
    except BaseException:
        partial.unlink(missing_ok=True)  # It may be what fills the disk.
        raise
