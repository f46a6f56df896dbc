from datetime import UTC, datetime, timedelta

import pytest
from google.cloud.bigquery import DatasetReference, SchemaField, Table

from tests.bigquery_ledger import FAILED, A
from tests.documents.labels import NOON, OBJECTS, annotation, id_of
from tests.warehouse.test_folder import ask
from vidset.documents.rows import annotation_row
from vidset.ledger.open import open_ledger
from vidset.tables.schemas import tables
from vidset.warehouse.bigquery import DatasetWarehouse, _as_bigquery
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.gather import gather_ledgers
from vidset.warehouse.open import open_warehouse
from vidset.warehouse.views import VIEWS


@pytest.fixture
def warehouse(bigquery, tmp_path):
    bigquery.client().create_dataset("vidset")
    warehouse = DatasetWarehouse(f"bq://{bigquery.project}.vidset", str(tmp_path / "staging"))
    warehouse.prepare()
    return warehouse


def merge(warehouse, *documents) -> int:
    rows = [annotation_row(document["image_id"], document) for document in documents]
    return warehouse.merge("annotations", warehouse.stage("annotations", rows))


def revisions(bigquery) -> dict[str, int]:
    rows = bigquery.rows("SELECT image_id, revision FROM vidset.annotations")
    assert len(rows) == len({row["image_id"] for row in rows})
    return {row["image_id"]: row["revision"] for row in rows}


@pytest.mark.parametrize("name", list(tables()))
def test_tables_are_made_with_their_partitions_and_clusters(name):
    """No emulator knows of them."""
    table = tables()[name]
    made = _as_bigquery(table, DatasetReference("p", "d").table(name))
    partitions = made.time_partitioning
    assert (partitions and (partitions.type_, partitions.field)) == (
        ("DAY", table.partitioned_by) if table.partitioned_by else None
    )
    assert tuple(made.clustering_fields or ()) == table.clustering
    assert [field.name for field in made.schema] == table.names


@pytest.mark.parametrize(
    ("uri", "staging", "message"),
    [
        pytest.param("bq://p", "s", r"must be bq://PROJECT\.DATASET", id="no-dataset"),
        pytest.param("bq://p.d", None, "files on their way to it, got none", id="no-staging"),
        pytest.param("gs://b/w", None, "wanted a folder or bq://", id="bucket"),
    ],
)
def test_another_uri_is_a_wrong_configuration(uri, staging, message):
    with pytest.raises(ValueError, match=message):
        open_warehouse(uri, staging)


@pytest.mark.emulator
def test_of_a_key_the_newest_row_holds(warehouse, bigquery):
    merge(warehouse, annotation(1, revision=2), annotation(2, revision=2), annotation(3))
    later = NOON + timedelta(seconds=1)
    changed = merge(
        warehouse,
        annotation(1, revision=3),
        annotation(1, revision=1),
        annotation(2, revision=1, written_at=later),
        annotation(3, written_at=later),
        annotation(4),
        annotation(4, revision=2),
    )
    assert changed == 3
    assert revisions(bigquery) == {id_of(1): 3, id_of(2): 2, id_of(3): 1, id_of(4): 2}
    assert merge(warehouse, annotation(1, revision=3), annotation(4)) == 0


@pytest.mark.emulator
def test_the_staging_table_is_gone_also_when_the_merge_fails(warehouse, bigquery):
    names = {*tables(), *VIEWS}
    merge(warehouse, annotation(1))
    assert {each.table_id for each in bigquery.client().list_tables("vidset")} == names
    bigquery.rows("ALTER TABLE vidset.annotations DROP COLUMN annotator")
    with pytest.raises(Exception, match="annotator"):
        merge(warehouse, annotation(2))
    assert {each.table_id for each in bigquery.client().list_tables("vidset")} == names


@pytest.mark.emulator
def test_many_rows_are_one_load_job_of_several_files(warehouse, bigquery):
    assert merge(warehouse, *(annotation(number, objects=()) for number in range(5_001))) == 5_001
    assert len(revisions(bigquery)) == 5_001


@pytest.mark.emulator
def test_a_missing_dataset_is_a_wrong_configuration(bigquery, tmp_path):
    warehouse = DatasetWarehouse(f"bq://{bigquery.project}.nowhere", str(tmp_path))
    with pytest.raises(ValueError, match=f"there is no dataset {bigquery.project}.nowhere"):
        warehouse.prepare()


@pytest.mark.emulator
def test_a_table_that_lacks_a_nullable_column_gets_it(warehouse, bigquery):
    client = bigquery.client()
    whole = client.get_table("vidset.annotations").schema
    client.delete_table("vidset.annotations")
    fewer = [field for field in whole if field.name != "vendor_task_id"]
    client.create_table(Table(f"{bigquery.project}.vidset.annotations", fewer))
    warehouse.prepare()
    # The emulator takes the schema, but no rows that have the column.
    found = client.get_table("vidset.annotations").schema
    assert sorted(field.name for field in found) == sorted(tables()["annotations"].names)


@pytest.mark.emulator
def test_a_table_with_another_column_is_refused(warehouse, bigquery):
    client = bigquery.client()
    table = client.get_table("vidset.tasks")
    table.schema = [*table.schema, SchemaField("note", "STRING")]
    client.update_table(table, ["schema"])
    with pytest.raises(ValueError, match=r"tasks\.note: wanted no such column"):
        warehouse.prepare()


@pytest.mark.emulator
def test_the_watermark_is_of_the_source_and_the_table(warehouse):
    from vidset.warehouse.export import Export

    assert warehouse.watermark("it's", "tasks") is None
    for hours in 1, 3, 2:
        started = NOON + timedelta(hours=hours, microseconds=7)
        warehouse.remember(Export("it's", "tasks", started, 1, 1, 0))
    assert warehouse.watermark("it's", "tasks") == NOON + timedelta(hours=3, microseconds=7)
    assert warehouse.watermark("it's", "annotations") is None
    assert warehouse.watermark("its", "tasks") is None


@pytest.mark.emulator
@pytest.mark.parametrize("view", VIEWS)
def test_views_say_the_same_in_bigquery_and_in_duckdb(warehouse, bigquery, tmp_path, view):
    """The views read the same ledgers, annotations, tasks and predictions."""
    from tests.documents.labels import task
    from vidset.documents.rows import prediction_row, task_row

    image = A.frames[0].image_id
    labeled = annotation(1, updated_at=datetime(2026, 3, 1, tzinfo=UTC)) | {"image_id": image}
    files = ParquetWarehouse(str(tmp_path / "w"))
    files.prepare()
    for each in warehouse, files:
        each.merge("annotations", each.stage("annotations", [annotation_row(image, labeled)]))
        one, two = task(1) | {"image_id": image}, task(2, booked_on=None, state="failed", cost=0.0)
        tasks = [task_row(image, one), task_row(id_of(2), two)]
        each.merge("tasks", each.stage("tasks", tasks))
        said = {
            "image_id": image,
            "source": "vidset predict",
            "run": "v0-1",
            "run_id": "r1",
            "objects": labeled["objects"],
            "scores": [0.5] * len(labeled["objects"]),
            "uncertainty": 0.25,
            "written_at": datetime(2026, 3, 1, tzinfo=UTC),
        }
        each.merge("predictions", each.stage("predictions", [prediction_row(image, said)]))
    open_ledger(f"bq://{bigquery.project}.vidset").commit([A, FAILED])
    open_ledger(str(tmp_path / "out")).commit([A, FAILED])
    gather_ledgers(files, str(tmp_path / "out"))
    theirs = _plain(bigquery.rows(f"SELECT * FROM vidset.{view}"))  # noqa: S608
    ours = _plain(ask(files, f"SELECT * FROM {view}"))  # noqa: S608
    assert theirs == ours
    expected = {"objects": len(OBJECTS), "labeling_cost": 2}
    assert len(ours) == expected.get(view, 1)
    assert list(theirs[0]) == list(ours[0])


def _plain(rows: list[dict]) -> list[dict]:
    """Decimals of DuckDB's sums are BigQuery's integers."""
    return sorted(({**row} for row in rows), key=repr)
