"""A selection: the images that are labeled next, in order, with why. It is written once.

`PLACE/selections/<id>.parquet` has a row for each image. Its id is made of what it says and of what
it was made from, so that the same selection has the same name; the file's metadata keeps both.
"""

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from vidset.parquet import read_parquet
from vidset.storage.open import open_store
from vidset.storage.store import ObjectStore
from vidset.suggestions import unknown

FOLDER = "selections"
SCHEMA = pa.schema(
    [
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("image_id", pa.string(), nullable=False),
        pa.field("image_uri", pa.string(), nullable=False),
        pa.field("image_sha256", pa.string(), nullable=False),
        pa.field("video_uri", pa.string(), nullable=False),
        pa.field("strategy", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
    ]
)
_KEY = b"vidset.selection"
_BY = ("made_at", "actor")
_ENDING = ".parquet"
_ID_DIGITS = 12
_MEDIA_TYPE = "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """A selection as it is kept.

    Attributes:
        id: of its content and inputs, 12 hex digits.
        details: how it was made: `quotas`, `seed`, `budget`, `inputs` with their ids, and `counts`;
            and by whom and when, which the id does not depend on.
        table: of SCHEMA, in the order of rank, from 1.
    """

    id: str
    details: Mapping[str, Any]
    table: pa.Table

    @property
    def image_ids(self) -> list[str]:
        """Return the images' ids, the most wanted first."""
        return self.table["image_id"].to_pylist()


def make_selection(
    rows: Sequence[Mapping[str, Any]], made_from: Mapping[str, Any], by: Mapping[str, Any]
) -> Selection:
    """Make a selection of rows that have all columns but `rank`, the most wanted first.

    Args:
        made_from: what decides it; the id is made of this and of the rows.
        by: `actor` and `made_at`: who made it and when.
    """
    ranked = [{"rank": number, **row} for number, row in enumerate(rows, 1)]
    table = pa.Table.from_pylist(ranked, SCHEMA)
    return Selection(_id_of(table, made_from), {**made_from, **by}, table)


def write_selection(place: str, selection: Selection) -> str:
    """Write a selection, unless it is there; returns its uri."""
    said = {**selection.details, "id": selection.id}
    details = json.dumps(said, ensure_ascii=False, sort_keys=True)
    table = selection.table.replace_schema_metadata({_KEY: details.encode()})
    sink = io.BytesIO()
    pq.write_table(table, sink, compression="zstd", write_page_checksum=True)
    store = _store(place)
    name = f"{selection.id}{_ENDING}"
    store.put_once(name, sink.getvalue(), _MEDIA_TYPE)
    return store.uri(name)


def read_selection(place: str, named: str) -> Selection:
    """Read a selection by the beginning of its id, or by its file's path.

    Raises:
        ValueError: there is none such, or the file is no selection, or was changed.
    """
    if "/" in named or named.endswith(_ENDING):
        folder, _, name = named.rpartition("/")
        return _read(open_store(folder or "."), name)
    ids = selection_ids(place)
    found = [each for each in ids if each.startswith(named)] if named else []
    if len(found) > 1:
        raise ValueError(f"selection {named}: wanted one, got {', '.join(found)}")
    if not found:
        raise ValueError(unknown("selection", named, ids))
    return _read(_store(place), f"{found[0]}{_ENDING}")


def selection_ids(place: str) -> list[str]:
    """Return the ids of a place's selections, sorted."""
    try:
        names = [each.name for each in _store(place).list()]
    except FileNotFoundError:
        return []
    return sorted(name.removesuffix(_ENDING) for name in names if name.endswith(_ENDING))


def read_selections(place: str) -> list[Selection]:
    """Read all selections of a place, the oldest first.

    Raises:
        ValueError: a file is no selection, or was changed.
    """
    store = _store(place)
    found = [_read(store, f"{each}{_ENDING}") for each in selection_ids(place)]
    return sorted(found, key=lambda each: (str(each.details.get("made_at")), each.id))


def _store(place: str) -> ObjectStore:
    return open_store(f"{place}/{FOLDER}")


def _read(store: ObjectStore, name: str) -> Selection:
    uri = store.uri(name)
    try:
        table = read_parquet(store.read(name))
        details = json.loads((table.schema.metadata or {})[_KEY])
    except FileNotFoundError:
        raise ValueError(f"{uri}: there is no such selection") from None
    except (pa.ArrowException, KeyError, ValueError, RecursionError) as error:
        raise ValueError(f"{uri}: wanted a selection, it is none: {error}") from None
    plain = table.replace_schema_metadata(None)
    if plain.schema.names != SCHEMA.names or plain.schema.types != SCHEMA.types:
        raise ValueError(f"{uri}: wanted the columns {', '.join(SCHEMA.names)} of a selection")
    if not isinstance(details, dict):
        raise ValueError(f"{uri}: wanted details of a selection, got {type(details).__name__}")
    told = details.pop("id", None)
    made_from = {key: value for key, value in details.items() if key not in _BY}
    if (id_ := _id_of(plain, made_from)) != told:
        raise ValueError(f"{uri}: it was changed: its id is {told}, what it says has {id_}")
    return Selection(id_, details, plain)


def _id_of(table: pa.Table, made_from: Mapping[str, Any]) -> str:
    said = [table.to_pylist(), made_from]
    text = json.dumps(said, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_ID_DIGITS]
