"""A folder of this machine as an object store."""

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock

from vidset.elements import Upload
from vidset.errors import MissingUploadError
from vidset.naming import printable
from vidset.regular_files import open_regular, read_regular
from vidset.storage.store import Metadata, Source, StoredObject
from vidset.storage.writing import make_folder, refuse_link, refuse_links_above, sync_folder

PARTIAL = ".partial"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FolderStore:
    """A folder in which an object appears whole or not at all, whenever the process is killed.

    An object that was put outlives a loss of power: what comes later, such as the row that says
    that a video is done, or the deletion of what was put elsewhere, rests on it.
    """

    parallel_writes = 1

    def __init__(self, root: str):
        self._root = os.path.abspath(root)

    def uri(self, name: str) -> str:
        return printable(os.path.join(self._root, name))

    def place(self, name: str) -> str:
        return name

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        # Only the folder that the names begin with is walked; one that is not there has none.
        folder = prefix.rpartition("/")[0]
        if folder and not os.path.isdir(self.path(folder)):
            return
        start = self.path(folder) if folder else self._root
        for name, entry in _walk(start, folder + "/" * bool(folder)):
            if name.startswith(prefix):
                status = entry.stat()
                yield StoredObject(name, status.st_size, stamp=stamp_of(status))

    def read(self, name: str) -> bytes:
        return read_regular(self.path(name))

    def read_range(self, name: str, start: int, end: int) -> bytes:
        with open_regular(self.path(name)) as file:
            file.seek(start)
            return file.read(end - start)

    def put(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> None:
        with self._partial(name, data) as partial:
            os.replace(partial, self.path(name))
            sync_folder(os.path.dirname(self.path(name)))

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> bool:
        path = self.path(name)
        if os.path.exists(path):
            return False
        with self._partial(name, data) as partial:
            try:
                os.link(partial, path)  # Unlike a rename it never replaces.
            except FileExistsError:
                return False
            sync_folder(os.path.dirname(path))
        return True

    def delete(self, name: str) -> None:
        path = self.path(name)
        refuse_links_above(self._root, path)
        with suppress(FileNotFoundError):
            os.unlink(path)
        # Folders that are empty now go, too: in a bucket there would be none.
        folder = os.path.dirname(path)
        with suppress(OSError):
            while folder != self._root:
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def signed_url(self, name: str, lifetime: timedelta) -> str:
        raise ValueError(f"{self.uri(name)}: files in a folder have no signed urls")

    def sweep(self) -> None:
        """Remove what a killed process left half written; what a living one writes is locked."""
        folder = os.path.join(self._root, PARTIAL)
        refuse_link(folder)
        with suppress(FileNotFoundError):
            for entry in filter(_is_file, os.scandir(folder)):
                # Open for writing: NFS gives nobody else an exclusive lock.
                with suppress(BlockingIOError, FileNotFoundError), open(entry.path, "r+b") as file:
                    flock(file, LOCK_EX | LOCK_NB)
                    os.unlink(entry.path)
            with suppress(OSError):  # Not empty: another process is at work.
                os.rmdir(folder)

    def identify(self, upload: Upload) -> Upload:
        try:
            with open(upload.uri, "rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            reason = f"the file cannot be read: {error.strerror}"
            raise MissingUploadError(reason, printable(upload.uri)) from None
        return replace(upload, generation=digest[:16], size_bytes=size)

    @contextmanager
    def open(self, upload: Upload, scratch_bytes: int) -> Iterator[tuple[Upload, Source]]:
        before = _stamp(upload)
        upload = upload if upload.generation else self.identify(upload)
        # To the microsecond, as tables have it.
        changed_at = _EPOCH + timedelta(microseconds=before[1] // 1000)
        yield replace(upload, uploaded_at=changed_at), upload.uri
        if _stamp(upload) != before:
            raise MissingUploadError("the file changed while it was read", printable(upload.uri))

    def path(self, name: str) -> str:
        """The file's absolute path.

        Refuses to leave the folder: a second line of defence behind `naming`.
        """
        if {"..", ".", ""} & set(name.split("/")):
            raise ValueError(f"not a name below a folder: {name!r}")
        return os.path.join(self._root, name)

    @contextmanager
    def _partial(self, name: str, data: bytes) -> Iterator[str]:
        make_folder(self._root, os.path.dirname(self.path(name)))
        path = os.path.join(self._root, PARTIAL, f"{os.getpid()}-{uuid.uuid4().hex}")
        while True:
            make_folder(self._root, os.path.dirname(path))
            with suppress(FileNotFoundError), open(path, "xb") as file:
                flock(file, LOCK_EX)
                if os.fstat(file.fileno()).st_nlink == 0:
                    continue  # Swept between the two lines above.
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
                try:
                    yield path
                finally:
                    with suppress(FileNotFoundError):  # It was renamed.
                        os.unlink(path)
                return


def write_once(path: str, data: bytes) -> None:
    """Write a file as a whole or not at all. One that is there stays as it is.

    Raises:
        OSError: it cannot be written.
    """
    root, name = os.path.split(path)
    folder = FolderStore(root)
    if folder.put_once(name, data, "application/octet-stream"):
        folder.sweep()


def is_abandoned(path: str) -> bool:
    """Tell whether a half-written file of a folder's has no writer that lives."""
    try:
        with open(path, "r+b") as file:
            flock(file, LOCK_EX | LOCK_NB)
    except (BlockingIOError, FileNotFoundError):
        return False
    return True


def stamp_of(status: os.stat_result) -> str:
    """Returns what changes when a file is written again, even if its size and time are set back."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_ino}"


def _is_file(entry: os.DirEntry[str]) -> bool:
    return entry.is_file(follow_symlinks=False)


def _walk(folder: str, above: str = "") -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Files below a folder, in the order in which a bucket lists them. No loops by links."""
    with os.scandir(folder) as entries:
        named = [(each.name + "/" * each.is_dir(follow_symlinks=False), each) for each in entries]
    for name, entry in sorted(named, key=lambda pair: pair[0]):
        if name == f"{PARTIAL}/":
            continue
        if name.endswith("/"):
            yield from _walk(entry.path, above + name)
        elif entry.is_file():
            yield above + name, entry


def _stamp(upload: Upload) -> tuple[int, int]:
    try:
        status = os.stat(upload.uri)
    except OSError as error:
        reason = f"the file cannot be read: {error.strerror}"
        raise MissingUploadError(reason, printable(upload.uri)) from None
    return status.st_size, status.st_mtime_ns
