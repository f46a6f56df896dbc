"""A folder: a disk, or a share of the network."""

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

from vidset.storage.writing import sync_folder
from vidset.upload.destination import Piece, Presence, Session, Target, next_in_order
from vidset.upload.errors import (
    AlreadyThereError,
    RefusedError,
    SessionGoneError,
    TransientError,
    UploadFailedError,
)
from vidset.upload.pacing import Body
from vidset.upload.settings import Place
from vidset.upload.source import Source, block_bytes
from vidset.upload.syncing import sync_names

# Listings of the ingest job pass over folders of this name.
_PARTIAL = ".partial"
_FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})
# Shares of Windows and FAT refuse some collectors, as `aux` or `cam1.`.
_UNNAMABLE = frozenset({errno.EINVAL, errno.EILSEQ, errno.ENAMETOOLONG})


class FolderDestination:
    """A file appears whole or not at all. There is no place for metadata: the name has to do."""

    unasked_bytes = 0  # To look costs nothing.

    def __init__(self, place: Place):
        self._root = Path(place.root)
        self._lasting = set[Path]()  # Folders whose own names are known to be on the disk.

    def wait_for(self, seconds: float) -> None:
        """A file system answers in its own time."""

    def find(self, target: Target) -> Presence:
        path = self._root / target.name
        with _as_ours():
            if not path.exists():
                return "absent"
            with FileIO(path) as file:
                size = os.fstat(file.fileno()).st_size
                if size != target.size_bytes or _good_bytes(file, target) != size:
                    raise UploadFailedError(f"{path} is there and has other content")
                # Whoever wrote it may have been killed before the disk had it, or copied it there.
                os.fsync(file.fileno())
            self.keep(path)
        return "same"

    def keep(self, path: Path) -> None:
        """Have this name outlive a loss of power: the recording may be deleted next."""
        if path.parent in self._lasting:
            sync_folder(path.parent)
        else:
            sync_names(path, self._root)
            self._lasting.add(path.parent)

    def open(
        self, target: Target, source: Source, token: str | None, remember: Callable[[str], None]
    ) -> Session:
        with _as_ours():
            if not self._root.is_dir():  # Not made again: its disk may be away.
                raise TransientError(f"{self._root}: there is no such folder")
            return _FolderSession(self, self._root, target)


class _FolderSession:
    """A session that learns from the unfinished file how far it is, whoever wrote it."""

    smallest_piece_bytes = None

    def __init__(self, destination: FolderDestination, root: Path, target: Target):
        self._destination = destination
        self._path = root / target.name
        self._partial = root / Path(target.name).parts[0] / _PARTIAL / self._path.name
        self._target = target
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        self._file = FileIO(os.open(self._partial, os.O_RDWR | os.O_CREAT, 0o644), "r+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(self._file.fileno()).st_nlink == 0:  # It was finished since we opened it.
                raise SessionGoneError("another process finished it")
            self._offset = _good_bytes(self._file, target)
            self._file.truncate(self._offset)
        except BlockingIOError:
            self._file.close()
            raise TransientError(f"another process writes {self._partial}") from None
        except BaseException:
            self._file.close()
            raise

    @property
    def received_bytes(self) -> int:
        return self._offset

    def next_piece(self) -> Piece | None:
        size = self._target.size_bytes
        return next_in_order(self._offset, size, block_bytes(size))

    def send(self, piece: Piece, body: Body) -> None:
        with _as_ours():
            self._file.seek(piece.start)
            while part := body.read():
                while part:
                    part = part[self._file.write(part) :]
        self._offset = piece.end

    def finish(self) -> bool:
        with _as_ours():
            os.fsync(self._file.fileno())
            if (good := _good_bytes(self._file, self._target)) != self._target.size_bytes:
                self._offset = good
                raise TransientError(f"{self._partial} does not read back as it was written")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                self._partial.unlink()
                raise AlreadyThereError
            self._partial.rename(self._path)
            self._destination.keep(self._path)
        return True

    def close(self) -> None:
        self._file.close()


def _good_bytes(file: FileIO, target: Target) -> int:
    """Returns how many bytes are those of the recording: whole blocks, from the first on."""
    step, offset = block_bytes(target.size_bytes), 0
    file.seek(0)
    while offset < target.size_bytes:
        block = _read(file, min(step, target.size_bytes - offset))
        if not target.digests.is_block(offset // step, block):
            break
        offset += len(block)
    return offset


def _read(file: FileIO, size: int) -> bytes:
    """Reads as much as there is, up to `size`."""
    parts = []
    while size and (part := file.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


@contextmanager
def _as_ours() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"{error.filename or 'the folder'}: {error.strerror}"
        if error.errno in _FORBIDDEN:
            raise RefusedError(what) from None
        if error.errno in _UNNAMABLE:
            raise RefusedError(f"{what}: this disk may not take such a name") from None
        if error.errno == errno.EFBIG:  # FAT has no files above 4 GiB.
            raise UploadFailedError(what) from None
        raise TransientError(what) from None
