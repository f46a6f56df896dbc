"""Versions and runs as tables of BigQuery, on the emulator: the rows that DuckDB has."""

from datetime import UTC, datetime

import pytest

from tests.cli.called import vidset
from tests.lineage.places import label, make_place
from tests.lineage.test_bringing import ask, bring
from vidset.datasets.versions.repository import Repository
from vidset.lineage.bringing import TABLES, Lineage
from vidset.tables.schemas import tables
from vidset.warehouse.bigquery import DatasetWarehouse

pytestmark = [pytest.mark.emulator, pytest.mark.slow]


@pytest.fixture
def place(tmp_path):
    place = make_place(tmp_path / "place")
    for run in "v0-1", "v1-1":
        assert vidset("evaluate", run, "-p", place.folder).code == 0
    return place


@pytest.fixture
def uri(bigquery):
    bigquery.client().create_dataset("vidset")
    return f"bq://{bigquery.project}.vidset"


def bring_to(uri: str, place, staging) -> dict[str, int]:
    warehouse = DatasetWarehouse(uri, str(staging))
    warehouse.prepare()
    return Lineage(place.folder, uri).bring(warehouse)


def comparable(value):
    """Times as one kind of thing, lists as such."""
    if isinstance(value, datetime):
        return value.astimezone(UTC)
    return list(value) if isinstance(value, list | tuple) else value


def test_bigquery_has_the_rows_that_duckdb_has(place, uri, bigquery, tmp_path):
    counts = bring_to(uri, place, tmp_path / "staging")
    assert counts == bring(place.folder)
    assert counts == {
        "versions": 2, "entries": 11, "runs": 3, "epochs": 6, "scores": 2,
        "run_predictions": 9, "slices": counts["slices"],
    }  # fmt: skip
    for name in TABLES:
        columns = tables()[name].names
        theirs = [
            tuple(comparable(row[each]) for each in columns)
            for row in bigquery.rows(f"SELECT * FROM vidset.{name}")  # noqa: S608
        ]
        ours = [
            tuple(map(comparable, row))
            for row in ask(place.folder, f"SELECT {', '.join(columns)} FROM {name}")  # noqa: S608
        ]
        assert sorted(theirs, key=repr) == sorted(ours, key=repr), name


def test_what_has_changed_is_brought_and_nothing_else(place, uri, bigquery, tmp_path):
    staging = tmp_path / "staging"
    bring_to(uri, place, staging)
    assert bring_to(uri, place, staging) == {}
    # A lost record costs time, and changes no row.
    for path in (place.folder / ".cache").glob("lineage-*.json"):
        path.unlink()
    assert bring_to(uri, place, staging) == {}
    Repository(place.folder / "datasets").name_version("v1", place.v0.id, move=True, actor="eve")
    assert bring_to(uri, place, staging) == {"versions": 2}
    names = bigquery.rows("SELECT names FROM vidset.versions ORDER BY ARRAY_LENGTH(names)")
    assert [list(row["names"]) for row in names] == [[], ["v0", "v1"]]


def test_training_images_behind_a_wrong_answer_are_asked_in_bigquery(
    place, uri, bigquery, tmp_path
):
    bring_to(uri, place, tmp_path / "staging")
    found = bigquery.rows(
        "SELECT p.image_uri, p.truth, COUNT(*) AS images FROM vidset.run_predictions AS p "
        "JOIN vidset.runs AS r ON r.run_id = p.run_id "
        "JOIN vidset.entries AS e ON e.version = r.version "
        "WHERE r.run = 'v0-1' AND NOT p.is_right AND e.split = 'train' AND e.label = p.truth "
        "GROUP BY p.image_uri, p.truth ORDER BY p.image_uri"
    )
    assert found == [
        {"image_uri": "v2", "truth": "v", "images": 1},
        {"image_uri": "v3", "truth": "v", "images": 1},
    ]
    best = bigquery.rows(
        "SELECT run, score FROM vidset.scores AS s JOIN vidset.runs AS r ON r.run_id = s.run_id "
        "ORDER BY score DESC"
    )
    assert [row["run"] for row in best] == ["v1-1", "v0-1"]


def test_vidset_sync_brings_them_to_the_warehouse_that_is_named(place, uri, bigquery):
    label(place.folder, {"cam1/a.mp4": 3}, labeled=2)
    synced = vidset("sync", "-p", place.folder, "--warehouse", uri, "--json")
    assert synced.code == 0, synced.err
    assert synced.found["lineage"]["entries"] == 11
    [row] = bigquery.rows("SELECT COUNT(*) AS n FROM vidset.entries")
    assert row["n"] == 11
