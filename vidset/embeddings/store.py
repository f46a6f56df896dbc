"""The vectors of a place's images, by the images' hashes.

`PLACE/embeddings/<embedder's id>/<part>.parquet` holds some images' hashes and vectors, as float16.
A part is named by the hashes in it and written once. Several processes may write; an image that is
in several parts has the same vector in each.
"""

import hashlib
import io
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vidset.parquet import read_parquet
from vidset.storage.open import open_store

FOLDER = "embeddings"
_PARQUET = "application/vnd.apache.parquet"
_ENDING = ".parquet"
_HASH = pc.MatchSubstringOptions("^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True, eq=False)
class Embeddings:
    """Vectors of images.

    Attributes:
        hashes: the SHA-256 of each image, as hex.
        vectors: (n, dimensions) float16, a row for each hash, of length 1 up to rounding.
    """

    hashes: Sequence[str]
    vectors: np.ndarray

    def __post_init__(self) -> None:
        if self.vectors.ndim != 2 or len(self.vectors) != len(self.hashes):
            raise ValueError(
                f"wanted a vector for each of {len(self.hashes)} images, got an array of shape "
                f"{self.vectors.shape}"
            )

    def __len__(self) -> int:
        return len(self.hashes)


class EmbeddingStore:
    """The vectors that one embedder made in a place: a folder, gs:// or s3://."""

    def __init__(self, place: str, embedder_id: str, dimensions: int):
        self._store = open_store(f"{place}/{FOLDER}/{embedder_id}")
        self._dimensions = dimensions
        self._schema = pa.schema(
            [
                pa.field("image_sha256", pa.string(), nullable=False),
                pa.field(
                    "embedding",
                    pa.list_(pa.field("item", pa.float16(), nullable=False), dimensions),
                    nullable=False,
                ),
            ]
        )

    def parts(self) -> list[str]:
        """Return the names of the parts, in order."""
        try:
            return [each.name for each in self._store.list() if each.name.endswith(_ENDING)]
        except FileNotFoundError:
            return []

    def known(self) -> set[str]:
        """Return the hashes of all images that have a vector.

        Raises:
            ValueError: a part is damaged, or none of this embedder's.
        """
        found: set[str] = set()
        for part in self.parts():
            found.update(self._table(part, ["image_sha256"])["image_sha256"].to_pylist())
        return found

    def each(self, parts: Collection[str] = ()) -> Iterator[tuple[str, Embeddings]]:
        """Yield each part's name and vectors, without those of the parts that are named.

        Raises:
            ValueError: a part is damaged, or none of this embedder's.
        """
        for part in self.parts():
            if part not in parts:
                table = self._table(part, self._schema.names)
                column = table["embedding"].combine_chunks()
                values = column.values.to_numpy(zero_copy_only=False)
                start = column.offset * self._dimensions
                values = values[start : start + len(column) * self._dimensions]
                vectors = values.reshape(-1, self._dimensions)
                hashes = table["image_sha256"].to_pylist()
                _check_finite(hashes, vectors, f"{self._store.uri(part)}: ")
                yield part, Embeddings(hashes, vectors)

    def read(self, wanted: Collection[str] | None = None) -> Embeddings:
        """Read the vectors of some images, or of all, each image once, in the order of the parts.

        Images without a vector are left out: compare `hashes` with what was wanted.

        Raises:
            ValueError: a part is damaged, or none of this embedder's.
        """
        chosen = None if wanted is None else set(wanted)
        seen: set[str] = set()
        hashes: list[str] = []
        vectors: list[np.ndarray] = []
        for _, part in self.each():
            rows = []
            for row, each in enumerate(part.hashes):
                if each not in seen and (chosen is None or each in chosen):
                    seen.add(each)
                    hashes.append(each)
                    rows.append(row)
            if rows:
                vectors.append(part.vectors[rows])
        empty = np.empty((0, self._dimensions), np.float16)
        return Embeddings(hashes, np.concatenate(vectors) if vectors else empty)

    def write(self, embeddings: Embeddings) -> str:
        """Write a part, unless it is there; returns its name."""
        order = sorted(range(len(embeddings)), key=lambda row: embeddings.hashes[row])
        hashes = [embeddings.hashes[row] for row in order]
        values = np.ascontiguousarray(embeddings.vectors[order], np.float16)
        _check_finite(hashes, values)
        column = pa.FixedSizeListArray.from_arrays(
            pa.array(values.reshape(-1), pa.float16()), type=self._schema.field("embedding").type
        )
        table = pa.table([pa.array(hashes, pa.string()), column], schema=self._schema)
        sink = io.BytesIO()
        pq.write_table(
            table, sink, compression="zstd", use_dictionary=False, write_page_checksum=True
        )
        name = hashlib.sha256("\n".join(hashes).encode()).hexdigest()[:32] + _ENDING
        self._store.put_once(name, sink.getvalue(), _PARQUET)
        return name

    def _table(self, part: str, columns: Sequence[str]) -> pa.Table:
        uri = self._store.uri(part)
        try:
            table = read_parquet(self._store.read(part), columns)
        except pa.ArrowInvalid as error:
            raise ValueError(
                f"{uri}: wanted a part of embeddings, it is damaged: {error}"
            ) from None
        wanted = pa.schema([self._schema.field(each) for each in columns])
        if table.schema.names != wanted.names or table.schema.types != wanted.types:
            got = ", ".join(f"{field.name} {field.type}" for field in table.schema)
            told = ", ".join(f"{field.name} {field.type}" for field in wanted)
            raise ValueError(f"{uri}: wanted the columns {told}, got {got or 'none of them'}")
        # A place may come from others, and a hash becomes bytes of a length that is relied upon.
        hashes = table["image_sha256"]
        good = hashes.filter(pc.call_function("match_substring_regex", [hashes], _HASH))
        if len(good) < len(hashes):
            known = set(good.to_pylist())
            bad = next(each for each in hashes.to_pylist() if each not in known)
            raise ValueError(f"{uri}: wanted a SHA-256 in 64 hex digits, got {str(bad)[:100]!r}")
        return table


def _check_finite(hashes: Sequence[str], vectors: np.ndarray, place: str = "") -> None:
    """Raises ValueError: a vector is not of numbers, which nothing could be compared with."""
    is_finite = np.isfinite(vectors).all(axis=1)
    if not is_finite.all():
        bad = hashes[int(np.flatnonzero(~is_finite)[0])]
        raise ValueError(
            f"{place}image {bad}: wanted a vector of numbers, got one that is not finite"
        )
