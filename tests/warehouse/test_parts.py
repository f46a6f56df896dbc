"""The first gathering writes the rows in the order of the table, part by part."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

from tests.bigquery_ledger import A
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.ledger.packing import pack_ledgers
from vidset.tables.schemas import tables
from vidset.warehouse import parts
from vidset.warehouse.duckdb import open_duckdb, ordering, read
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.gather import gather_ledgers
from vidset.warehouse.parts import Placed, divide

EVENING = datetime(2026, 5, 1, 23, 59, tzinfo=UTC)
MORNING = datetime(2026, 5, 2, 0, 1, tzinfo=UTC)
# In the order of the tables: by day, then by the uri, and at last what has no day.
VIDEOS = (
    ("a.mp4", EVENING),
    ("c.mp4", EVENING.replace(hour=1)),
    ("Z.mp4", MORNING),
    ("b.mp4", MORNING.replace(hour=20)),
    ("é.mp4", MORNING),
    ("a2.mp4", None),
    ("d.mp4", None),
)


def extraction(uri, at):
    frames = tuple(replace(each, video_uri=uri, uploaded_at=at) for each in A.frames)
    video = replace(A.video, video_uri=uri, uploaded_at=at, samples=len(frames))
    return Extraction(video, frames)


@pytest.mark.parametrize("is_packed", [False, True])
@pytest.mark.parametrize("part_rows", [1, 2, 5, 1000])
def test_rows_are_in_the_order_of_the_table(part_rows, is_packed, tmp_path, monkeypatch):
    monkeypatch.setattr(parts, "_PART_ROWS", part_rows)
    out, warehouse = str(tmp_path / "out"), ParquetWarehouse(str(tmp_path / "warehouse"))
    open_ledger(out).commit([extraction(*each) for each in reversed(VIDEOS)])
    if is_packed:
        assert pack_ledgers(out, least=1) == len(VIDEOS)
    warehouse.prepare()
    assert gather_ledgers(warehouse, out) == len(VIDEOS)
    [path] = warehouse._files("frames").live
    found = pq.read_table(path).select(["video_uri", "uploaded_at"]).to_pylist()
    assert found == [{"video_uri": uri, "uploaded_at": at} for uri, at in VIDEOS for _ in A.frames]
    with open_duckdb() as connection:
        query = f"SELECT video_uri FROM {read([path])} {ordering(tables()['frames'])}"  # noqa: S608
        ordered = [uri for (uri,) in connection.execute(query).fetchall()]
    assert ordered == [row["video_uri"] for row in found]
    assert not list(warehouse.staging.iterdir())


def test_too_many_parts_are_none(monkeypatch):
    monkeypatch.setattr(parts, "_PART_ROWS", 10)
    videos = [Placed(str(each), date(2026, 5, 1), f"{each:04}", 10) for each in range(1000)]
    assert divide(videos) is None
    few = divide(videos[:3])
    assert few == {"0": 0, "1": 1, "2": 2}


def test_rows_of_one_place_are_in_one_part(monkeypatch):
    monkeypatch.setattr(parts, "_PART_ROWS", 10)
    same = [Placed(str(each), date(2026, 5, 1), "a", 10) for each in range(3)]
    other = Placed("other", date(2026, 5, 1), "b", 1)
    assert divide([other, *same]) == {"0": 0, "1": 0, "2": 0, "other": 1}
