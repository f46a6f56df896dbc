"""Tells whether somebody still writes a recording, as far as the operating system can tell."""

import errno
import fcntl
import os
import stat
from collections.abc import Iterator

from vidset.upload.mounts import is_remote

# Linux: a read lease is granted only while nobody has the file open for writing (fcntl(2)).
_SET_LEASE = getattr(fcntl, "F_SETLEASE", None)
_WRITING = os.O_WRONLY | os.O_RDWR


def is_written(descriptor: int, path: str | os.PathLike[str]) -> bool | None:
    """Returns whether another process has the file open for writing; None if that cannot be told.

    Args:
        descriptor: the file, open for reading.
        path: where it lies. On a network share, other machines may write what nobody here does.
    """
    leased = _leased(descriptor)
    if leased is False:
        return True
    if is_remote(path):
        return None
    if leased:
        return False
    return True if _is_open_in_a_process(descriptor) else None


def _leased(descriptor: int) -> bool | None:
    """Returns whether a lease was granted, so that nobody writes; None without an answer."""
    if _SET_LEASE is None:
        return None
    try:
        fcntl.fcntl(descriptor, _SET_LEASE, fcntl.F_RDLCK)
    except OSError as error:
        return False if error.errno in (errno.EAGAIN, errno.EBUSY) else None
    fcntl.fcntl(descriptor, _SET_LEASE, fcntl.F_UNLCK)
    return True


def _is_open_in_a_process(descriptor: int) -> bool:
    """Returns whether `/proc` shows a writer. It may hide those of other users and containers."""
    wanted = os.fstat(descriptor)
    for process in _processes():
        try:
            names = os.listdir(f"/proc/{process}/fd")
        except OSError:
            continue  # It has ended, or is another user's.
        if any(_is_writer(f"/proc/{process}", name, wanted) for name in names):
            return True
    return False


def _processes() -> Iterator[str]:
    try:
        names = os.listdir("/proc")
    except OSError:
        return
    yield from (name for name in names if name.isdigit())


def _is_writer(process: str, name: str, wanted: os.stat_result) -> bool:
    try:
        found = os.stat(f"{process}/fd/{name}")
        if not stat.S_ISREG(found.st_mode) or not os.path.samestat(found, wanted):
            return False
        with open(f"{process}/fdinfo/{name}") as file:
            lines = dict(line.split(":", 1) for line in file.read().splitlines() if ":" in line)
    except OSError:
        return False
    return bool(int(lines.get("flags", "0").strip(), 8) & _WRITING)
