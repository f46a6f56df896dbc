"""The images that an extraction kept: what its ledger of Parquet files tells, and the files."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from vidset.gate import ORIGINALS
from vidset.labeling.events import image_id as id_of
from vidset.labeling.ledgers import open_ledger
from vidset.labeling.task import Image
from vidset.ledger.rows import LedgerRows
from vidset.regular_files import has_link
from vidset.rights import FIELDS, NONE, Rights
from vidset.shards import Shard
from vidset.storage.open import open_store
from vidset.storage.uris import is_uri

_COLUMNS = ["image_id", "image_uri", "width", "height", "kept"]
_FILE_COLUMNS = ("image_id", "image_uri", "image_sha256", "kept")
_KEPT_COLUMNS = (
    *("image_id", "image_uri", "width", "height", "kept", "image_sha256", "phash"),
    *("video_uri", "collector_id", "pts_seconds", "uploaded_at"),
)
_ORIGIN_COLUMNS = ("image_id", "video_uri", "pts_seconds", "collector_id")


@dataclass(frozen=True, slots=True)
class Origin:
    """The origin of a kept image: its video with its rights, its time, and who collected it."""

    image_id: str
    video_uri: str
    pts_seconds: float
    collector_id: str | None
    rights: Rights = NONE


@dataclass(frozen=True, slots=True)
class KeptImage:
    """A kept image with what the ledger knows of it.

    Attributes:
        phash: the perceptual hash; None where the row has none.
        uploaded_at: when its video was received; None in rows from before there was this column.
    """

    id: str
    uri: str
    width: int
    height: int
    image_sha256: str
    phash: int | None
    video_uri: str
    collector_id: str | None
    pts_seconds: float
    uploaded_at: datetime | None


class ParquetLedger:
    """A `vidset.labeling.ledgers.ImageLedger` over a folder, gs:// or s3:// place."""

    def __init__(self, out: str):
        """Raises ValueError: of another kind, or its client is not installed."""
        open_store(out)
        self._out = out

    def origins(self) -> Iterator[Origin]:
        """Yield where each kept image of the committed videos comes from."""
        ledger = LedgerRows(self._out)
        stated = {
            key: rights
            for rows in ledger.videos(FIELDS)
            for key, row in zip(rows.keys, rows.table.to_pylist(), strict=True)
            if (rights := Rights.of(row))
        }
        for key, table in ledger.frames_in_order(_ORIGIN_COLUMNS):
            rights = stated.get(key, NONE)
            for row in table.to_pylist():
                if row["image_id"] is not None:
                    yield Origin(**row, rights=rights)

    def kept_images(self) -> Iterator[KeptImage]:
        """Yield the kept images of the committed videos, video by video, in the order of time."""
        for _, table in LedgerRows(self._out).frames_in_order(_KEPT_COLUMNS):
            for row in table.filter(table["kept"]).to_pylist():
                yield KeptImage(
                    id=row["image_id"],
                    uri=row["image_uri"],
                    width=row["width"],
                    height=row["height"],
                    image_sha256=row["image_sha256"],
                    phash=int(row["phash"], 16) if row["phash"] else None,
                    video_uri=row["video_uri"],
                    collector_id=row["collector_id"],
                    pts_seconds=row["pts_seconds"],
                    uploaded_at=row.get("uploaded_at"),
                )

    def images(self) -> Iterator[Image]:
        # Frames count when their video's row says so. Names only: some 100 bytes for a video.
        for _, table in LedgerRows(self._out).frames_in_order(_COLUMNS):
            for row in table.to_pylist():
                if row["kept"]:
                    yield Image(row["image_id"], row["image_uri"], row["width"], row["height"])


@dataclass(frozen=True, slots=True)
class ImageToRead:
    """A kept image: its hash as hex, its id, and where the ledger says that its file is."""

    image_sha256: str
    image_id: str
    image_uri: str


def kept_images(place: str, shard: Shard | None = None) -> Iterator[ImageToRead]:
    """Yield the kept images of the committed videos; a file that is there twice comes twice.

    Args:
        shard: only those of this part of the videos.
    """
    columns = _FILE_COLUMNS if shard is None else (*_FILE_COLUMNS, "video_uri")
    for _, table in LedgerRows(place).frames_in_order(columns):
        if shard is not None and not (len(table) and shard.has(table["video_uri"][0].as_py())):
            continue
        ids, uris, hashes, kept = (table[name].to_pylist() for name in _FILE_COLUMNS)
        for number, is_kept in enumerate(kept):
            if is_kept and hashes[number] is not None:
                yield ImageToRead(hashes[number], ids[number], uris[number])


def images_in_warehouse(uri: str) -> Iterator[ImageToRead]:
    """Yield the kept images of the committed videos that bq://PROJECT.DATASET tells of.

    Raises:
        ValueError: the uri is of another kind, or the client is not installed.
    """
    for image_sha256, image_id, image_uri in open_ledger(uri).files():
        yield ImageToRead(image_sha256, image_id, image_uri)


class ImageFiles:
    """The image files of one place, as far as its ledgers may name them. Several threads may read.

    A ledger may come from people whom one does not know: what it names is read only below the
    place's images.

    Args:
        place: a folder, gs:// or s3://.
        root: the folder or prefix of the files, where they are copies: see
            `vidset.blurred.images_root`.
        whole: where all files lie with their names below the place, which is a bucket, or a part of
            one, that holds nothing else than what vidset writes: JPEG files anywhere below it are
            images of it as well. The place itself, or that of the copies.
    """

    def __init__(self, place: str, root: str | None = None, *, whole: str | None = None):
        self._root = f"{place}/{ORIGINALS}"
        self._place = f"{place}/"
        self._whole = None if whole is None else open_store(whole)
        self._files = root or self._root
        self._store = open_store(self._files)
        self._folder = None if is_uri(place) else self._files

    def read(self, image_id: str, uri: str) -> bytes:
        """Return an image's file.

        Raises:
            ValueError: it does not lie below the place's images, or a link leads elsewhere.
            FileNotFoundError: it is not there.
        """
        if self._whole is not None and not uri.startswith(f"{self._root}/"):
            return self._whole.read(self.name_in_place(image_id, uri))
        name = self.name(image_id, uri)
        if self._folder is not None and has_link(self._folder, name):
            raise ValueError(f"{uri}: wanted an image of this place, got a link")
        return self._store.read(name)

    def name(self, image_id: str, uri: str) -> str:
        """Return an image's name below the place's images.

        Raises:
            ValueError: it does not lie there.
        """
        if uri.startswith(f"{self._root}/"):
            name = uri.removeprefix(f"{self._root}/")
        elif is_uri(uri):
            raise ValueError(f"{uri}: wanted an image below {self._root}")
        else:
            # The place has been moved: the id tells which segments are the image's name.
            segments = uri.split("/")
            names = ("/".join(segments[start:]) for start in range(1, len(segments)))
            name = next((each for each in names if id_of(each) == image_id), "..")
        if ".." in PurePosixPath(name).parts or name.startswith("/") or not name:
            raise ValueError(f"{uri}: wanted an image below {self._root}")
        return name

    def name_in_place(self, image_id: str, uri: str) -> str:
        """Return an image's name below the place: with `images/`, or in a bucket for images alone.

        Raises:
            ValueError: it does not lie there.
        """
        if self._whole is None or uri.startswith(f"{self._root}/"):
            return f"{ORIGINALS}/{self.name(image_id, uri)}"
        name = uri.removeprefix(self._place)
        if name == uri or not name.endswith(".jpg") or ".." in PurePosixPath(name).parts:
            raise ValueError(f"{uri}: wanted a JPEG file below {self._place}")
        return name
