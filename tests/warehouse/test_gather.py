import os
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.bigquery_ledger import FAILED, A, B, C
from tests.warehouse.test_folder import ask
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.storage.folder import FolderStore
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.gather import gather_ledgers


@pytest.fixture
def out(tmp_path):
    folder = str(tmp_path / "out")
    open_ledger(folder).commit([A, B])
    return folder


@pytest.fixture
def warehouse(tmp_path):
    warehouse = ParquetWarehouse(str(tmp_path / "warehouse"))
    warehouse.prepare()
    return warehouse


def found(warehouse) -> tuple[list[dict], list[dict]]:
    return (
        ask(warehouse, "SELECT * FROM frames ORDER BY video_uri, pts_seconds"),
        ask(warehouse, "SELECT * FROM videos ORDER BY video_uri"),
    )


def of(*extractions: Extraction) -> tuple[list[dict], list[dict]]:
    return (
        [frame.to_row() for each in extractions for frame in each.frames],
        [each.video.to_row() for each in extractions],
    )


def test_ledgers_become_tables(warehouse, out):
    open_ledger(out).commit([FAILED])
    assert gather_ledgers(warehouse, out) == 3
    assert found(warehouse) == of(A, B, FAILED)


def test_only_new_videos_are_read_again(warehouse, out, monkeypatch):
    gather_ledgers(warehouse, out)
    open_ledger(out).commit([C])
    read, names = FolderStore.read, []
    monkeypatch.setattr(
        FolderStore, "read", lambda store, name: names.append(name) or read(store, name)
    )
    assert gather_ledgers(warehouse, out) == 1
    assert names == [f"{C.key}.parquet"] * 2
    assert found(warehouse) == of(A, B, C)
    assert gather_ledgers(warehouse, out) == 0


def test_a_ledger_that_was_changed_in_place_is_read_again_even_with_its_time_set_back(
    warehouse, out
):
    gather_ledgers(warehouse, out)
    path = os.path.join(out, "videos", f"{A.key}.parquet")
    status = os.stat(path)
    with open(path, "r+b") as file:
        file.write(b"XXXX")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert gather_ledgers(warehouse, out) == 1


def test_a_video_that_was_extracted_anew_replaces_its_rows(warehouse, out):
    gather_ledgers(warehouse, out)
    anew = Extraction(replace(B.video, settings_id="other", samples=1), (replace(B.frames[0]),))
    open_ledger(out).commit([anew])
    assert gather_ledgers(warehouse, out) == 1
    assert found(warehouse) == of(A, anew)


def test_a_video_whose_ledger_is_gone_leaves_the_tables(warehouse, out):
    gather_ledgers(warehouse, out)
    for table in "frames", "videos":
        os.unlink(os.path.join(out, table, f"{A.key}.parquet"))
    assert gather_ledgers(warehouse, out) == 1
    assert found(warehouse) == of(B)
    for table in "frames", "videos":
        os.unlink(os.path.join(out, table, f"{B.key}.parquet"))
    assert gather_ledgers(warehouse, out) == 1
    assert found(warehouse) == of()


def test_an_interrupted_gathering_is_done_again(warehouse, out):
    gather_ledgers(warehouse, out)
    open_ledger(out).commit([C])
    os.unlink(warehouse.folder / "ledger_files.parquet")
    assert gather_ledgers(warehouse, out) == 3
    assert found(warehouse) == of(A, B, C)


def test_ledgers_of_older_releases_lack_columns(warehouse, out):
    for table, last in ("frames", "kept_at"), ("videos", "uploaded_at"):
        path = os.path.join(out, table, f"{A.key}.parquet")
        rows = pq.read_table(path)
        names = rows.schema.names
        pq.write_table(rows.select(names[: names.index(last)]), path)
    gather_ledgers(warehouse, out)
    frames, videos = found(warehouse)
    assert [row["kept_at"] for row in frames] == [None, None, None, None]
    assert [row["uploaded_at"] for row in videos] == [None, None]


def test_a_damaged_ledger_is_named(warehouse, out):
    path = os.path.join(out, "videos", f"{A.key}.parquet")
    with open(path, "wb") as file:
        file.write(b"no parquet")
    with pytest.raises(ValueError, match=f"{A.key}"):
        gather_ledgers(warehouse, out)
    assert found(warehouse) == of()


@pytest.mark.emulator
def test_ledgers_in_a_bucket_are_gathered_too(warehouse, gcs):
    gcs.client().create_bucket("ledgers")
    open_ledger("gs://ledgers/out").commit([A, B])
    assert gather_ledgers(warehouse, "gs://ledgers/out") == 2
    assert gather_ledgers(warehouse, "gs://ledgers/out") == 0
    assert found(warehouse) == of(A, B)


def test_columns_of_other_programs_are_left_out(warehouse, out):
    path = os.path.join(out, "videos", f"{A.key}.parquet")
    rows = pq.read_table(path)
    pq.write_table(rows.append_column("note", pa.array(["x"])), path)
    gather_ledgers(warehouse, out)
    assert found(warehouse) == of(A, B)
