"""The privacy gate of a place: whether images are sent and shown only as blurred copies.

`PLACE/privacy.json` turns it on, and says what is blurred by which detectors. A copy has the name
of its original, below `PLACE/blurred/` instead of `PLACE/images/`, and the original's id, size and
coordinates. `PLACE/blurs/*.parquet` has a row for each image that was checked: without one by the
gate's own detectors, an image is neither sent nor shown.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.json_files import parse_json
from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore

FILE, ORIGINALS, COPIES, RECORDS = "privacy.json", "images", "blurred", "blurs"
METHODS = ("mosaic", "solid")
_FORMAT = 1
_WHAT = "what is blurred in this place"
_PARQUET = "application/vnd.apache.parquet"
_VALUES = 5
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
class Gate:
    """The rules of a place's copies.

    Attributes:
        detectors: their ids, which name model and version by content.
        method: one of METHODS.
    """

    detectors: tuple[str, ...]
    method: str = METHODS[0]

    def __post_init__(self) -> None:
        if not self.detectors:
            raise ValueError("wanted at least one detector, got none")
        if self.method not in METHODS:
            raise ValueError(f"wanted one of {', '.join(METHODS)}, got {self.method!r}")

    @property
    def id(self) -> str:
        """32 hex digits: equal for gates that make equal copies."""
        told = json.dumps([list(self.detectors), self.method])
        return hashlib.sha256(told.encode()).hexdigest()[:32]


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


def read_gate(place: str) -> Gate | None:
    """Read a place's gate; None where there is none.

    Raises:
        ValueError: the file is damaged: nothing may be sent then.
    """
    store = open_store(place)
    try:
        data = store.read(FILE)
    except (FileNotFoundError, NotADirectoryError):
        return None
    name = store.uri(FILE)
    read = parse_json(data, name, _WHAT)
    try:
        if read["format"] != _FORMAT:
            raise ValueError(f"{name}: wanted format {_FORMAT}, got {read['format']!r}")
        detectors = tuple(read["detectors"])
        if not all(isinstance(each, str) for each in detectors):
            raise TypeError
        return Gate(detectors, read["method"])
    except (KeyError, TypeError):
        raise ValueError(f"{name} is damaged: wanted {_WHAT}") from None


def write_gate(place: str, gate: Gate) -> None:
    """Turn a place's gate on, or change it: copies by other rules do not count any more.

    Their records go first. A gate that is taken up again later would find them, and take copies
    that other rules have made since for its own.
    """
    records = open_store(f"{place}/{RECORDS}")
    for name in _names_of(records):
        records.delete(name)
    told = {"format": _FORMAT, "detectors": list(gate.detectors), "method": gate.method}
    text = json.dumps(told, indent=2) + "\n"
    open_store(place).put(FILE, text.encode(), "application/json")


def images_root(place: str, gate: Gate | None) -> str:
    """Return what the uris of the images that may be sent and shown begin with."""
    return f"{place}/{COPIES if gate else ORIGINALS}"


def read_checked(place: str, gate: Gate) -> dict[tuple[str, str], Checked]:
    """Read which images the gate's detectors have checked, by image id and the original's SHA-256.

    An image that was extracted anew with other bytes has a record of its own.

    Raises:
        ValueError: a file of records is damaged.
    """
    store = open_store(f"{place}/{RECORDS}")
    found: dict[tuple[str, str], Checked] = {}
    for name in _names_of(store):
        try:
            table = read_parquet(store.read(name))
        except pa.ArrowInvalid as error:
            raise ValueError(f"{store.uri(name)}: wanted records of blurring: {error}") from None
        if table.schema.names != _SCHEMA.names or table.schema.types != _SCHEMA.types:
            raise ValueError(
                f"{store.uri(name)}: wanted the columns {', '.join(_SCHEMA.names)} of records of "
                f"blurring, got {', '.join(table.schema.names)}"
            )
        for row in table.to_pylist():
            if row.pop("gate_id") == gate.id:
                found[row["image_id"], row["image_sha256"]] = _checked(row)
    return found


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
    sink = io.BytesIO()
    table = pa.Table.from_pylist(rows, schema=_SCHEMA)
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    told = [(row["image_id"], row["image_sha256"], row["copy_sha256"], gate.id) for row in rows]
    name = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]
    open_store(f"{place}/{RECORDS}").put_once(f"{name}.parquet", sink.getvalue(), _PARQUET)


def _names_of(records: ObjectStore) -> list[str]:
    try:
        return [each.name for each in records.list() if each.name.endswith(".parquet")]
    except FileNotFoundError:
        return []


def _checked(row: Mapping[str, Any]) -> Checked:
    values = row["boxes"]
    boxes = tuple(
        tuple(values[start : start + _VALUES]) for start in range(0, len(values), _VALUES)
    )
    hashes = str(row["image_sha256"]), str(row["copy_sha256"])
    return Checked(str(row["image_id"]), *hashes, boxes)
