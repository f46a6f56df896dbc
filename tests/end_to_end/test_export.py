"""The export job from the Firestore emulator to the BigQuery emulator and to Parquet."""

import json
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.documents.labels import (
    NOON,
    OBJECTS,
    annotation,
    id_of,
    put_annotations,
    put_tasks,
    sqlite_store,
    task,
)
from vidset.beam.export_job import main
from vidset.labeling.stores.firestore import FirestoreStore
from vidset.tables.schemas import tables
from vidset.warehouse.duckdb import make_views, open_duckdb

pytestmark = pytest.mark.emulator


@pytest.fixture
def store(firestore):
    store = FirestoreStore(firestore.project, "(default)")
    yield store
    store.close()


class InBigquery:
    """The job into a dataset of the emulator, and what is in it then."""

    def __init__(self, bigquery, project: str, folder: Path):
        self._bigquery = bigquery
        bigquery.client().create_dataset("vidset")
        self.arguments = [
            f"--store=firestore://{project}",
            f"--warehouse=bq://{bigquery.project}.vidset",
            f"--staging={folder}/staging",
            f"--dead_letters={folder}/dead_letters",
        ]
        self.dead_letters = folder / "dead_letters"

    def export(self, *more: str) -> int:
        return main([*self.arguments, *more])

    def rows(self, sql: str) -> list[dict]:
        return self._bigquery.rows(sql.replace("{", "vidset.").replace("}", ""))

    def tables(self) -> set[str]:
        return {table.table_id for table in self._bigquery.client().list_tables("vidset")}


class InParquet(InBigquery):
    """The same into a folder."""

    def __init__(self, project: str, folder: Path):
        self._folder = folder / "warehouse"
        self.arguments = [
            f"--store=firestore://{project}",
            f"--warehouse={folder}/warehouse",
            f"--dead_letters={folder}/dead_letters",
        ]
        self.dead_letters = folder / "dead_letters"

    def rows(self, sql: str) -> list[dict]:
        with open_duckdb() as connection:
            make_views(connection, self._folder)
            found = connection.execute(sql.replace("{", "").replace("}", ""))
            return found.to_arrow_table().to_pylist()


@pytest.fixture(params=["bigquery", "parquet"])
def warehouse(request, firestore, tmp_path):
    if request.param == "parquet":
        return InParquet(firestore.project, tmp_path)
    return InBigquery(request.getfixturevalue("bigquery"), firestore.project, tmp_path)


REVISIONS = "SELECT image_id, revision FROM {annotations}"


def annotation_of(warehouse, number: int) -> dict:
    rows = warehouse.rows("SELECT * FROM {annotations}")
    [row] = [row for row in rows if row["image_id"] == id_of(number)]
    return row


def revisions(warehouse) -> dict[str, int]:
    rows = warehouse.rows(REVISIONS)
    assert len(rows) == len({row["image_id"] for row in rows})
    return {row["image_id"]: row["revision"] for row in rows}


def test_documents_become_rows_of_their_tables(store, warehouse):
    put_annotations(store, annotation(1), annotation(2, state="skipped", objects=()))
    put_tasks(store, task(1))
    assert warehouse.export() == 0
    labeled = annotation_of(warehouse, 1)
    assert list(labeled) == tables()["annotations"].names
    assert labeled["updated_at"] == NOON - timedelta(hours=1)
    assert labeled["written_at"] == NOON
    objects = labeled["objects"]
    assert [each["label"] for each in objects] == ["car", "lane", "rain"]
    assert objects[0]["box"] == {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25}
    corners = [(point["x"], point["y"]) for point in objects[1]["points"]]
    assert corners == [(0.0, 0.0), (9.0, 0.0), (9.0, 9.5)]
    assert {each["name"]: json.loads(each["value"]) for each in objects[2]["attributes"]} == {
        "sure": True,
        "percent": 40,
        "share": 0.5,
        "seen": ["sky", "Straße 日"],
    }
    skipped = annotation_of(warehouse, 2)
    assert (skipped["state"], list(skipped["objects"])) == ("skipped", [])
    [row] = warehouse.rows("SELECT * FROM {tasks}")
    assert (row["state"], row["cost"], str(row["booked_on"])) == ("completed", 0.08, "2026-02-28")
    [cost] = warehouse.rows("SELECT * FROM {labeling_cost}")
    assert (str(cost["day"]), cost["vendor"], cost["tasks"]) == ("2026-02-28", "scale", 1)
    assert len(warehouse.rows("SELECT * FROM {objects}")) == len(OBJECTS)


def test_a_second_export_takes_what_has_changed_and_older_revisions_never_win(store, warehouse):
    put_annotations(store, *(annotation(number, revision=3) for number in range(5)))
    assert warehouse.export() == 0
    now = datetime.now(UTC)
    put_annotations(
        store,
        annotation(1, revision=4, written_at=now),
        annotation(2, revision=2, written_at=now),
        annotation(9, written_at=now),
    )
    assert warehouse.export() == 0
    assert revisions(warehouse) == {
        **{id_of(number): 3 for number in (0, 2, 3, 4)},
        id_of(1): 4,
        id_of(9): 1,
    }
    runs = warehouse.rows(
        "SELECT * FROM {exports} WHERE table_name = 'annotations' ORDER BY started_at"
    )
    assert [(run["documents"], run["changed"]) for run in runs] == [(5, 5), (3, 2)]


def test_a_repeated_export_changes_nothing(store, warehouse):
    put_annotations(store, *(annotation(number) for number in range(5)))
    put_tasks(store, *(task(number) for number in range(5)))
    for _ in range(3):
        assert warehouse.export("--full") == 0
    assert len(revisions(warehouse)) == 5
    changed = warehouse.rows("SELECT table_name, changed FROM {exports} ORDER BY started_at")
    assert sorted(run["changed"] for run in changed) == [0, 0, 0, 0, 5, 5]


def test_a_malformed_document_goes_to_the_dead_letters_and_the_others_go_on(store, warehouse):
    bad = annotation(2) | {"revision": "two"}
    put_annotations(store, annotation(1), bad, annotation(3))
    assert warehouse.export() == 0
    assert revisions(warehouse) == {id_of(1): 1, id_of(3): 1}
    [letter] = [json.loads(path.read_text()) for path in warehouse.dead_letters.glob("*.jsonl")]
    assert letter["uri"].endswith(f"/annotations/{id_of(2)}.revision")
    assert letter["reason"] == "wanted an integer of 64 bits, got 'two'"
    assert json.loads(letter["event"])["image_uri"] == bad["image_uri"]


def test_an_empty_store_leaves_empty_tables_and_a_watermark(store, warehouse):
    assert warehouse.export() == 0
    assert revisions(warehouse) == {}
    assert len(warehouse.rows("SELECT * FROM {exports}")) == 2


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "place"),
    [
        pytest.param("bigquery", "staged", id="bigquery-before-the-load-job"),
        pytest.param("bigquery", "loaded", id="bigquery-between-staging-and-merge"),
        pytest.param("bigquery", "merged", id="bigquery-between-merge-and-watermark"),
        pytest.param("parquet", "staged", id="parquet-before-the-merge"),
        pytest.param("parquet", "written", id="parquet-before-the-file-appears"),
        pytest.param("parquet", "merged", id="parquet-between-merge-and-watermark"),
    ],
)
def test_an_export_that_is_killed_is_repaired_by_the_next(
    kind, place, store, firestore, tmp_path, request
):
    warehouse = (
        InParquet(firestore.project, tmp_path)
        if kind == "parquet"
        else InBigquery(request.getfixturevalue("bigquery"), firestore.project, tmp_path)
    )
    put_annotations(store, *(annotation(number) for number in range(5)))
    assert warehouse.export() == 0
    now = datetime.now(UTC)
    put_annotations(store, *(annotation(n, revision=2, written_at=now) for n in range(3, 8)))
    killed = subprocess.run(
        [sys.executable, "-m", "tests.end_to_end.dying_export", place, *warehouse.arguments],
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    if place != "merged":
        assert set(revisions(warehouse).values()) == {1}
    assert warehouse.export() == 0
    assert revisions(warehouse) == {
        **{id_of(number): 1 for number in range(3)},
        **{id_of(number): 2 for number in range(3, 8)},
    }


@pytest.mark.slow
def test_documents_that_change_during_exports_are_in_the_last(store, warehouse):
    """Half of them keep changing, by a writer that knows nothing of the exports."""
    numbers = range(40)
    put_annotations(store, *(annotation(number) for number in numbers))
    written: dict[str, int] = {id_of(number): 1 for number in numbers}
    done = threading.Event()

    def write() -> None:
        revision = 1
        while not done.is_set():
            revision += 1
            for number in numbers[::2]:
                now = datetime.now(UTC)
                put_annotations(store, annotation(number, revision=revision, written_at=now))
                written[id_of(number)] = revision

    writer = threading.Thread(target=write)
    writer.start()
    seen: dict[str, int] = {}
    try:
        for _ in range(4):
            assert warehouse.export() == 0
            now_seen = revisions(warehouse)
            assert all(now_seen[name] >= revision for name, revision in seen.items())
            seen = now_seen
    finally:
        done.set()
        writer.join()
    assert max(written.values()) > 2
    assert warehouse.export() == 0
    assert revisions(warehouse) == written


def test_a_sqlite_store_goes_to_bigquery_as_well(bigquery, tmp_path):
    labels = sqlite_store(tmp_path)
    put_annotations(labels, annotation(1), annotation(2))
    labels.close()
    warehouse = InBigquery(bigquery, "unused", tmp_path)
    warehouse.arguments[0] = f"--store=sqlite:{tmp_path}/labels.sqlite"
    assert warehouse.export() == 0
    assert revisions(warehouse) == {id_of(1): 1, id_of(2): 1}


def test_nothing_is_left_beside_the_tables_and_views(store, bigquery, firestore, tmp_path):
    warehouse = InBigquery(bigquery, firestore.project, tmp_path)
    put_annotations(store, annotation(1))
    assert warehouse.export() == 0
    assert warehouse.tables() == {
        "annotations", "tasks", "frames", "videos", "exports",
        "objects", "dataset_candidates", "labeling_cost", "collector_scorecard",
    }  # fmt: skip


@pytest.mark.slow
def test_workers_may_be_processes_of_their_own(store, firestore, tmp_path):
    warehouse = InParquet(firestore.project, tmp_path)
    put_annotations(store, *(annotation(number, objects=()) for number in range(4_100)))
    more = ["--direct_running_mode=multi_processing", "--direct_num_workers=2"]
    done = subprocess.run(
        [sys.executable, "-m", "vidset.beam.export_job", *warehouse.arguments, *more],
        capture_output=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert len(revisions(warehouse)) == 4_100


@pytest.mark.slow
def test_rows_reach_bigquery_through_a_bucket(
    store, firestore, emulator_project, tmp_path, monkeypatch
):
    """fake-gcs-server keeps its objects where the BigQuery emulator looks for gs://."""
    from tests.emulators.bigquery import PROGRAM, Bigquery, emulator_python
    from tests.emulators.gcs import Gcs, gcs_server
    from tests.emulators.servers import serve

    root = tmp_path / "buckets"

    def command(port: int) -> list[str]:
        return [str(emulator_python()), "-I", str(PROGRAM), str(port), str(tmp_path / "uploads")]

    root.mkdir()
    environment = {"BQEMU_GCS_LOCAL_ROOT": str(root)}
    with (
        serve("bigquery", command, "grpc.listen", environment=environment, folder=tmp_path) as one,
        gcs_server(root=root, folder=tmp_path) as other,
    ):
        bigquery, gcs = Bigquery(one.url, emulator_project), Gcs(other.url, emulator_project)
        for name, value in {**bigquery.environment, **gcs.environment}.items():
            monkeypatch.setenv(name, value)
        gcs.client().create_bucket("staging")
        warehouse = InBigquery(bigquery, firestore.project, tmp_path)
        warehouse.arguments[2] = "--staging=gs://staging/export"
        put_annotations(store, *(annotation(number) for number in range(3)))
        assert warehouse.export() == 0
        assert revisions(warehouse) == {id_of(number): 1 for number in range(3)}
