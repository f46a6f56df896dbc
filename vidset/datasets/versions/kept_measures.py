"""The measures of images, each kept by the first version that has the image.

versions/<id>/measures.parquet has the rows that earlier versions do not keep, and its metadata name
these versions, so that a version with a few more images takes little room. Rows that only a small
file keeps are copied instead, so that the rows of a version stand in few files however long the
line of its ancestors is. Measures tell nothing that the images do not: where a version is gone, its
rows are measured again.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from vidset.datasets.images.measures import SCHEMA, measure
from vidset.datasets.rows import is_among, rows_with, rows_without
from vidset.datasets.versions.names import may_be_id
from vidset.parquet import parquet_schema, read_parquet
from vidset.regular_files import read_regular
from vidset.threads import in_order

FILE = "measures.parquet"
_KEY = "image_sha256"
_ELSEWHERE = b"vidset.elsewhere"
# The rows of so few images are kept whole: they take little room.
_FEW = 1000
# So many of the latest versions are looked at for one that has the same images.
_LATEST = 3
_AT_ONCE = 8
_ALL = tuple(SCHEMA.names)


def kept_measures(
    versions: Path,
    id_: str,
    path_of: Callable[[str, str], Path],
    columns: Sequence[str] = _ALL,
) -> pa.Table:
    """Return the rows of a version's images, by image_sha256; of another release's, its own rows.

    Args:
        path_of: tells where an image with this hash and format is.
        columns: those to read, image_sha256 among them. Another release's are read whole.

    Raises:
        OSError, ValueError: the version's files cannot be read, or an image that is to be measured.
    """
    path = versions / id_ / FILE
    schema = parquet_schema(path)[0]
    is_ours, elsewhere = schema.equals(SCHEMA), _elsewhere(schema)
    table = read_parquet(path, columns if is_ours else None).replace_schema_metadata(None)
    if not is_ours or not elsewhere:
        return table
    images = read_parquet(versions / id_ / "manifest.parquet", [_KEY, "image_format"])
    tables = [table]
    for other in elsewhere:
        images = _lacking(images, tables[-1])
        tables.append(rows_with(_own(versions, other, columns), _KEY, images[_KEY]))
    rows = {each[_KEY]: each for each in _lacking(images, tables[-1]).to_pylist()}
    again = in_order(lambda row: _measured(path_of(*row.values())), rows.values(), _AT_ONCE)
    tables.append(pa.Table.from_pylist(list(again), table.schema))
    return pa.concat_tables(tables).sort_by(_KEY).combine_chunks()


def _lacking(images: pa.Table, measures: pa.Table) -> pa.Table:
    return rows_without(images, _KEY, measures[_KEY])


def _measured(path: Path) -> dict[str, Any]:
    return asdict(measure(read_regular(path), str(path)))


def measures_file(
    versions: Path,
    measures: pa.Table,
    parents: Iterable[str],
    known: pa.ChunkedArray | None = None,
) -> bytes:
    """Return the file of a new version: what the version most like it does not tell already.

    Args:
        measures: of the version's images, by image_sha256.
        known: its other images, of which versions keep measures. Only those that the file has are
            read.
    """
    elsewhere: list[str] = []
    others = _joined([]) if known is None else known
    if len(measures) + len(others) > _FEW:
        hashes = _joined([measures[_KEY], others])
        if base := _most_alike(versions, hashes, parents):
            elsewhere = [base, *_elsewhere(parquet_schema(versions / base / FILE)[0])]
            kept = [_hashes(versions, each) for each in elsewhere]
            own = len(_without(hashes, _joined(kept)))
            while elsewhere and len(kept[0]) <= max(_FEW, 2 * own):
                own += len(kept[0])
                del elsewhere[0], kept[0]
            measures = rows_without(measures, _KEY, _joined(kept))
            others = _without(others, _joined(kept))
    if len(others):
        read = measures_among(versions, _newest_first(versions), others)
        measures = pa.concat_tables([measures, read]).sort_by(_KEY)
    told = {_ELSEWHERE: " ".join(elsewhere).encode()} if elsewhere else None
    sink = pa.BufferOutputStream()
    pq.write_table(measures.replace_schema_metadata(told), sink, compression="zstd")
    return sink.getvalue().to_pybytes()


def latest_measures(versions: Path, parents: Iterable[str] = ()) -> pa.Table:
    """Return what the latest versions, and these parents, tell of images; each image once."""
    ids = [each for id_ in _latest(versions, parents) for each in (id_, *_named(versions, id_))]
    return measures_among(versions, dict.fromkeys(ids))


def measured_images(versions: Path, hashes: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return those of these images that any version tells of; each once."""
    found = measures_among(versions, _newest_first(versions), hashes.unique(), [_KEY])
    return found[_KEY]


def measures_among(
    versions: Path,
    ids: Iterable[str],
    wanted: pa.ChunkedArray | pa.Array | None = None,
    columns: Sequence[str] = _ALL,
) -> pa.Table:
    """Return the rows that versions keep themselves, each image once.

    Args:
        wanted: the images that are looked for; None: all.
        columns: those to read, image_sha256 among them.
    """
    tables = [SCHEMA.empty_table().select(columns)]
    known = _joined([])
    for id_ in ids:
        if wanted is not None and not len(wanted := _without(wanted, known)):
            break
        table = rows_without(_own(versions, id_, columns), _KEY, known)
        if wanted is not None:
            table = rows_with(table, _KEY, wanted)
        tables.append(table)
        known = _joined([known, table[_KEY]])
    return pa.concat_tables(tables)


def _latest(versions: Path, parents: Iterable[str]) -> list[str]:
    """Some versions that a new one is likely to resemble, the likeliest first."""
    latest = _newest_first(versions)
    here = frozenset(latest)
    return list(dict.fromkeys([*(id_ for id_ in parents if id_ in here), *latest[:_LATEST]]))


def _newest_first(versions: Path) -> list[str]:
    found = [
        (path.stat().st_mtime_ns, path.parent.name)
        for path in versions.glob("*/version.json")
        if may_be_id(path.parent.name)
    ]
    return [id_ for _, id_ in sorted(found, reverse=True)]


def _named(versions: Path, id_: str) -> list[str]:
    try:
        return _elsewhere(parquet_schema(versions / id_ / FILE)[0])
    except (OSError, ValueError, pa.ArrowException):
        return []


def _most_alike(versions: Path, images: pa.ChunkedArray, parents: Iterable[str]) -> str | None:
    wanted = pc.SetLookupOptions(images)
    best, most = None, len(images) // 2
    for id_ in _latest(versions, parents):
        if _hashes(versions, id_):  # Else another release wrote it, or it is damaged.
            hashes = read_parquet(versions / id_ / "manifest.parquet", [_KEY])
            is_wanted = pc.call_function("is_in", [hashes[_KEY].unique()], wanted)
            if (number := pc.call_function("sum", [is_wanted]).as_py() or 0) > most:
                best, most = id_, number
    return best


def _hashes(versions: Path, id_: str) -> pa.ChunkedArray:
    """The images whose rows a version keeps itself, as `_own`."""
    return _own(versions, id_, [_KEY])[_KEY]


def _joined(columns: Iterable[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pa.chunked_array([chunk for each in columns for chunk in each.chunks], pa.string())


def _own(versions: Path, id_: str, columns: Sequence[str]) -> pa.Table:
    """The rows that a version keeps itself; none where it is gone or of another release."""
    path = versions / id_ / FILE
    try:
        if parquet_schema(path)[0].equals(SCHEMA):
            return read_parquet(path, columns).replace_schema_metadata(None)
    except (OSError, ValueError, pa.ArrowException):
        pass
    return SCHEMA.empty_table().select(columns)


def _elsewhere(schema: pa.Schema) -> list[str]:
    """Raises ValueError: the metadata name no versions."""
    found = (schema.metadata or {}).get(_ELSEWHERE, b"").decode(errors="replace").split()
    if not all(map(may_be_id, found)):
        raise ValueError(f"wanted ids of versions, got {found[:3]!r}")
    return found


def _without(hashes: pa.ChunkedArray, others: pa.ChunkedArray) -> pa.ChunkedArray:
    return hashes.filter(pc.call_function("invert", [is_among(hashes, others)]))
