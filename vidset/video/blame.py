"""Tells whose fault an error is: the video's own bytes, or the store's that they are read from."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from vidset.errors import BadInputError, UndecodableVideoError


class Blame:
    """Tells errors in handling a video apart.

    Decoders, bindings and picture libraries raise whatever comes to their authors' minds at bytes
    that nobody expected. None of it may end the run, or every run would end at that video. But a
    store that cannot be read raises through the same calls, and then the video must be tried again.

    Attributes:
        source: what to read the video from, in place of the `source` that was given.
    """

    def __init__(self, source: str | BinaryIO, uri: str):
        self._watched = None if isinstance(source, str) else _Watched(source)
        self.source: str | BinaryIO = source if isinstance(source, str) else self._watched  # pyright: ignore
        self._uri = uri

    @contextmanager
    def the_video(self) -> Iterator[None]:
        """Turn what is raised inside into the video's failure.

        Raises:
            UndecodableVideoError: something was raised.
            Exception: what reading the source raised, as it was.
        """
        try:
            yield
        except BadInputError:
            self._raise_store_error()
            raise
        except Exception as error:
            self._raise_store_error()
            reason = f"it cannot be decoded: {type(error).__name__}: {error}"
            raise UndecodableVideoError(reason, self._uri) from error
        self._raise_store_error()

    def _raise_store_error(self) -> None:
        """FFmpeg may take a read that raises for the end of the file."""
        if self._watched is not None and self._watched.error is not None:
            raise self._watched.error


class _Watched(io.RawIOBase):
    """A binary file that remembers the first error that reading it raised."""

    def __init__(self, file: BinaryIO):
        self._file = file
        self.error: Exception | None = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int = -1) -> bytes:
        try:
            return self._file.read(size)
        except Exception as error:
            self.error = self.error or error
            raise
