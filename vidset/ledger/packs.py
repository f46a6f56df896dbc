"""Packs: copies of many ledger files in two larger ones, so that a reader opens few files.

    .cache/ledgers/<id>.frames.parquet   the rows of many frames/<key>.parquet, by key
    .cache/ledgers/<id>.videos.parquet   those of videos/<key>.parquet, and where the frames are

A pack is never changed, and the loose files stay: they alone say what was done. Each row of a
`videos` file has the stamps of the two files that it was copied from. Where one of them was
replaced since, or is gone, its copy counts no more. So it does not matter who writes or deletes
packs, how many do at once, or where one of them is killed: whatever is wrong with a pack, the loose
file is read.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.ledger.joined import Joined
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.ledger.stamps import Stamps
from vidset.parquet import CheckedParquet, open_parquet, read_parquet
from vidset.storage.folder import FolderStore
from vidset.storage.open import open_store

FOLDER = ".cache/ledgers"
_FRAMES, _VIDEOS = ".frames.parquet", ".videos.parquet"
_PARQUET = "application/vnd.apache.parquet"
# Rows of `frames` that are read at once, but for a video that alone has more.
_GROUP_ROWS = 50_000
_WHERE = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("videos_stamp", pa.string(), nullable=False),
        pa.field("frames_stamp", pa.string(), nullable=False),
        pa.field("row_group", pa.int64(), nullable=False),
        pa.field("first_row", pa.int64(), nullable=False),
        pa.field("frames", pa.int64(), nullable=False),
        # In JSON, by reason: whoever only counts samples reads no frames.
        pa.field("reasons", pa.string(), nullable=False),
    ]
)
_INDEX = pa.schema([*_WHERE, *VIDEOS])
_WRITING: Any = {"compression_level": 1, "write_page_checksum": True}


@dataclass(frozen=True, slots=True)
class Source:
    """A video's rows to put into a pack."""

    key: str
    stamps: Stamps
    video: pa.Table
    frames: pa.Table


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A pack whose index is read.

    Attributes:
        stamps: those of the files that were copied, by key, in order of the keys.
        places: row group, first row in it and number of rows, in the same order.
        reasons: numbers of samples by reason, in the same order.
        videos: the rows of `videos`, in the same order.
        numbers: the places of the keys in that order.
    """

    id: str
    stamps: Mapping[str, Stamps]
    places: Sequence[tuple[int, int, int]]
    reasons: Sequence[Mapping[str, int]]
    videos: pa.Table
    numbers: Mapping[str, int]

    @property
    def rows(self) -> int:
        return sum(number for _, _, number in self.places)

    def video(self, key: str) -> pa.Table:
        """Return a video's row of `videos`."""
        return self.videos.slice(self.numbers[key], 1)


class PackedFrames:
    """The frames of one pack, row group by row group. Asked in order, each is read once."""

    def __init__(self, file: CheckedParquet, columns: Sequence[str]):
        self._file, self._columns = file, list(columns)
        self._group, self._table = -1, FRAMES.empty_table()

    def rows(self, row_group: int, first: int, number: int) -> pa.Table:
        """Raises pyarrow.ArrowInvalid or OSError: they are damaged."""
        if row_group != self._group:
            self._table = self._file.read_row_group(row_group, self._columns)
            self._group = row_group
        return self._table.slice(first, number)


class Packs:
    """The packs of a place in a folder, gs:// or s3:// bucket."""

    def __init__(self, place: str):
        self._place, self._listed = open_store(place), open_store(f"{place}/{FOLDER}")

    def ids(self) -> dict[str, int]:
        """Return the ids of the packs that are whole, with the size of their frames."""
        found = self._names()
        return {
            name.removesuffix(_FRAMES): size
            for name, size in sorted(found.items())
            if name.endswith(_FRAMES) and name.removesuffix(_FRAMES) + _VIDEOS in found
        }

    def leftovers(self) -> list[str]:
        """Return the ids of which one file alone is there: its writer was killed."""
        found = self._names()
        ids = [
            {name.removesuffix(ending) for name in found if name.endswith(ending)}
            for ending in (_FRAMES, _VIDEOS)
        ]
        return sorted(ids[0] ^ ids[1])

    def read(self, id_: str) -> Pack | None:
        """Read a pack's index; None where it is gone meanwhile, damaged or another vidset's."""
        try:
            index = read_parquet(self._source(id_, _VIDEOS))
            if not index.schema.equals(_INDEX):
                return None
            columns = {name: index[name].to_pylist() for name in _WHERE.names}
            reasons = tuple(map(json.loads, columns["reasons"]))
        except (pa.ArrowInvalid, OSError, ValueError):
            return None
        stamps = map(Stamps, columns["videos_stamp"], columns["frames_stamp"])
        places = zip(columns["row_group"], columns["first_row"], columns["frames"], strict=True)
        return Pack(
            id=id_,
            stamps=dict(zip(columns["key"], stamps, strict=True)),
            places=tuple(places),
            reasons=reasons,
            videos=index.select(VIDEOS.names),
            numbers={key: number for number, key in enumerate(columns["key"])},
        )

    @contextmanager
    def frames(self, pack: Pack, columns: Sequence[str]) -> Iterator[PackedFrames]:
        """Raises FileNotFoundError, OSError or pyarrow.ArrowInvalid: they are gone, or damaged."""
        with open_parquet(self._source(pack.id, _FRAMES)) as file:
            yield PackedFrames(file, columns)

    def write(self, sources: Iterable[Source]) -> str:
        """Write a pack of what is given in order of its keys. Returns its id.

        The id is made of keys and stamps: whoever packs the same writes the same names.
        """
        digest, index, sink = hashlib.sha256(), [], io.BytesIO()
        videos, frames, group = Joined(VIDEOS), Joined(FRAMES), 0
        with pq.ParquetWriter(sink, FRAMES, compression="zstd", **_WRITING) as writer:
            for each in sources:
                if frames.rows and frames.rows + len(each.frames) > _GROUP_ROWS:
                    _write_group(writer, frames.take())
                    group += 1
                stamps = each.stamps
                digest.update(f"{each.key} {stamps.videos} {stamps.frames}\n".encode())
                where = stamps.videos, stamps.frames, group, frames.rows, len(each.frames)
                reasons = json.dumps(count_reasons(each.frames), sort_keys=True)
                index.append((each.key, *where, reasons))
                videos.add(each.video)
                frames.add(each.frames)
            _write_group(writer, frames.take())
        id_ = digest.hexdigest()[:32]
        self._place.put(f"{FOLDER}/{id_}{_FRAMES}", sink.getvalue(), _PARQUET)
        told = io.BytesIO()
        pq.write_table(_index(index, videos.take()), told, compression="zstd", **_WRITING)
        # Last: without its index nobody looks at a pack.
        self._place.put(f"{FOLDER}/{id_}{_VIDEOS}", told.getvalue(), _PARQUET)
        return id_

    def delete(self, id_: str) -> None:
        for ending in (_VIDEOS, _FRAMES):
            # Where it may not be done, it stays behind: what two packs hold counts once.
            with suppress(PermissionError):
                self._place.delete(f"{FOLDER}/{id_}{ending}")

    def _names(self) -> dict[str, int]:
        try:
            return {each.name: each.size_bytes for each in self._listed.list()}
        except FileNotFoundError:
            return {}

    def _source(self, id_: str, ending: str) -> bytes | Path:
        name = f"{id_}{ending}"
        if isinstance(self._listed, FolderStore):
            return Path(self._listed.path(name))
        return self._listed.read(name)


def count_reasons(frames: pa.Table) -> dict[str, int]:
    """Count samples by reason."""
    found = frames["reason"].value_counts().to_pylist()
    return {str(each["values"]): each["counts"] for each in found}


def _write_group(writer: pq.ParquetWriter, rows: pa.Table) -> None:
    writer.write_table(rows, row_group_size=max(1, len(rows)))


def _index(rows: Sequence[tuple], videos: pa.Table) -> pa.Table:
    where = list(zip(*rows, strict=True))
    columns = [pa.array(values, field.type) for values, field in zip(where, _WHERE, strict=True)]
    return pa.table([*columns, *videos.columns], schema=_INDEX)
