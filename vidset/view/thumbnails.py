"""Small pictures of a place's images, made once and kept.

They are WebP in one SQLite file, by the hash of the image, in the place's folder `cache/view`, or
below the user's cache folder where the place cannot be written or is in a bucket. Whoever deletes
the file loses time and nothing else.
"""

import os
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass

import cv2
import numpy as np

from vidset.picture_headers import check_picture
from vidset.place_images import ImageFiles
from vidset.project import Project
from vidset.view.caches import cache_folder

SIDE = 160
_QUALITY = 55
# With rows of their own beside the keys, it is known which are there without reading any picture.
_TABLE = "CREATE TABLE IF NOT EXISTS thumbnails (key TEXT PRIMARY KEY, webp BLOB)"
_BUSY_SECONDS = 30
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class Picture:
    """An image to make small: its number in the catalog, its id, its hash and where it is."""

    n: int
    image_id: str
    key: str
    uri: str


class Thumbnails:
    """The thumbnails of one place. Several threads may ask, and several servers share the file.

    Args:
        find: the pictures of some numbers, in any order; numbers that are no image are left out.
        name: of the file, without its ending: blurred copies have one of their own.
    """

    def __init__(
        self,
        project: Project,
        files: ImageFiles,
        find: Callable[[Sequence[int]], list[Picture]],
        name: str = "thumbnails",
    ):
        self.path = cache_folder(project) / f"{name}.sqlite"
        self._find, self._files = find, files
        self._local = threading.local()
        self._pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="thumbnails")
        self._closed = threading.Event()
        self._connection().execute(_TABLE)

    def close(self) -> None:
        self._closed.set()
        self._pool.shutdown(cancel_futures=True)

    def pack(self, numbers: Sequence[int]) -> bytes:
        """Return thumbnails in one piece, those that are not made yet being made first.

        For each number: the number and the size as little-endian uint32, then the WebP. A size of
        0 says that the image cannot be read.
        """
        wanted = self._find(numbers[:_AT_ONCE])
        there = self.stored([each.key for each in wanted])
        futures = {
            each.key: self._pool.submit(self._made, each)
            for each in wanted
            if each.key not in there
        }
        made = {key: future.result() for key, future in futures.items()}
        self._keep(made)
        parts = []
        for each in wanted:
            data = there.get(each.key) or made.get(each.key) or b""
            parts.append(struct.pack("<II", each.n, len(data)) + data)
        return b"".join(parts)

    def prepare(self, numbers: Sequence[int], done: Callable[[int], None]) -> None:
        """Make what is missing, on all cores, until that is done or the server ends."""
        waiting: list[tuple[str, Future[bytes]]] = []
        for start in range(0, len(numbers), _AT_ONCE):
            for each in self._find(numbers[start : start + _AT_ONCE]):
                if self._closed.is_set():
                    return
                with suppress(RuntimeError):  # It was closed in this moment.
                    waiting.append((each.key, self._pool.submit(self._made, each)))
            self._take(waiting, done)

    def missing(self, keys: Iterable[Sequence[tuple[int, str]]]) -> list[int]:
        """Return the numbers of the images that have no thumbnail yet.

        Args:
            keys: number and key of each image, some thousands at once.
        """
        found = []
        for some in keys:
            marks = ", ".join("?" * len(some))
            there = self._connection().execute(
                f"SELECT key FROM thumbnails WHERE key IN ({marks})",  # noqa: S608
                [key for _, key in some],
            )
            known = {key for (key,) in there}
            found += [n for n, key in some if key not in known]
        return found

    def _take(self, waiting: list[tuple[str, Future[bytes]]], done: Callable[[int], None]) -> None:
        made = {key: future.result() for key, future in waiting if not future.cancelled()}
        self._keep(made)
        done(len(made))
        waiting.clear()

    def _made(self, picture: Picture) -> bytes:
        try:
            return small_webp(self._files.read(picture.image_id, picture.uri), picture.uri)
        except (OSError, ValueError):
            return b""  # The page shows that it cannot be read.

    def stored(self, keys: Sequence[str]) -> dict[str, bytes]:
        """Return those of the thumbnails that were made, as WebP, by the keys of their images."""
        marks = ", ".join("?" * len(keys))
        found = self._connection().execute(
            f"SELECT key, webp FROM thumbnails WHERE key IN ({marks})",  # noqa: S608
            list(keys),
        )
        return dict(found.fetchall())

    def _keep(self, made: dict[str, bytes]) -> None:
        rows = [(key, data) for key, data in made.items() if data]
        if rows:
            with self._connection() as connection:
                connection.executemany("INSERT OR IGNORE INTO thumbnails VALUES (?, ?)", rows)

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._local, "connection"):
            connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS)
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            self._local.connection = connection
        return self._local.connection


def small_webp(data: bytes, uri: str) -> bytes:
    """Make a picture small: WebP, `SIDE` pixels at its longer side.

    Raises:
        ValueError: it is no picture, or too large a one.
    """
    check_picture(data, uri)
    # A quarter of a JPEG's side is decoded in a fraction of the time.
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_REDUCED_COLOR_4)
    if picture is None or max(picture.shape[:2]) < SIDE:
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise ValueError(f"{uri}: cannot be read as a picture")
    height, width = picture.shape[:2]
    scale = SIDE / max(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    _, webp = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, _QUALITY])
    return webp.tobytes()
