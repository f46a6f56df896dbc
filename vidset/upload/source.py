"""A local recording: read once whole for its checksums, then again block by block to be sent.

Every block is compared with what the first reading saw, so that what is sent is one state of the
file, and the object is what was hashed.
"""

import hashlib
import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import google_crc32c

from vidset.upload.errors import SourceChangedError, UploadFailedError
from vidset.upload.identity import Identity
from vidset.upload.writers import is_written

_BLOCK_BYTES = 8 << 20
_MIB = 1 << 20
# S3 allows 10,000 parts, and a block is a part.
_MAX_BLOCKS = 10_000
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Digests:
    """Checksums of a whole recording; `blocks` holds the SHA-256 of its blocks, in order."""

    sha256: bytes
    crc32c: bytes
    blocks: bytes

    @property
    def block_count(self) -> int:
        return len(self.blocks) // _DIGEST_BYTES

    def of_block(self, index: int) -> bytes:
        return self.blocks[index * _DIGEST_BYTES : (index + 1) * _DIGEST_BYTES]

    def is_block(self, index: int, data: bytes | memoryview) -> bool:
        return hashlib.sha256(data).digest() == self.of_block(index)


def block_bytes(size_bytes: int) -> int:
    """8 MiB; more beyond 78 GiB. All blocks of a file are of this size but the last."""
    least = -(-size_bytes // _MAX_BLOCKS)
    return max(_BLOCK_BYTES, -(-least // _MIB) * _MIB)


class Source:
    """An open recording.

    Raises:
        UploadFailedError: it cannot be read, or has no bytes.
    """

    def __init__(self, path: Path):
        self.path = path
        try:
            # Not blocking: a pipe would wait for its writer.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self._file = os.fdopen(descriptor, "rb", buffering=0)
        except OSError as error:
            raise UploadFailedError(f"cannot be read: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._file.close()
            raise UploadFailedError("is not a file")
        self.identity = Identity.of(os.fstat(self._file.fileno()))
        if not self.size_bytes:
            self._file.close()
            raise UploadFailedError("is empty")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def size_bytes(self) -> int:
        return self.identity.size_bytes

    @property
    def block_bytes(self) -> int:
        return block_bytes(self.size_bytes)

    def digest(self, report: Callable[[int], None]) -> Digests:
        """Read all of it once; `report` gets the number of bytes after each block.

        Raises:
            SourceChangedError: it is being written.
        """
        whole, checksum, blocks = hashlib.sha256(), google_crc32c.Checksum(), bytearray()
        buffer = bytearray(min(self.block_bytes, self.size_bytes))
        for start in range(0, self.size_bytes, self.block_bytes):
            block = self._fill(buffer, start)
            whole.update(block)
            checksum.update(bytes(block))
            blocks += hashlib.sha256(block).digest()
            report(len(block))
        self.check()
        return Digests(whole.digest(), checksum.digest(), bytes(blocks))

    def read(self, start: int, end: int, digests: Digests) -> memoryview:
        """The bytes [start, end) of one block, once they are known to be what was hashed.

        Raises:
            SourceChangedError: they are not, or the file changed in another way.
        """
        index = start // self.block_bytes
        first = index * self.block_bytes
        size = min(self.block_bytes, self.size_bytes - first)
        block = self._fill(bytearray(size), first)
        if not digests.is_block(index, block):
            raise SourceChangedError("changed while it was uploaded: its bytes are others")
        self.check()
        return block[start - first : end - first]

    def is_written(self) -> bool | None:
        """Returns whether another process has it open for writing; None if that cannot be told."""
        return is_written(self._file.fileno(), self.path)

    def is_at(self, path: Path) -> bool:
        """Returns whether this path leads to the same file, by whatever links."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), path.stat())
        except OSError:
            return False  # Then there is none that could be lost.

    def is_on_disk_of(self, path: Path) -> bool:
        """Returns whether it can be renamed to there, as far as that is known."""
        return os.fstat(self._file.fileno()).st_dev == path.stat().st_dev

    def check(self) -> None:
        """Raises SourceChangedError unless the path leads to the same, unchanged file."""
        try:
            now = Identity.of(os.stat(self.path))
        except OSError as error:
            raise SourceChangedError(f"went away: {error.strerror}") from None
        _compare(self.identity, now, "was read")

    def check_is(self, seen: Identity) -> None:
        """Raises SourceChangedError unless it is still what it was when it was seen before."""
        _compare(seen, self.identity, "was waited for")

    def _fill(self, buffer: bytearray, start: int) -> memoryview:
        """The block at `start`, in `buffer`."""
        size = min(len(buffer), self.size_bytes - start)
        view, done = memoryview(buffer)[:size], 0
        try:
            self._file.seek(start)
            while done < size:
                if not (count := self._file.readinto(view[done:])):
                    raise SourceChangedError(f"was cut short at {start + done} bytes")
                done += count
        except OSError as error:
            raise UploadFailedError(f"cannot be read: {error.strerror}") from None
        return view


def _compare(was: Identity, now: Identity, when: str) -> None:
    if now != was:
        sizes = was.size_bytes, now.size_bytes
        how = "it was written or replaced"
        if sizes[0] != sizes[1]:
            how = "{} bytes, then {}".format(*sizes)
        raise SourceChangedError(f"changed while it {when}: {how}")
