"""Write, replace and delete files. Whatever changes files of a place goes through here.

A place may come from people whom one does not know, with links planted in it. No link is followed:
a file is written under a name that nobody can guess, which must not be there yet, and takes its
place by a rename, which replaces a link rather than what the link leads to.
"""

import errno
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal

# What file systems say that cannot sync a folder (CIFS, some of FUSE's): their server does it.
_UNABLE = frozenset({errno.EINVAL, errno.ENOTSUP, errno.EBADF})
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class LinkError(ValueError):
    """A link stands where vidset writes or deletes: it may lead anywhere."""

    def __init__(self, path: str | Path):
        super().__init__(
            f"{path}: wanted a folder or file of this place, got a link, which may lead anywhere; "
            "remove it, or name what it leads to"
        )


@contextmanager
def replacing(path: str | Path, mode: Literal["w", "wb"] = "wb") -> Iterator[IO[Any]]:
    """A file to write, which takes the place of `path` when the block ends without an error.

    Nobody sees half of it, not even after a loss of power; after an error nothing is left.
    """
    folder, name = os.path.split(os.fspath(path))  # Not of `Path`: each image comes by here.
    unfinished = os.path.join(folder, unfinished_name(name))
    descriptor = _open_new(unfinished, folder)
    try:
        encoding = None if mode == "wb" else "utf-8"
        with os.fdopen(descriptor, mode, encoding=encoding) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        with suppress(FileNotFoundError):  # It was renamed.
            os.unlink(unfinished)
        raise
    sync_folder(folder or os.curdir)


def _open_new(path: str, folder: str) -> int:
    """Open a file that is not there yet; its folder is made if need be."""
    try:
        return os.open(path, _NEW, 0o666)
    except FileNotFoundError:
        os.makedirs(folder or os.curdir, exist_ok=True)
        return os.open(path, _NEW, 0o666)


def write_atomically(path: str | Path, data: bytes | str) -> None:
    """Write the whole file or nothing of it, whoever else writes it."""
    with replacing(path) as file:
        file.write(data.encode() if isinstance(data, str) else data)


def append_line(path: str | Path, line: str) -> None:
    """Add a line to a file that keeps a record, in any number of processes of this machine.

    The file is replaced as a whole, so that a kill leaves no half of a line.

    Raises:
        LinkError: the file or its lock is a link.
        OSError: it cannot be read or written.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    refuse_link(path)
    with open_lock(path.with_name(f".{path.name}.lock")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        before = path.read_bytes() if path.exists() else b""
        write_atomically(path, before + f"{line}\n".encode())


def unfinished_name(name: str) -> str:
    """A hidden name beside `name`'s that nobody can guess."""
    return f".{name[:200]}.{secrets.token_hex(8)}.unfinished"


def rename_synced(unfinished: str | Path, path: str | Path) -> None:
    """Give a whole file its name. Its content and the name outlive a loss of power."""
    sync_file(unfinished)
    os.replace(unfinished, path)
    sync_folder(os.path.dirname(path) or os.curdir)


def sync_tree(folder: str | Path) -> None:
    """Make sure that what is in a folder, and below, is there after a loss of power."""
    for place, _, names in os.walk(folder):
        for name in names:
            sync_file(os.path.join(place, name))
        sync_folder(place)


def sync_file(path: str | Path) -> None:
    """Make sure that a file's content is there after a loss of power."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: str | Path) -> None:
    """Make sure that the folder's names are there after a loss of power, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNABLE:
            raise
    finally:
        os.close(descriptor)


def open_lock(path: str | Path) -> IO[bytes]:
    """Open a file to lock; it is made if need be, and its content stays.

    Raises:
        LinkError: it is a link.
    """
    refuse_link(path)
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.fdopen(os.open(path, flags, 0o666), "r+b")


def make_folder(root: str | Path, folder: str | Path) -> None:
    """Make a folder below `root`, with those in between. `root` itself may be a link.

    The names of new folders outlive a loss of power.

    Raises:
        LinkError: one of those below is a link.
    """
    place = os.fspath(root)
    _make_with_parents(place)
    for part in Path(folder).relative_to(root).parts:
        above, place = place, os.path.join(place, part)  # Not of `Path`: each image comes by here.
        with suppress(FileExistsError):
            os.mkdir(place)
            sync_folder(above)
        refuse_link(place)


def _make_with_parents(folder: str) -> None:
    if os.path.isdir(folder):
        return
    above = os.path.dirname(folder) or os.curdir
    _make_with_parents(above)
    try:
        os.mkdir(folder)
    except FileExistsError:
        if not os.path.isdir(folder):  # Another process has made it meanwhile.
            raise
    sync_folder(above)


def refuse_link(path: str | Path) -> None:
    """Raises LinkError if `path` is a link."""
    with suppress(FileNotFoundError):
        if stat.S_ISLNK(os.lstat(path).st_mode):
            raise LinkError(path)


def refuse_links_above(root: str | Path, path: str | Path) -> None:
    """Raises LinkError if a folder between `root` and `path` is a link."""
    place = Path(root)
    for part in Path(path).relative_to(root).parts[:-1]:
        place /= part
        refuse_link(place)


def remove_tree(folder: str | Path) -> None:
    """Delete a folder and all in it, if it is there; links in it are deleted, not followed.

    Raises:
        LinkError: it is itself a link.
    """
    refuse_link(folder)
    with suppress(FileNotFoundError):
        shutil.rmtree(folder)
