"""The labeling broker's documents and the export's rows: neither end imports the other."""

from dataclasses import fields

import pytest

from tests.documents.labels import annotation, id_of, task
from vidset.documents import sqlite as documents_sqlite
from vidset.documents.rows import ROWS, annotation_row, task_row
from vidset.labeling.annotation import Annotation
from vidset.labeling.stores import sqlite as store_sqlite
from vidset.labeling.task import TASK_STATES, Task
from vidset.tables.schemas import tables
from vidset.warehouse.export import Export


@pytest.mark.parametrize(
    ("name", "kind", "left_out"),
    [
        # Only the broker asks which answers an annotation was worked out from.
        pytest.param("annotations", Annotation, {"answers"}, id="annotations"),
        pytest.param("tasks", Task, set(), id="tasks"),
    ],
)
def test_a_table_has_the_fields_of_its_documents(name, kind, left_out):
    assert set(tables()[name].names) == {field.name for field in fields(kind)} - left_out


def test_rows_have_the_columns_of_their_tables_at_every_depth():
    assert list(annotation_row(id_of(1), annotation(1))) == tables()["annotations"].names
    assert list(task_row(id_of(1), task(1))) == tables()["tasks"].names
    assert [field.name for field in fields(Export)] == tables()["exports"].names
    [objects] = [each for each in tables()["annotations"].columns if each.name == "objects"]
    [row, *_] = annotation_row(id_of(1), annotation(1))["objects"]
    assert list(row) == [field.name for field in objects.fields]


@pytest.mark.parametrize("state", TASK_STATES)
def test_every_state_of_a_task_has_a_row(state):
    assert task_row(id_of(1), task(1, state=state))["state"] == state


@pytest.mark.parametrize("state", ["labeled", "skipped", "rejected"])
def test_every_state_of_an_annotation_has_a_row(state):
    assert annotation_row(id_of(1), annotation(1, state=state))["state"] == state


def test_both_ends_know_the_same_file():
    assert documents_sqlite.APPLICATION == store_sqlite.APPLICATION
    assert documents_sqlite.SCHEMA == store_sqlite._SCHEMA


def test_collections_have_the_names_of_their_tables():
    assert set(ROWS) <= set(tables())
