"""Finds the images in an export that the one that is replaced has already: they are not copied.

ROOT/.cache/exports/<hash of the folder>.parquet says, for each image of an export, what names its
content, and the size, times and inode that the file had at the end. A file that is still so gets a
second name in the new folder. The memory may be deleted at any time: then all images are copied.

Giving a file a second name and taking the first one away changes its ctime. Rather than look at
each file once more, the memory says between which two moments of the file system all of that was.
"""

import hashlib
import io
import os
import stat
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.versions import vidset_version

_SCHEMA = pa.schema(
    [
        pa.field("path", pa.string(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("inode", pa.uint64(), nullable=False),
        pa.field("size_bytes", pa.int64(), nullable=False),
        pa.field("mtime_ns", pa.int64(), nullable=False),
        # Null where the file has been linked: then it is between the two of the metadata.
        pa.field("ctime_ns", pa.int64()),
    ]
)
# Another version may turn pictures upright with another encoder.
_WRITER, _BEGAN, _ENDED = b"vidset_version", b"began_ns", b"ended_ns"


# A row, as a tuple: there are as many as images, and Python's collector looks at all others again
# and again.
_File = tuple[str, str, int, int, int, int | None]


class EarlierFiles:
    """Follows one export of a repository's images into a folder.

    Args:
        root: of the repository.
        folder: what is replaced, if it is there.
    """

    def __init__(self, root: Path, folder: str | os.PathLike[str]):
        self._earlier, self._new = os.path.abspath(folder), ""
        self._below = self._earlier + os.sep
        self._store = open_store(str(root))
        digest = hashlib.sha256(os.fsencode(self._earlier)).hexdigest()
        self._name = f".cache/exports/{digest[:32]}.parquet"
        self._began = self._linked_from = self._linked_until = 0
        # By name, which says what is in it: of two versions, one may have an image on another side.
        self._known = self._read() if os.path.isdir(self._earlier) else {}
        self._written: list[_File] = []

    def into(self, folder: Path) -> Self:
        """Take a folder for the new export, until it stands in the place of the earlier one."""
        self._new = f"{folder}{os.sep}"
        self._began = self._began or os.lstat(folder).st_ctime_ns
        return self

    def link(self, image_sha256: str, target: str) -> bool:
        """Give the earlier export's file a second name; False: there is none, or it has changed."""
        written = target.removeprefix(self._new)
        known = self._known.get(written.rpartition("/")[2])
        if known is None or known[1] != image_sha256:
            return False
        path, _, inode, size_bytes, mtime_ns, ctime_ns = known
        earlier = self._below + path
        try:
            status = os.lstat(earlier)
            if (
                status.st_mtime_ns != mtime_ns
                or status.st_size != size_bytes
                or status.st_ino != inode
                or not stat.S_ISREG(status.st_mode)
                or not self._is_ctime(status.st_ctime_ns, ctime_ns)
            ):
                return False
            os.link(earlier, target, follow_symlinks=False)
        except OSError:  # It is gone, or the file system knows no second names.
            return False
        self._written.append((written, image_sha256, inode, size_bytes, mtime_ns, None))
        return True

    def _is_ctime(self, found: int, known: int | None) -> bool:
        if known is None:
            return self._linked_from <= found <= self._linked_until
        return found == known

    def wrote(self, image_sha256: str, target: str) -> None:
        """Note an image of the new export that is no earlier file."""
        now = os.lstat(target)
        times = now.st_mtime_ns, now.st_ctime_ns
        path = target.removeprefix(self._new)
        self._written.append((path, image_sha256, now.st_ino, now.st_size, *times))

    def save(self) -> None:
        """Write down what is in the new folder, once it stands in its place."""
        # When the earlier folder left the one above it, its files had lost their first names.
        ended = os.stat(os.path.dirname(self._earlier)).st_ctime_ns
        told = {
            _WRITER: str(vidset_version()),
            _BEGAN: str(self._began),
            _ENDED: str(ended),
        }
        columns = zip(*self._written, strict=True) if self._written else ((),) * len(_SCHEMA)
        table = pa.table(list(map(pa.array, columns)), schema=_SCHEMA.with_metadata(told))
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        self._store.put(self._name, sink.getvalue(), "application/vnd.apache.parquet")

    def _read(self) -> dict[str, _File]:
        try:
            table = read_parquet(self._store.read(self._name))
            told = {name: text.decode() for name, text in (table.schema.metadata or {}).items()}
            if not table.schema.equals(_SCHEMA) or told.get(_WRITER) != str(vidset_version()):
                return {}
            self._linked_from, self._linked_until = int(told[_BEGAN]), int(told[_ENDED])
        except (OSError, ValueError, KeyError):  # Not there, or damaged: images are copied.
            return {}
        paths, *others = (column.to_pylist() for column in table.columns)
        names = (path.rpartition("/")[2] for path in paths)
        return dict(zip(names, zip(paths, *others, strict=True), strict=True))
