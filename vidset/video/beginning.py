"""The beginning of a file, for a reader that must not see what follows."""

import os
from typing import BinaryIO


class Beginning:
    """The first bytes of a binary file that can seek, as a file of their own."""

    def __init__(self, file: BinaryIO, size_bytes: int):
        self._file, self._size_bytes = file, size_bytes

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size_bytes - self._file.tell())
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_END:
            offset, whence = self._size_bytes + offset, os.SEEK_SET
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()
