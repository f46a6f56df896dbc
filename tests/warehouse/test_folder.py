import json
import threading
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.documents.labels import NOON, annotation, id_of, task
from vidset.documents.rows import annotation_row, task_row
from vidset.tables import schemas as tables_module
from vidset.tables.schemas import schema_folder, tables
from vidset.warehouse.duckdb import make_views, open_duckdb
from vidset.warehouse.export import Export
from vidset.warehouse.files import find_files
from vidset.warehouse.folder import ParquetWarehouse


@pytest.fixture
def warehouse(tmp_path):
    warehouse = ParquetWarehouse(str(tmp_path / "it's {a} warehouse"))
    warehouse.prepare()
    return warehouse


def rows(*documents):
    return [annotation_row(document["image_id"], document) for document in documents]


def merge(warehouse, *documents) -> int:
    return warehouse.merge("annotations", warehouse.stage("annotations", rows(*documents)))


def ask(warehouse, query: str) -> list[dict]:
    with open_duckdb() as connection:
        make_views(connection, warehouse.folder)
        return connection.execute(query).to_arrow_table().to_pylist()


def revisions(warehouse) -> dict[str, int]:
    found = ask(warehouse, "SELECT image_id, revision FROM annotations")
    assert len(found) == len({row["image_id"] for row in found})
    return {row["image_id"]: row["revision"] for row in found}


def files(warehouse, table: str = "annotations") -> list[str]:
    return [path.name for path in find_files(warehouse.folder / table).live]


def test_rows_come_back_as_they_were(warehouse):
    [row] = rows(annotation(1))
    assert merge(warehouse, annotation(1)) == 1
    assert ask(warehouse, "SELECT * FROM annotations") == [row]
    one = task_row(id_of(1), task(1))
    assert warehouse.merge("tasks", warehouse.stage("tasks", [one])) == 1
    assert ask(warehouse, "SELECT * FROM tasks") == [one]


def test_the_tables_have_the_columns_of_their_schemas(warehouse):
    for table in tables().values():
        found = ask(warehouse, f"DESCRIBE {table.name}")
        assert [row["column_name"] for row in found] == table.names


def test_of_a_key_the_newest_row_holds(warehouse):
    merge(warehouse, annotation(1, revision=2), annotation(2, revision=2), annotation(3))
    later = NOON + timedelta(seconds=1)
    assert (
        merge(
            warehouse,
            annotation(1, revision=3),
            annotation(2, revision=1, written_at=later),
            annotation(3, written_at=later),
            annotation(4),
        )
        == 3
    )
    assert revisions(warehouse) == {id_of(1): 3, id_of(2): 2, id_of(3): 1, id_of(4): 1}
    query = f"SELECT written_at FROM annotations WHERE image_id = '{id_of(3)}'"  # noqa: S608
    assert ask(warehouse, query) == [{"written_at": later}]


def test_of_staged_rows_of_one_key_the_newest_is_taken_in_any_order(warehouse):
    staged = [
        *warehouse.stage("annotations", rows(annotation(1, revision=2))),
        *warehouse.stage("annotations", rows(annotation(1, revision=3), annotation(1, revision=1))),
    ]
    assert warehouse.merge("annotations", staged) == 1
    assert revisions(warehouse) == {id_of(1): 3}


def test_the_same_rows_again_write_nothing(warehouse):
    merge(warehouse, annotation(1), annotation(2))
    before = files(warehouse)
    assert merge(warehouse, annotation(1), annotation(2)) == 0
    assert files(warehouse) == before


def test_a_change_is_a_small_file_of_its_own(warehouse):
    merge(warehouse, *(annotation(number) for number in range(100)))
    assert files(warehouse) == ["00000001-base.parquet"]
    merge(warehouse, annotation(5, revision=2))
    assert files(warehouse) == ["00000001-base.parquet", "00000002-delta.parquet"]
    path = warehouse.folder / "annotations" / "00000002-delta.parquet"
    assert pq.read_metadata(path).num_rows == 1


def test_many_changes_become_a_new_base(warehouse):
    merge(warehouse, *(annotation(number) for number in range(100)))
    for revision in range(2, 20):
        assert merge(warehouse, annotation(5, revision=revision), annotation(200 + revision)) == 2
        assert len(files(warehouse)) <= 13
    assert "base" in files(warehouse)[0]
    assert files(warehouse)[0] != "00000001-base.parquet"
    found = revisions(warehouse)
    assert (len(found), found[id_of(5)]) == (118, 19)
    warehouse.prepare()
    on_disk = sorted(path.name for path in (warehouse.folder / "annotations").iterdir())
    assert on_disk == files(warehouse)


def test_large_changes_become_a_new_base(warehouse):
    merge(warehouse, *(annotation(number) for number in range(10)))
    merge(warehouse, *(annotation(number, revision=2) for number in range(5, 15)))
    assert files(warehouse) == ["00000003-base.parquet"]
    assert revisions(warehouse) == {
        **{id_of(number): 1 for number in range(5)},
        **{id_of(number): 2 for number in range(5, 15)},
    }


def test_files_that_a_newer_base_stands_for_do_not_count(warehouse):
    """As when the process is killed before it removes them."""
    merge(warehouse, annotation(1), annotation(2))
    old = warehouse.folder / "annotations" / "00000001-base.parquet"
    saved = old.read_bytes()
    merge(warehouse, annotation(1, revision=2), annotation(2, revision=2))
    warehouse.prepare()
    assert not old.exists()
    old.write_bytes(saved)
    assert revisions(warehouse) == {id_of(1): 2, id_of(2): 2}


def test_merges_wait_for_each_other(tmp_path):
    first = ParquetWarehouse(str(tmp_path / "w"))
    first.prepare()

    def work(start: int) -> None:
        other = ParquetWarehouse(str(tmp_path / "w"))
        for number in range(start, start + 10):
            merge(other, annotation(number), annotation(1000, revision=number + 1))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revisions(first) == {**{id_of(n): 1 for n in range(30)}, id_of(1000): 30}


def test_the_watermark_is_of_the_source_and_the_table(warehouse):
    for source, table, hours in (("a", "tasks", 1), ("a", "tasks", 3), ("b", "tasks", 5)):
        started = NOON + timedelta(hours=hours)
        warehouse.remember(Export(source, table, started, 1, 1, 0))
    assert warehouse.watermark("a", "tasks") == NOON + timedelta(hours=3)
    assert warehouse.watermark("b", "tasks") == NOON + timedelta(hours=5)
    assert warehouse.watermark("a", "annotations") is None
    assert len(ask(warehouse, "SELECT * FROM exports")) == 3


def test_what_was_staged_is_gone_after_the_merge(warehouse):
    merge(warehouse, annotation(1))
    assert list(warehouse.staging.iterdir()) == []


def test_no_rows_are_no_file(warehouse):
    assert warehouse.stage("annotations", []) == ()
    assert warehouse.merge("annotations", []) == 0


def _schemas(folder: Path, monkeypatch, change) -> None:
    """The schema files, of which that of annotations is changed."""
    for path in schema_folder().glob("*.json"):
        (folder / path.name).write_text(path.read_text())
    columns = json.loads((folder / "annotations.json").read_text())
    change(columns)
    (folder / "annotations.json").write_text(json.dumps(columns))
    monkeypatch.setattr(tables_module, "schema_folder", lambda: folder)
    tables.cache_clear()


@pytest.fixture
def forget_schemas():
    yield
    tables.cache_clear()


def test_a_column_that_is_new_is_null_in_the_rows_there_are(
    warehouse, tmp_path, monkeypatch, forget_schemas
):
    merge(warehouse, *(annotation(number) for number in range(20)))
    merge(warehouse, annotation(3, revision=2))
    new = [
        {"name": "reviewer", "type": "STRING", "mode": "NULLABLE"},
        {"name": "notes", "type": "STRING", "mode": "REPEATED"},
    ]
    (tmp_path / "s").mkdir()
    with monkeypatch.context() as patch:
        _schemas(tmp_path / "s", patch, lambda columns: columns.extend(new))
        warehouse.prepare()
        warehouse.prepare()
        found = ask_table(warehouse)
        assert len(found) == 20
        assert {row["reviewer"] for row in found} == {None}
        assert {row["revision"] for row in found if row["image_id"] == id_of(3)} == {2}
        [row] = rows(annotation(4, revision=2))
        staged = warehouse.stage("annotations", [row | {"reviewer": "bob", "notes": ["x"]}])
        assert warehouse.merge("annotations", staged) == 1
        assert {row["reviewer"] for row in ask_table(warehouse)} == {None, "bob"}


def ask_table(warehouse) -> list[dict]:
    """Without the views, whose SQL is not among the changed schemas."""
    from vidset.warehouse.duckdb import select

    table = tables()["annotations"]
    with open_duckdb() as connection:
        query = select(table, find_files(warehouse.folder / "annotations"))
        return connection.execute(query).to_arrow_table().to_pylist()


def test_a_new_field_of_a_record_is_null_in_the_rows_there_are(
    warehouse, tmp_path, monkeypatch, forget_schemas
):
    merge(warehouse, annotation(1), annotation(2))
    merge(warehouse, annotation(2, revision=2))
    (tmp_path / "s").mkdir()
    field = {"name": "confidence", "type": "FLOAT", "mode": "NULLABLE"}
    with monkeypatch.context() as patch:
        _schemas(tmp_path / "s", patch, lambda columns: columns[5]["fields"].insert(1, field))
        warehouse.prepare()
        [row] = rows(annotation(3))
        objects = [item | {"confidence": 0.5} for item in row["objects"]]
        staged = warehouse.stage("annotations", [row | {"objects": objects}])
        assert warehouse.merge("annotations", staged) == 1
        found = {row["image_id"]: row["objects"] for row in ask_table(warehouse)}
        assert [item["confidence"] for item in found[id_of(3)]] == [0.5, 0.5, 0.5]
        assert [item["confidence"] for item in found[id_of(2)]] == [None, None, None]
        assert [item["label"] for item in found[id_of(2)]] == ["car", "lane", "rain"]
        box = {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25, "angle": 0.0}
        assert found[id_of(1)][0]["box"] == box


@pytest.mark.parametrize(
    ("change", "message"),
    [
        pytest.param(lambda columns: columns.pop(), "annotations.written_at", id="gone"),
        pytest.param(
            lambda columns: columns[0].update(type="INTEGER"), "annotations.image_id", id="type"
        ),
        pytest.param(
            lambda columns: columns[5]["fields"].pop(),
            "annotations.objects.mask",
            id="nested",
        ),
    ],
)
def test_another_change_of_a_schema_is_refused(
    warehouse, tmp_path, monkeypatch, forget_schemas, change, message
):
    merge(warehouse, annotation(1))
    (tmp_path / "s").mkdir()
    with monkeypatch.context() as patch:
        _schemas(tmp_path / "s", patch, change)
        with pytest.raises(ValueError, match=message):
            warehouse.prepare()
    tables.cache_clear()
    assert revisions(warehouse) == {id_of(1): 1}


def test_rows_stand_by_day_and_video(warehouse):
    days = [NOON + timedelta(days=number % 3) for number in range(60)]
    merge(warehouse, *(annotation(n, updated_at=day) for n, day in enumerate(days)))
    found = pq.read_table(warehouse.folder / "annotations" / "00000001-base.parquet")
    pairs = list(
        zip(
            [moment.date() for moment in found["updated_at"].to_pylist()],
            found["image_uri"].to_pylist(),
            strict=True,
        )
    )
    assert pairs == sorted(pairs)
    assert pa.types.is_timestamp(found.schema.field("updated_at").type)
