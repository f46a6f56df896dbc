"""Objects in a folder, in Cloud Storage, in S3 or elsewhere, behind one interface.

`vidset.storage.open.open_store` opens one from a place. To add a scheme, write an `ObjectStore` and
an entry for `vidset.storage.registry`.
"""

import io
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, Protocol

from vidset.elements import Upload

Source = str | BinaryIO
Metadata = Mapping[str, str]
# A video up to this size is copied to a temporary file, a larger one is read in ranges.
DEFAULT_SCRATCH_BYTES = 8 << 30
_RANGE_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object in a listing; `generation` is None where the store has none of its own.

    Attributes:
        stamp: another one whenever the object was written again, however alike it is.
    """

    name: str
    size_bytes: int
    generation: str | None = None
    content_type: str | None = None
    collector_id: str | None = None
    stamp: str = ""


class ObjectStore(Protocol):
    """Objects below one place. Names are relative to it, with `/` between their segments.

    Several threads may use one store.
    """

    parallel_writes: int
    """The number of writes at once that is worth while."""

    def uri(self, name: str) -> str:
        """The object's whole uri, or the file's absolute path."""
        ...

    def place(self, name: str) -> str:
        """`<bucket>/<object name>`, or the name below the folder."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """The objects whose names begin with `prefix`, in the order of their names."""
        ...

    def read(self, name: str) -> bytes:
        """The whole object.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        ...

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """The bytes [start, end) of an object, fewer where it ends before.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        ...

    def put(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> None:
        """Store or replace an object, at once: nobody sees half of it."""
        ...

    def put_once(
        self, name: str, data: bytes, content_type: str, metadata: Metadata | None = None
    ) -> bool:
        """Store `data` unless `name` exists. Returns whether it was stored.

        A folder has no room for metadata.
        """
        ...

    def delete(self, name: str) -> None:
        """Delete an object, if there is one of this name.

        Raises:
            PermissionError: this may not be done.
        """
        ...

    def signed_url(self, name: str, lifetime: timedelta) -> str:
        """A url by which anyone can read the object until `lifetime` is over. Never store it.

        Raises:
            ValueError: this store cannot sign.
            StoreUnavailableError: it cannot sign now.
        """
        ...

    def identify(self, upload: Upload) -> Upload:
        """Fill in the generation and the size, if that takes no download.

        Raises:
            MissingUploadError: there is no such object.
        """
        ...

    def open(
        self, upload: Upload, scratch_bytes: int
    ) -> AbstractContextManager[tuple[Upload, Source]]:
        """The upload with its generation, and its bytes to read; nothing is left behind.

        Raises:
            MissingUploadError: the object of this generation is not there, or changes meanwhile.
        """
        ...


@contextmanager
def scratch_file() -> Iterator[tuple[BinaryIO, Source]]:
    """A temporary file to write, and what to read it by; it is gone even after a kill -9.

    It has no name from the start. Linux lets it be opened by its descriptor all the same, which
    spares the decoder a call into Python for each of its reads.
    """
    with tempfile.TemporaryFile() as file:
        path = f"/proc/self/fd/{file.fileno()}"
        yield file, (path if os.path.exists(path) else file)


class RangedReader(io.RawIOBase):
    """A read-only file over a function that fetches the bytes [start, end)."""

    def __init__(self, fetch: Callable[[int, int], bytes], size_bytes: int):
        self._fetch, self._size, self._place = fetch, size_bytes, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = max(0, base + offset)
        return self._place

    def readinto(self, buffer) -> int:
        end = min(self._place + len(buffer), self._size)
        if end <= self._place:
            return 0
        data = self._fetch(self._place, end)
        buffer[: len(data)] = data
        self._place += len(data)
        return len(data)

    def buffered(self) -> BinaryIO:
        """Reading ahead: one request for each 8 MiB."""
        return io.BufferedReader(self, _RANGE_BYTES)
