"""Exports by the plain functions, from SQLite to Parquet."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.documents.labels import NOON, annotation, id_of, put_annotations, sqlite_store
from tests.warehouse.test_folder import revisions
from vidset.documents.open import open_documents
from vidset.elements import DeadLetter
from vidset.warehouse.export import Plan, export_part, finish, plan
from vidset.warehouse.folder import ParquetWarehouse


@pytest.fixture
def labels(tmp_path):
    store = sqlite_store(tmp_path)
    yield store
    store.close()


@pytest.fixture
def documents(labels, tmp_path):
    documents = open_documents(f"sqlite:{tmp_path}/labels.sqlite")
    yield documents
    documents.close()


@pytest.fixture
def warehouse(tmp_path):
    warehouse = ParquetWarehouse(str(tmp_path / "warehouse"))
    warehouse.prepare()
    return warehouse


def stage(documents, warehouse, planned: Plan):
    outputs = [each for part in planned.parts for each in export_part(documents, warehouse, part)]
    letters = [each for each in outputs if isinstance(each, DeadLetter)]
    return [each for each in outputs if not isinstance(each, DeadLetter)], letters


def run(documents, warehouse, *, full=False):
    planned = plan(documents, warehouse, "annotations", 2, full=full)
    staged, _ = stage(documents, warehouse, planned)
    return finish(warehouse, planned, staged)


def now() -> datetime:
    return datetime.now(UTC)


def test_the_first_export_reads_all_and_the_next_what_was_written_since(
    documents, warehouse, labels
):
    put_annotations(labels, *(annotation(number) for number in range(50)))
    first = run(documents, warehouse)
    assert (first.documents, first.changed) == (50, 50)
    put_annotations(labels, annotation(7, revision=2, written_at=now()), annotation(60))
    second = run(documents, warehouse)
    assert (second.documents, second.changed) == (1, 1)
    assert revisions(warehouse)[id_of(7)] == 2
    assert run(documents, warehouse, full=True).changed == 1  # One was written with an old time.


def test_documents_that_became_visible_late_are_found(documents, warehouse, labels):
    """A writer's clock, and the time its commit takes, may be minutes behind."""
    run(documents, warehouse)
    late = now() - timedelta(minutes=9, seconds=30)
    put_annotations(labels, annotation(1, written_at=late))
    assert run(documents, warehouse).changed == 1


def test_a_document_that_changes_while_it_is_read_is_not_lost(documents, warehouse, labels):
    put_annotations(labels, *(annotation(number) for number in range(30)))
    planned = plan(documents, warehouse, "annotations", 1)
    changed = [annotation(n, revision=2, written_at=now()) for n in (0, 15, 29)]
    reading = documents.read

    def read(part):
        for number, each in enumerate(reading(part)):
            if number == 10:
                put_annotations(labels, *changed)
            yield each

    documents.read = read
    staged, _ = stage(documents, warehouse, planned)
    documents.read = reading
    finish(warehouse, planned, staged)
    assert len(revisions(warehouse)) == 30
    run(documents, warehouse)
    assert {n for n in range(30) if revisions(warehouse)[id_of(n)] == 2} == {0, 15, 29}


def test_the_watermark_stays_until_all_is_merged(documents, warehouse, labels):
    put_annotations(labels, annotation(1))
    planned = plan(documents, warehouse, "annotations", 1)
    stage(documents, warehouse, planned)
    assert warehouse.watermark(documents.uri, "annotations") is None
    assert run(documents, warehouse).changed == 1
    assert warehouse.watermark(documents.uri, "annotations") is not None


def test_of_two_exports_at_once_the_newer_rows_hold(documents, warehouse, labels):
    put_annotations(labels, annotation(1))
    first = plan(documents, warehouse, "annotations", 1)
    staged, _ = stage(documents, warehouse, first)
    put_annotations(labels, annotation(1, revision=2, written_at=now()))
    assert run(documents, warehouse).changed == 1
    assert finish(warehouse, first, staged).changed == 0
    assert revisions(warehouse) == {id_of(1): 2}
    assert warehouse.watermark(documents.uri, "annotations") > first.started_at


def test_a_malformed_document_is_a_dead_letter_as_it_came(documents, warehouse, labels):
    bad = annotation(2) | {"state": "perhaps"}
    put_annotations(labels, annotation(1), bad)
    planned = plan(documents, warehouse, "annotations", 1)
    staged, [letter] = stage(documents, warehouse, planned)
    assert letter.uri == f"{documents.uri}/annotations/{id_of(2)}.state"
    assert letter.reason == "wanted one of labeled, rejected, skipped, got 'perhaps'"
    assert '"state": "perhaps"' in (letter.event or "")
    done = finish(warehouse, planned, staged)
    assert (done.documents, done.changed, done.malformed) == (2, 1, 1)


def test_a_withdrawn_annotation_is_a_row_of_that_state(documents, warehouse, labels):
    put_annotations(labels, annotation(1))
    run(documents, warehouse)
    gone = annotation(1, revision=2, written_at=now(), state="rejected", objects=())
    put_annotations(labels, gone)
    assert run(documents, warehouse).changed == 1
    from tests.warehouse.test_folder import ask

    [row] = ask(warehouse, "SELECT state, len(objects) AS n, updated_at FROM annotations")
    assert row == {"state": "rejected", "n": 0, "updated_at": NOON - timedelta(hours=1)}
