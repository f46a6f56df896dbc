"""Images of a bucket, kept in a folder that never grows beyond a limit."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

from vidset.datasets.errors import DatasetError
from vidset.storage.writing import make_folder, open_lock, write_atomically

_SIZE = ".size"  # Only a cache has it.
_FILLED = 0.9  # So far the cache is emptied when it is full: not for each image that comes.


class BoundedCache:
    """Files by name, the least recently used of which go first. Several processes may share it.

    Args:
        folder: is made if need be. Nothing else may be in it: what is used least is deleted.
        most_bytes: how large all files together may become.

    Raises:
        DatasetError: `most_bytes` is not positive, or the folder has other things in it.
    """

    def __init__(self, folder: Path, most_bytes: int):
        if most_bytes < 1:
            raise DatasetError(f"cache_bytes: wanted 1 or more, got {most_bytes}")
        self._folder, self._most = folder, most_bytes
        make_folder(folder, folder)
        found = next(folder.iterdir(), None)
        if found is not None and not (folder / _SIZE).exists():
            raise DatasetError(
                f"cache {folder}: wanted an empty folder or a cache, got one with {found.name}"
            )
        open_lock(folder / _SIZE).close()

    def get(self, name: str, fetch: Callable[[], bytes]) -> bytes:
        """Return a file of the cache, or what `fetch` gives, which is kept unless it is too large.

        Args:
            name: one segment of a path. The same name always has the same content.
        """
        path = self._folder / name
        try:
            data = path.read_bytes()
            os.utime(path)
        except FileNotFoundError:
            data = fetch()
            if len(data) <= self._most:
                self._keep(path, data)
        return data

    def forget(self, name: str) -> None:
        """Delete a file that was found damaged."""
        (self._folder / name).unlink(missing_ok=True)

    def _keep(self, path: Path, data: bytes) -> None:
        """One process at a time writes, and first makes room. The sum stands in the lock's file."""
        with open_lock(self._folder / _SIZE) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if path.exists():  # Another process has fetched it, too.
                return
            told = file.read(20)
            size = (int(told) if told.isdigit() else self._files()[0]) + len(data)
            if size > self._most:
                size = self._make_room(len(data)) + len(data)
            # The size first: a process that is killed between leaves one that is too large, never
            # one that is too small.
            file.seek(0)
            file.truncate()
            file.write(str(size).encode())
            file.flush()
            write_atomically(path, data)

    def _make_room(self, wanted: int) -> int:
        """Delete the files that were used longest ago. Returns the size of those that stay."""
        size, files = self._files()
        until = min(self._most * _FILLED, self._most - wanted)
        for _, path, length in sorted(files):
            if size <= until:
                break
            path.unlink(missing_ok=True)
            size -= length
        return size

    def _files(self) -> tuple[int, list[tuple[float, Path, int]]]:
        """The size of all files, and when each was last used."""
        found = []
        with os.scandir(self._folder) as entries:
            for each in entries:
                if not each.name.startswith("."):
                    said = each.stat()
                    found.append((said.st_mtime, Path(each.path), said.st_size))
        return sum(length for _, _, length in found), found
