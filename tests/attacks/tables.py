"""Parquet and SQLite files that are small as files and large, or alive, once they are read."""

# ruff: noqa: S608 (the SQL is the attack)
import io
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.attacks.special import SPECIAL, Attack, written
from vidset.datasets.versions.manifest import SCHEMA as MANIFEST
from vidset.ledger.ledger import FRAMES, VIDEOS
from vidset.training.scoring.predictions import SCHEMA as PREDICTIONS

# Every column that any reader asks for, so that none refuses the file before it reads.
_COLUMNS = {
    field.name: field.type for schema in (PREDICTIONS, MANIFEST, VIDEOS, FRAMES) for field in schema
}
_COLUMNS |= {name: pa.string() for name in ("key", "stamp", "source", "table_name", "sha256")}


def _table(rows: int, text: str, only: str | None = None) -> bytes:
    """Every column, each with one value that stands for all rows."""
    columns = {}
    for name, kind in _COLUMNS.items():
        if kind == pa.string():
            given = text if only in (None, name) else "x"
            one = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int32()), rows), [given])
        elif pa.types.is_list(kind):
            one = pa.nulls(rows, kind)
        else:
            one = pa.repeat(pa.scalar(1).cast(pa.int64()).cast(kind), rows)
        columns[name] = one
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, store_schema=False, compression="zstd")
    return sink.getvalue()


def _lying() -> bytes:
    """Its counts say some kilobytes, and a page unpacks to a gigabyte."""
    sink = io.BytesIO()
    zeros = pa.array([bytes(1_000_000_000)]).view(pa.string())
    one = {
        name: zeros if name == "image_uri" else pa.nulls(1, kind) for name, kind in _COLUMNS.items()
    }
    pq.write_table(
        pa.table(one),
        sink,
        compression="zstd",
        use_dictionary=False,
        store_schema=False,
        # The least and the largest of one long text took twenty seconds to find.
        write_statistics=False,
    )
    data = sink.getvalue()
    with pq.ParquetFile(io.BytesIO(data)) as file:
        group = file.metadata.row_group(0)
        totals = [group.total_byte_size]
        totals += [group.column(n).total_uncompressed_size for n in range(group.num_columns)]
    for total in totals:
        if total > 1_000_000:
            data = data.replace(_varint(total), _varint(1000, len(_varint(total))))
    return data


def _varint(number: int, length: int = 0) -> bytes:
    """A number as Thrift writes it, in as many bytes."""
    left, parts = number << 1, []
    while left >= 0x80 or len(parts) + 1 < length:
        parts.append(left & 0x7F | 0x80)
        left >>= 7
    return bytes([*parts, left])


def _wide() -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({f"c{n}": [1] for n in range(20_000)}), sink, store_schema=False)
    return sink.getvalue()


def _deep() -> bytes:
    kind = pa.int32()
    for _ in range(200):
        kind = pa.struct([("a", kind)])
    sink = io.BytesIO()
    pq.write_table(pa.table({"image_id": pa.nulls(1, kind)}), sink, store_schema=False)
    return sink.getvalue()


@cache
def _made(make: Callable[[], bytes]) -> bytes:
    return make()


def _rows() -> bytes:
    return _table(4_000_000, "")


def _few_rows() -> bytes:
    return _table(400_000, "x")


def _equal_texts() -> bytes:
    return _table(4_700, "x" * 1_000_000, "image_uri")


def _long_text() -> bytes:
    return _table(256, "x" * 60_000_000, "video_uri")


PARQUET: Mapping[str, Attack] = {
    "equal texts": written(lambda: _made(_equal_texts)),
    "one long text": written(lambda: _made(_long_text)),
    "4 million rows": written(lambda: _made(_rows)),
    "400,000 rows": written(lambda: _made(_few_rows)),
    "counts that lie": written(lambda: _made(_lying)),
    "20,000 columns": written(lambda: _made(_wide)),
    "deep columns": written(lambda: _made(_deep)),
    "no rows": written(lambda: _table(0, "")),
    "cut": written(lambda: _table(3, "x")[:-9]),
    **SPECIAL,
}


def _store(*statements: str) -> Attack:
    """The broker's store, changed by a stranger."""

    def make(path: Path) -> None:
        from vidset.labeling.stores.sqlite import SqliteStore

        SqliteStore(path).close()
        with closing(sqlite3.connect(path)) as database:
            for statement in statements:
                database.executescript(statement)
            database.commit()
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    return make


_ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
_LARGE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000) "


def _views(select: str) -> str:
    return "".join(
        f"DROP TABLE {name}; CREATE VIEW {name} AS {select};" for name in ("tasks", "annotations")
    )


# The broker's indexes look into the documents.
_WITHOUT_INDEXES = (
    "PRAGMA writable_schema = 1;"
    "DELETE FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL;"
    "PRAGMA writable_schema = RESET;"
)

SQLITE: Mapping[str, Attack] = {
    "a view without end": _store(
        _views(_ENDLESS + "SELECT printf('%d', i) AS id, '{}' AS document, 1 AS version FROM n")
    ),
    "a view of gigabytes": _store(
        _views(_LARGE + "SELECT i AS id, hex(zeroblob(900000)) AS document, 1 AS version FROM n")
    ),
    "a huge document": _store(
        "INSERT INTO tasks VALUES ('a', '{\"state\": \"' || "
        "replace(hex(zeroblob(4000000)), '0', 'a') || '\"}', 1);"
    ),
    "a trigger without end": _store(
        f"CREATE TRIGGER t AFTER INSERT ON tasks BEGIN {_ENDLESS} SELECT max(i) FROM n; END;",
        f"CREATE TRIGGER a AFTER INSERT ON annotations BEGIN {_ENDLESS} SELECT max(i) FROM n; END;",
        f"CREATE TRIGGER u AFTER UPDATE ON tasks BEGIN {_ENDLESS} SELECT max(i) FROM n; END;",
    ),
    "documents that are none": _store(
        _WITHOUT_INDEXES,
        "INSERT INTO tasks VALUES ('a', '[]', 1), ('b', '{', 1), ('c', 7, 1), ('d', x'00', 1);",
        "INSERT INTO annotations VALUES ('a', '[]', 1), ('b', '{', 1), ('c', 7, 1);",
    ),
    "deep documents": _store(
        _WITHOUT_INDEXES,
        "INSERT INTO annotations VALUES ('a', replace(hex(zeroblob(900000)), '0', '['), 1);",
    ),
    "another program's": lambda path: (
        closing(sqlite3.connect(path)).__enter__().execute("CREATE TABLE tasks (id, document)")
    ),
    "noise behind the header": written(lambda: b"SQLite format 3\0" + bytes(range(256)) * 900),
    **SPECIAL,
}
