"""The blurred copies of a place with a privacy gate, and what was checked.

A copy has the name of its original, below `PLACE/blurred/` instead of `PLACE/images/`, and the
original's id, size and coordinates. `PLACE/blurs/*.parquet` has a row for each image that was
checked: without one by the gate's own detectors, an image is neither sent nor shown. Where copies
are in a place of their own (see `vidset.gate`), a copy there has the name that its original has in
PLACE, and the records are in `blurs/` there.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.gate import COPIES, ORIGINALS, RECORDS, Gate, check_copies_place, put_gate
from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.threads import in_order

_COPY, _ENDING = ".jpg", ".parquet"
_PARQUET = "application/vnd.apache.parquet"
_VALUES = 5
_MOST_FILES, _TRIES = 64, 5
_SCHEMA = pa.schema(
    [
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("copy_sha256", pa.string(), nullable=False),
        pa.field("gate_id", pa.string(), nullable=False),
        # x, y, width, height in pixels and the score of each box, one after the other.
        pa.field("boxes", pa.list_(pa.field("item", pa.float32(), nullable=False)), nullable=False),
    ]
)


@dataclass(frozen=True, slots=True)
class Checked:
    """An image that was checked, and the copy of it.

    Attributes:
        image_sha256, copy_sha256: of the original's and of the copy's bytes; equal where nothing
            was found.
        boxes: (x, y, width, height, score) of what was blurred, in pixels.
    """

    image_id: str
    image_sha256: str
    copy_sha256: str
    boxes: tuple[tuple[float, ...], ...] = ()


def write_gate(place: str, gate: Gate) -> None:
    """Turn a place's gate on, or change it: copies by other rules do not count any more.

    Their records go first. A gate that is taken up again later would find them, and take copies
    that other rules have made since for its own. In a place of their own, the copies go as well:
    who reads them there takes each one for checked.

    Raises:
        ValueError: the copies cannot be where the gate says.
    """
    if gate.copies is not None:
        check_copies_place(place, gate.copies)
        store = open_store(gate.copies)
        names = (each.name for each in store.list() if each.name.endswith(_COPY))
        for _ in in_order(store.delete, names, store.parallel_writes):
            pass
    records = open_store(records_root(place, gate))
    for name in _names_of(records):
        records.delete(name)
    put_gate(place, gate)


def images_root(place: str, gate: Gate | None) -> str:
    """Return what the uris of the images that may be sent and shown begin with."""
    if gate is None:
        return f"{place}/{ORIGINALS}"
    return f"{place}/{COPIES}" if gate.copies is None else f"{gate.copies}/{ORIGINALS}"


def records_root(place: str, gate: Gate) -> str:
    """Return the folder or prefix of the records of what was checked."""
    return f"{gate.copies or place}/{RECORDS}"


def read_checked(place: str, gate: Gate) -> dict[tuple[str, str], Checked]:
    """Read which images the gate's detectors have checked, by image id and the original's SHA-256.

    An image that was extracted anew with other bytes has a record of its own.

    Raises:
        ValueError: a file of records is damaged.
    """
    store = open_store(records_root(place, gate))
    for _ in range(_TRIES):
        try:
            rows = (row for table in _tables(store, _names_of(store)) for row in table.to_pylist())
            return {
                (row["image_id"], row["image_sha256"]): _checked(row)
                for row in rows
                if row.pop("gate_id") == gate.id
            }
        except FileNotFoundError:
            continue  # Somebody has put records together meanwhile.
    raise ValueError(f"{store.uri('')}: its records of blurring change all the time")


def join_records(place: str, gate: Gate) -> None:
    """Put the records into one file if there are many: each timer's run leaves one or more.

    The one is there before the others go. Whoever reads meanwhile begins again.

    Raises:
        ValueError: a file of records is damaged.
    """
    store = open_store(records_root(place, gate))
    names = _names_of(store)
    if len(names) <= _MOST_FILES:
        return
    try:
        table = pa.concat_tables(_tables(store, names))
    except FileNotFoundError:
        return  # Somebody else is at it.
    joined = hashlib.sha256("\n".join(names).encode()).hexdigest()[:32]
    store.put(f"{joined}{_ENDING}", _file_of(table), _PARQUET)
    for name in names:
        store.delete(name)


def write_checked(place: str, gate: Gate, checked: Sequence[Checked]) -> None:
    """Record images whose copies are stored. Writing the same again changes nothing."""
    rows = [
        {
            "image_id": each.image_id,
            "image_sha256": each.image_sha256,
            "copy_sha256": each.copy_sha256,
            "gate_id": gate.id,
            "boxes": [value for box in each.boxes for value in box],
        }
        for each in sorted(checked, key=lambda one: one.image_id)
    ]
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    told = [(row["image_id"], row["image_sha256"], row["copy_sha256"], gate.id) for row in rows]
    name = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
    open_store(records_root(place, gate)).put_once(f"{name}{_ENDING}", _file_of(table), _PARQUET)


def _tables(store: ObjectStore, names: Iterable[str]) -> Iterator[pa.Table]:
    """Yield the records of each file. Raises FileNotFoundError where one is gone."""
    for name, data in in_order(lambda name: (name, store.read(name)), names, store.parallel_writes):
        try:
            table = read_parquet(data)
        except pa.ArrowInvalid as error:
            raise ValueError(f"{store.uri(name)}: wanted records of blurring: {error}") from None
        if table.schema.names != _SCHEMA.names or table.schema.types != _SCHEMA.types:
            raise ValueError(
                f"{store.uri(name)}: wanted the columns {', '.join(_SCHEMA.names)} of records of "
                f"blurring, got {', '.join(table.schema.names)}"
            )
        yield table.replace_schema_metadata(None)


def _file_of(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    return sink.getvalue()


def _names_of(records: ObjectStore) -> list[str]:
    try:
        return [each.name for each in records.list() if each.name.endswith(_ENDING)]
    except FileNotFoundError:
        return []


def _checked(row: Mapping[str, Any]) -> Checked:
    values = row["boxes"]
    boxes = tuple(
        tuple(values[start : start + _VALUES]) for start in range(0, len(values), _VALUES)
    )
    hashes = str(row["image_sha256"]), str(row["copy_sha256"])
    return Checked(str(row["image_id"]), *hashes, boxes)
