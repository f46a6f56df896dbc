import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.paths import ROOT
from vidset.tables.schemas import Column, new_columns, tables

A = Column("a", "STRING", "REQUIRED")
B = Column("b", "RECORD", "REPEATED", fields=(Column("x", "FLOAT", "REQUIRED"),))
DEEPER = replace(B, fields=(*B.fields, Column("y", "FLOAT", "NULLABLE")))


@pytest.mark.parametrize(
    ("wanted", "found", "new"),
    [
        pytest.param([A, B], [A, B], [], id="the-same"),
        pytest.param([A, B], [B, A], [], id="another-order"),
        pytest.param([A, replace(B, description="x")], [A, B], [], id="another-description"),
        pytest.param([A, B], [A], ["b"], id="a-repeated-column"),
        pytest.param([A, Column("c", "DATE", "NULLABLE")], [A], ["c"], id="a-nullable-column"),
        pytest.param([A, DEEPER], [A, B], ["y"], id="a-nested-one"),
    ],
)
def test_columns_may_be_added(wanted, found, new):
    assert [column.name for column in new_columns("t", wanted, found)] == new


@pytest.mark.parametrize(
    ("wanted", "found", "message"),
    [
        pytest.param([A], [A, B], r"t\.b: wanted no such column", id="one-is-gone"),
        pytest.param(
            [A, B],
            [B],
            r"t\.a: a column that is added must be NULLABLE, got REQUIRED",
            id="required",
        ),
        pytest.param(
            [replace(A, type="INTEGER")],
            [A],
            r"t\.a: wanted INTEGER REQUIRED, got STRING REQUIRED",
            id="another-type",
        ),
        pytest.param(
            [replace(A, mode="NULLABLE")], [A], r"t\.a: wanted STRING NULLABLE", id="another-mode"
        ),
        pytest.param([B], [DEEPER], r"t\.b\.y: wanted no such column", id="a-nested-one-is-gone"),
        pytest.param(
            [replace(B, fields=(replace(B.fields[0], type="STRING"),))],
            [B],
            r"t\.b\.x: wanted STRING REQUIRED, got FLOAT REQUIRED",
            id="a-nested-type",
        ),
    ],
)
def test_any_other_change_is_refused_by_the_columns_name(wanted, found, message):
    with pytest.raises(ValueError, match=message):
        new_columns("t", wanted, found)


def test_servers_names_of_types_are_the_same_types():
    found = Column.from_json({"name": "a", "type": "INT64", "mode": "NULLABLE"})
    assert list(new_columns("t", [Column("a", "INTEGER", "NULLABLE")], [found])) == []


def test_a_column_without_a_mode_is_nullable():
    assert Column.from_json({"name": "a", "type": "STRING"}).mode == "NULLABLE"


def test_an_installed_package_has_the_schemas_beside_the_module(tmp_path):
    # The package as a wheel lays it out: without infra/ beside it.
    shutil.copytree(ROOT / "vidset", tmp_path / "vidset")
    shutil.copytree(ROOT / "infra" / "schemas", tmp_path / "vidset" / "schemas")
    program = "from vidset.tables.schemas import *; print(schema_folder()); print(len(tables()))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == [str(tmp_path / "vidset" / "schemas"), "15"]


def test_tables_name_columns_that_they_have():
    assert list(tables()) == [
        *(
            "frames",
            "videos",
            "annotations",
            "tasks",
            "predictions",
            "tags",
            "statements",
            "versions",
            "entries",
            "runs",
        ),
        *("epochs", "scores", "slices", "run_predictions", "exports"),
    ]
    for table in tables().values():
        named = {*table.key, *table.newest_by, *table.clustering}
        assert named | ({table.partitioned_by} - {None}) <= set(table.names)


def test_tables_are_partitioned_by_day_and_clustered_by_video():
    layouts = {name: (table.partitioned_by, table.clustering) for name, table in tables().items()}
    assert layouts == {
        "frames": ("uploaded_at", ("video_uri",)),
        "videos": ("uploaded_at", ("video_uri",)),
        "annotations": ("updated_at", ("image_uri",)),
        "tasks": ("requested_at", ("image_uri",)),
        "predictions": ("written_at", ("image_id",)),
        "tags": (None, ("image_id",)),
        "statements": (None, ("video_uri",)),
        "versions": ("created_at", ("version",)),
        "entries": ("created_at", ("version",)),
        "runs": ("created_at", ("version",)),
        "epochs": (None, ("run_id",)),
        "scores": (None, ("version",)),
        "slices": (None, ("run_id",)),
        "run_predictions": (None, ("run_id",)),
        "exports": (None, ()),
    }
