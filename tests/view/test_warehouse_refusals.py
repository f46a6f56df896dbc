"""Tables that the page cannot read: refused, or named, and asked again later."""

import json

import pytest
from google.cloud import bigquery as client_library

from tests.bigquery_ledger import A
from tests.cli.called import vidset
from tests.emulators.handlers import Handler, serve_requests
from tests.view.catalogs import catalog_of, numbers_by_uri
from vidset.ledger.open import open_ledger
from vidset.view.watched_tables import Pace
from vidset.warehouse.bigquery import DatasetWarehouse

pytestmark = pytest.mark.emulator


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        pytest.param("gs://b/w", "--warehouse gs://b/w: wanted bq://PROJECT.DATASET", id="gs"),
        pytest.param("out", "--warehouse out: wanted bq://PROJECT.DATASET", id="folder"),
        pytest.param("bq://p", "--warehouse must be bq://PROJECT.DATASET, got 'bq://p'", id="p"),
    ],
)
def test_another_warehouse_is_refused(tmp_path, uri, message):
    done = vidset("view", tmp_path, "--warehouse", uri, "--port", "0")
    assert done.code == 2
    assert done.refusal.startswith(message)


def test_a_dataset_that_is_not_there_is_named(tmp_path, bigquery):
    done = vidset(
        "view", tmp_path, "--warehouse", f"bq://{bigquery.project}.nowhere", "--port", "0"
    )
    assert done.code == 2
    assert done.refusal.lower().startswith(f"bq://{bigquery.project}.nowhere: not found: dataset")


def test_a_dataset_without_a_ledger_is_refused_with_what_makes_it(tmp_path, dataset):
    done = vidset("view", tmp_path, "--warehouse", dataset, "--port", "0")
    assert done.code == 2
    assert done.refusal.startswith(f"{dataset}: there is no table videos; vidset sync --warehouse")


def test_a_ledger_without_labels_is_shown_and_the_tables_that_lack_are_named(cloud, tmp_path):
    open_ledger(cloud.uri).commit([A])
    with catalog_of(tmp_path, cloud.uri) as catalog:
        lacking = {each.partition("no table ")[2].partition(";")[0] for each in catalog.problems}
        assert lacking == {
            *("annotations", "tasks", "predictions", "tags", "versions", "runs", "epochs"),
        }
        assert len(numbers_by_uri(catalog)) == 2
        DatasetWarehouse(cloud.uri, str(tmp_path)).prepare()
        assert catalog.refresh()
        assert catalog.problems == []


def _refuse(request: Handler) -> None:
    """Answer as BigQuery does somebody who may see a dataset, and read no table of it."""
    if request.path.partition("?")[0].endswith("/datasets/vidset"):
        reference = {"projectId": "project-1", "datasetId": "vidset"}
        status, told = 200, {"datasetReference": reference, "location": "EU"}
    else:
        message = (
            "Access Denied: Table project-1:vidset.videos: Permission bigquery.tables.get "
            "denied on table project-1:vidset.videos (or it may not exist)."
        )
        errors = [{"message": message, "reason": "accessDenied"}]
        status, told = 403, {"error": {"code": 403, "message": message, "errors": errors}}
    request.reply(status, {"Content-Type": "application/json"}, json.dumps(told).encode())


def test_whoever_may_not_read_is_told_which_permission_lacks(tmp_path, monkeypatch):
    with serve_requests(_refuse) as url:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        done = vidset("view", tmp_path, "--warehouse", "bq://project-1.vidset", "--port", "0")
    assert done.code == 2
    assert done.refusal.startswith("bq://project-1.vidset: Access Denied: Table")
    assert "Permission bigquery.tables.get denied" in done.refusal


def test_without_credentials_bigquery_is_refused(tmp_path, monkeypatch):
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/no/such.json")
    done = vidset("view", tmp_path, "--warehouse", "bq://project-1.vidset", "--port", "0")
    assert done.code == 2
    assert done.refusal.startswith("bq://project-1.vidset: File /no/such.json was not found")


def test_a_warehouse_that_is_away_is_a_problem_and_the_page_keeps_what_it_has(
    cloud, tmp_path, monkeypatch
):
    open_ledger(cloud.uri).commit([A])
    DatasetWarehouse(cloud.uri, str(tmp_path)).prepare()
    with catalog_of(tmp_path, cloud.uri) as catalog:
        dataset = catalog.warehouse.dataset
        there = dataset._client
        nowhere = client_library.Client(
            project=there.project,
            credentials=there._credentials,
            client_options={"api_endpoint": "http://127.0.0.1:9"},
        )
        dataset._client = nowhere
        catalog.warehouse._watched._pace = Pace(3600.0, 3600.0)
        assert catalog.refresh()
        [problem] = catalog.problems
        assert problem.startswith(f"{cloud.uri}: BigQuery does not answer: ")
        assert len(numbers_by_uri(catalog)) == 2
        assert not catalog.refresh()
        dataset._client = there
        catalog.warehouse._watched._away_until = 0.0
        assert catalog.refresh()
        assert catalog.problems == []
