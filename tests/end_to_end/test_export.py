"""The export job from the Firestore emulator to the BigQuery emulator and to Parquet."""

import json
from datetime import UTC, datetime, timedelta

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
from tests.end_to_end.exports import InBigquery, annotation_of, revisions
from vidset.tables.schemas import tables

pytestmark = pytest.mark.emulator


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
    box = {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25, "angle": 0.0}
    assert objects[0]["box"] == box
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
    assert sorted(run["changed"] for run in changed) == [0, 0, 0, 0, 0, 0, 0, 5, 5]


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
    assert len(warehouse.rows("SELECT * FROM {exports}")) == 3


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
        "annotations", "tasks", "frames", "videos", "predictions", "tags", "statements", "versions",
        "entries", "runs", "epochs", "scores", "slices", "run_predictions", "exports",
        "objects", "dataset_candidates", "labeling_cost", "collector_scorecard", "prelabels",
    }  # fmt: skip
