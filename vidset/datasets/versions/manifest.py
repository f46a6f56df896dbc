"""The list that defines a dataset version, and the id that its content gives it."""

import hashlib
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vidset.datasets.errors import DatasetError
from vidset.datasets.rows import rows_with
from vidset.datasets.versions.entry import Entry
from vidset.datasets.versions.json_lines import json_lines
from vidset.datasets.versions.packed_masks import pack_masks, unpack_masks
from vidset.parquet import read_parquet

SCHEMA = pa.schema(
    [
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("image_uri", pa.string(), nullable=False),
        pa.field("image_format", pa.string(), nullable=False),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("label", pa.string()),
        pa.field("objects", pa.string()),
        pa.field("group", pa.string(), nullable=False),
        pa.field("split", pa.string(), nullable=False),
        pa.field("origin", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("parent", pa.string()),
        pa.field("made_by", pa.string()),
        pa.field("collector_id", pa.string()),
        pa.field("video_uri", pa.string()),
        pa.field("pts_seconds", pa.float64()),
        pa.field("rights", pa.string()),
    ]
)
# Columns that came later. Where they are null, they are neither in the file nor in the id: a
# version without them is what it was before there were any.
ADDED = frozenset({"rights"})
ORDER = [("image_sha256", "ascending"), ("image_uri", "ascending")]
ID_DIGITS = 32
_CHUNK_ROWS = 10_000
_FIELDS = [field.name for field in fields(Entry)]


def with_added(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return the table with those of the `names` that came later, if it is from before."""
    for name in names:
        if name in ADDED and name not in table.column_names:
            empty = pa.nulls(len(table), SCHEMA.field(name).type)
            table = table.append_column(SCHEMA.field(name), empty)
    return table


class Manifest:
    """Entries sorted by (image_sha256, image_uri), each pair once, as an Arrow table.

    Raises:
        DatasetError: two entries have the same image and uri.
    """

    def __init__(self, table: pa.Table):
        self.table = with_added(table, SCHEMA.names).cast(SCHEMA).sort_by(ORDER)
        self._refuse_repeats()

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> "Manifest":
        """Entries in any order."""
        batches, rows = [], []
        for entry in entries:
            rows.append({name: getattr(entry, name) for name in _FIELDS})
            if len(rows) == _CHUNK_ROWS:
                batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
                rows = []
        if rows:
            batches.append(pa.RecordBatch.from_pylist(rows, SCHEMA))
        return cls(pa.Table.from_batches(batches, SCHEMA))

    @classmethod
    def from_parquet(cls, data: bytes) -> "Manifest":
        """Read what `to_parquet` wrote.

        Raises:
            ValueError: it would take far more memory than a manifest of its size.
            pyarrow.ArrowException: it is no manifest.
        """
        return cls(unpack_masks(read_parquet(data)))

    def to_parquet(self) -> bytes:
        """The file. Its bytes may differ between Parquet versions; the id does not."""
        out = io.BytesIO()
        table = self.table
        empty = [name for name in sorted(ADDED) if table[name].null_count == len(table)]
        table = pack_masks(table.drop_columns(empty))
        pq.write_table(table, out, compression="zstd", row_group_size=_CHUNK_ROWS)
        return out.getvalue()

    @cached_property
    def id(self) -> str:
        """The first 32 hex digits of SHA-256 over the rows as JSON lines, keys and rows sorted.

        A key of a later column is only there where the row has a value.
        """
        digest = hashlib.sha256()
        for batch in self.table.to_batches(max_chunksize=_CHUNK_ROWS):
            digest.update(json_lines(batch, ADDED))
        return digest.hexdigest()[:ID_DIGITS]

    def __len__(self) -> int:
        return self.table.num_rows

    def __iter__(self) -> Iterator[Entry]:
        for columns in self._columns(_FIELDS):
            yield from map(Entry, *columns)

    def rows(self, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
        """Yield some columns of each entry, in a tenth of the time that entries take.

        What `Entry` checks of a hash and a format is not checked.
        """
        for columns in self._columns(names):
            yield from zip(*columns, strict=True)

    def _columns(self, names: Sequence[str]) -> Iterator[list[list[Any]]]:
        for batch in self.table.to_batches(max_chunksize=_CHUNK_ROWS):
            yield [batch.column(name).to_pylist() for name in names]

    def split(self, name: str) -> "Manifest":
        """The entries of one split, in order."""
        return Manifest(rows_with(self.table, "split", [name]))

    @property
    def splits(self) -> list[str]:
        """The names of its splits, sorted."""
        return sorted(self.table["split"].unique().to_pylist())

    @property
    def classes(self) -> list[str]:
        """The images' classes, sorted: a label's index in it is the model's output."""
        found = self.table["label"].unique().to_pylist()
        return sorted(label for label in found if label is not None)

    def _refuse_repeats(self) -> None:
        hashes, uris = self.table["image_sha256"], self.table["image_uri"]
        if len(hashes) < 2:
            return
        same = pc.call_function(
            "and",
            [
                pc.call_function("equal", [hashes.slice(1), hashes.slice(0, len(hashes) - 1)]),
                pc.call_function("equal", [uris.slice(1), uris.slice(0, len(uris) - 1)]),
            ],
        )
        place = same.index(True).as_py()
        if place >= 0:
            raise DatasetError(f"{uris[place].as_py()}: twice in the manifest, as the same image")
