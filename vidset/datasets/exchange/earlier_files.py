"""Finds the images in an export that the one that is replaced has already: they are not copied.

ROOT/.cache/exports/<hash of the folder>.parquet says, for each image of an export, what names its
content, and the size, times and inode that the file had at the end. A file that is still so gets a
second name in the new folder. The memory may be deleted at any time: then all images are copied.
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
from vidset.storage.folder import stamp_of
from vidset.storage.open import open_store
from vidset.versions import vidset_version

_SCHEMA = pa.schema(
    [
        pa.field("path", pa.binary(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
    ]
)
# Another version may turn pictures upright with another encoder.
_WRITER = b"vidset_version"


class EarlierFiles:
    """Follows one export of a repository's images into a folder.

    Args:
        root: of the repository.
        folder: what is replaced, if it is there.
    """

    def __init__(self, root: Path, folder: str | os.PathLike[str]):
        self._earlier, self._new = os.fsencode(os.path.abspath(folder)), ""
        self._below = self._earlier + os.fsencode(os.sep)
        self._store = open_store(str(root))
        digest = hashlib.sha256(self._earlier).hexdigest()
        self._name = f".cache/exports/{digest[:32]}.parquet"
        # By name, which says what is in it: of two versions, one may have an image on another side.
        self._known = self._read() if os.path.isdir(self._earlier) else {}
        self._written: dict[bytes, tuple[str, tuple[int, int, int]]] = {}

    def into(self, folder: Path) -> Self:
        """Take a folder for the new export, until it stands in the place of the earlier one."""
        self._new = f"{folder}{os.sep}"
        return self

    def link(self, image_sha256: str, target: str) -> bool:
        """Give the earlier export's file a second name; False: there is none, or it has changed."""
        written = self._path(target)
        path, stamp, known = self._known.get(written.rpartition(b"/")[2], (b"", "", ""))
        if known != image_sha256:
            return False
        earlier = self._below + path
        try:
            status = os.lstat(earlier)
            if stamp != stamp_of(status) or not stat.S_ISREG(status.st_mode):
                return False
            os.link(earlier, target, follow_symlinks=False)
        except OSError:  # It is gone, or the file system knows no second names.
            return False
        self._written[written] = image_sha256, _content(status)
        return True

    def wrote(self, image_sha256: str, target: str) -> None:
        """Note an image of the new export that is no earlier file."""
        self._written[self._path(target)] = image_sha256, _content(os.lstat(target))

    def _path(self, target: str) -> bytes:
        return os.fsencode(target.removeprefix(self._new))

    def save(self) -> None:
        """Write down what is in the new folder, once it stands in its place."""
        rows: list[tuple[bytes, str, str]] = []
        for path, (image_sha256, then) in self._written.items():
            try:
                now = os.lstat(self._below + path)
            except FileNotFoundError:
                continue
            if _content(now) == then:
                rows.append((path, stamp_of(now), image_sha256))
        paths, stamps, digests = zip(*rows, strict=True) if rows else ((), (), ())
        table = pa.table(
            [
                pa.array(paths, pa.binary()),
                pa.array(stamps, pa.string()),
                pa.array(digests, pa.string()),
            ],
            schema=_SCHEMA.with_metadata({_WRITER: str(vidset_version()).encode()}),
        )
        sink = io.BytesIO()
        pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
        self._store.put(self._name, sink.getvalue(), "application/vnd.apache.parquet")

    def _read(self) -> dict[bytes, tuple[bytes, str, str]]:
        try:
            table = read_parquet(self._store.read(self._name))
        except (OSError, pa.ArrowInvalid):  # Not there, or damaged: images are copied.
            return {}
        writer = (table.schema.metadata or {}).get(_WRITER)
        if not table.schema.equals(_SCHEMA) or writer != str(vidset_version()).encode():
            return {}
        rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
        return {path.rpartition(b"/")[2]: (path, stamp, known) for path, stamp, known in rows}


def _content(status: os.stat_result) -> tuple[int, int, int]:
    """Return what tells one content from another; a second name changes the ctime alone."""
    return status.st_ino, status.st_size, status.st_mtime_ns
