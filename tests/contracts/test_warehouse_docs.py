"""Every question of docs/warehouse.md is asked, in DuckDB and in the BigQuery emulator."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.bigquery_ledger import FAILED, A
from tests.documents.labels import NOON, annotation, id_of, task
from tests.paths import ROOT
from tests.warehouse.test_folder import ask
from vidset.documents.rows import annotation_row, task_row
from vidset.elements import Extraction
from vidset.ledger.open import open_ledger
from vidset.tables.schemas import tables
from vidset.warehouse.bigquery import DatasetWarehouse
from vidset.warehouse.export import Warehouse
from vidset.warehouse.folder import ParquetWarehouse
from vidset.warehouse.gather import gather_ledgers
from vidset.warehouse.views import VIEWS

PAGE = (ROOT / "docs" / "warehouse.md").read_text()
QUESTIONS = re.findall(
    r"### (\d+)\. [^#]*?BigQuery:\n\n```sql\n(.*?)```\n\nDuckDB:\n\n```sql\n(.*?)```",
    PAGE,
    re.DOTALL,
)
IMAGE = A.frames[0].image_id or ""
NOW = datetime.now(UTC)
# What the tables below hold has these answers, by number.
ANSWERS = {
    1: [("car", 1, 1), ("lane", 1, 1), ("rain", 1, 1)],
    2: [(id_of(7), "gs://images/other.jpg")],
    3: [("2026-02-28", 1, 0.08), ("2026-03-01", 1, 0.0)],
    4: [("scale", 0.0267)],
    5: [("cam1", 2, 0.333, 3.0)],
    6: [("gs://images/cam1/drive-0/17/0000000001.jpg", "1", 20.0, 30.0)],
    7: [("gs://images/cam1/drive-0/17/0000000001.jpg", "1", "car")],
    8: [("scale", 24.0)],
    9: [("gs://uploads/f.mp4", "failed", "no video stream")],
    10: [("alice", 1, 3)],
    11: [("v1-1", "b", "car", "person", "a")],
    12: [("v1", 0.08, 4.0, 0.02)],
}


def fill(warehouse: Warehouse) -> None:
    """One labeled image, a task that failed, a kept image without a task."""
    labeled = annotation(1, updated_at=NOW - timedelta(days=1)) | {"image_id": IMAGE}
    labeled["objects"][0]["attributes"]["occluded"] = "partly"
    labeled["objects"][0]["box"] |= {"width": 20.0, "height": 30.0}
    rows = [annotation_row(IMAGE, labeled)]
    assert warehouse.merge("annotations", warehouse.stage("annotations", rows)) == 1
    documents = [
        task(1) | {"image_id": IMAGE},
        task(2, state="failed", cost=0.0, booked_on=None, requested_at=NOON, completed_at=None),
    ]
    rows = [task_row(document["image_id"], document) for document in documents]
    assert warehouse.merge("tasks", warehouse.stage("tasks", rows)) == 2
    fill_lineage(warehouse)


def fill_lineage(warehouse: Warehouse) -> None:
    """Two versions and a run of each; the second has the labeled image, and scores 0.54."""
    for table, rows in lineage_rows().items():
        assert warehouse.merge(table, warehouse.stage(table, rows)) == len(rows)


def lineage_rows() -> dict[str, list[dict]]:
    names = {"image_sha256": "1" * 64, "image_uri": "a", "origin": A.frames[0].image_sha256}
    entry = {**names, "version": "v1", "split": "train", "labels": ["person"], "source": "coco"}
    version = {"names": [], "images": 1, "forgotten": 0, "created_at": NOON, "changed_at": NOON}
    wrong = {**names, "image_uri": "b", "truth": "car", "predicted": "person", "is_right": False}
    run = {"model": "m", "recipe_hash": "5", "seed": 1, "epochs": 1, "splits": [], "classes": []}
    run |= {"train_images": 1, "state": "done", "created_at": NOON, "changed_at": NOON}
    score = {"evaluation_id": "e", "split": "validation", "evaluated_on": "v0", "seed": 1}
    score |= {"recipe_hash": "5", "epoch": 1, "score_name": "accuracy", "images": 100}
    score |= {"right_images": 50, "right_low": 0.4, "right_high": 0.6, "evaluated_at": NOON}
    return {
        "versions": [
            {**version, "version": "v0", "parents": []},
            {**version, "version": "v1", "parents": ["v0"]},
        ],
        "entries": [{**entry, "group_name": "g", "created_at": NOON}],
        "runs": [{**run, "run_id": "r1", "run": "v1-1", "version": "v1"}],
        "scores": [
            {**score, "run_id": "r0", "version": "v0", "score": 0.5},
            {**score, "run_id": "r1", "version": "v1", "score": 0.54},
        ],
        "run_predictions": [
            {**wrong, "run_id": "r1", "evaluation_id": "e", "split": "validation"}
            | {"epoch": 1, "changed_at": NOON}
        ],
    }


def extractions() -> list[Extraction]:
    other = replace(
        A.frames[0], pts_seconds=9.0, image_id=id_of(7), image_uri="gs://images/other.jpg"
    )
    return [replace(A, frames=(*A.frames, other)), FAILED]


def _plain(rows: list[dict]) -> list[tuple]:
    def plain(value):
        if isinstance(value, str) or value is None:
            return value
        return str(value) if hasattr(value, "isoformat") else round(float(value), 9)

    return sorted(tuple(plain(value) for value in row.values()) for row in rows)


def expected(number: str) -> list[tuple]:
    return sorted(
        tuple(value if isinstance(value, str) else float(value) for value in row)
        for row in ANSWERS[int(number)]
    )


def test_the_page_has_twelve_questions():
    assert [int(number) for number, _, _ in QUESTIONS] == list(range(1, 13))


@pytest.mark.parametrize(
    ("number", "query"), [pytest.param(n, query, id=n) for n, _, query in QUESTIONS]
)
def test_a_question_is_answered_by_duckdb(number, query, tmp_path):
    warehouse = ParquetWarehouse(str(tmp_path / "w"))
    warehouse.prepare()
    fill(warehouse)
    open_ledger(str(tmp_path / "out")).commit(extractions())
    gather_ledgers(warehouse, str(tmp_path / "out"))
    assert _plain(ask(warehouse, query)) == expected(number)


@pytest.mark.emulator
@pytest.mark.slow
def test_the_questions_are_answered_by_bigquery(bigquery, tmp_path):
    bigquery.client().create_dataset("vidset")
    warehouse = DatasetWarehouse(f"bq://{bigquery.project}.vidset", str(tmp_path))
    warehouse.prepare()
    fill(warehouse)
    open_ledger(f"bq://{bigquery.project}.vidset").commit(extractions())
    for number, query, _ in QUESTIONS:
        assert _plain(bigquery.rows(query)) == expected(number), number


@pytest.mark.parametrize("table", list(tables()))
def test_the_page_has_every_column_with_its_description(table):
    section = PAGE.partition(f"\n### {table}\n")[2].partition("\n## ")[0].partition("\n### ")[0]
    columns = re.findall(r"^\| `(\w+)` \| .*? \| (.*) \|$", section, re.MULTILINE)
    assert columns == [(column.name, column.description) for column in tables()[table].columns]


def test_the_page_has_every_view():
    views = PAGE.partition("## The views")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(\w+)` \|", views, re.MULTILINE) == list(VIEWS)


def test_the_page_tells_how_tables_are_partitioned_and_clustered():
    section = PAGE.partition("## The tables")[2].partition("\n### ")[0]
    told = re.findall(r"^\| `(\w+)` \| [^|]* \| `?(\w*)`? ?\| `?(\w*)", section, re.MULTILINE)
    assert told == [
        (name, tables()[name].partitioned_by or "", (*tables()[name].clustering, "")[0])
        for name in (
            *(
                "annotations",
                "tasks",
                "frames",
                "videos",
                "predictions",
                "tags",
                "statements",
                "versions",
                "entries",
                "runs",
            ),
            *("epochs", "scores", "slices", "run_predictions", "exports"),
        )
    ]
