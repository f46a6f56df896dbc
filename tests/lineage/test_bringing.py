"""Versions and runs in the warehouse's tables."""

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.cli.called import vidset
from tests.lineage.places import CAR, classified, detected, label, make_place, make_run, sha
from tests.training.scoring.runs import make_version
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.labeling.events import image_id
from vidset.lineage.bringing import Lineage
from vidset.lineage.version_rows import image_id_of
from vidset.training.scoring.predictions import SCHEMA as PREDICTIONS
from vidset.warehouse.duckdb import make_views, open_duckdb
from vidset.warehouse.folder import ParquetWarehouse


def open_warehouse(folder) -> ParquetWarehouse:
    warehouse = ParquetWarehouse(str(folder / "warehouse"))
    warehouse.prepare()
    return warehouse


def bring(folder, **options) -> dict[str, int]:
    return Lineage(folder, str(folder / "warehouse")).bring(open_warehouse(folder), **options)


def ask(folder, query: str) -> list[tuple]:
    with open_duckdb() as connection:
        make_views(connection, folder / "warehouse")
        return connection.execute(query).fetchall()


@pytest.fixture
def place(tmp_path):
    return make_place(tmp_path)


def test_versions_and_runs_are_tables(place):
    assert bring(place.folder) == {
        "versions": 2, "entries": 11, "runs": 3, "epochs": 6, "run_predictions": 9,
    }  # fmt: skip
    assert ask(place.folder, "SELECT version, names, actor, parents, images FROM versions "
               "ORDER BY names") == [
        (place.v0.id, ["v0"], "ada", [], 5), (place.v1.id, ["v1"], "bob", [place.v0.id], 6),
    ]  # fmt: skip
    assert ask(
        place.folder,
        "SELECT image_uri, split, label, labels, objects, origin, collector_id FROM entries "
        "JOIN versions USING (version) WHERE names = ['v0'] AND image_uri = 'v1'",
    ) == [("v1", "validation", "ii", ["ii"], None, sha(3), "cam1")]
    assert ask(place.folder, "SELECT score_name, score FROM epochs JOIN runs USING (run_id) "
               "WHERE run = 'v0-2' ORDER BY 1") == [
        ("accuracy", pytest.approx(2 / 3)), ("loss", None),
    ]  # fmt: skip
    assert ask(
        place.folder,
        "SELECT run, image_uri, truth, predicted, confidence FROM run_predictions "
        "JOIN runs USING (run_id) WHERE NOT is_right ORDER BY ALL",
    ) == [
        ("v0-1", "v2", "v", "ii", pytest.approx(0.9)),
        ("v0-1", "v3", "v", "ii", pytest.approx(0.9)),
        ("v0-2", "v2", "v", "ii", pytest.approx(0.9)),
    ]


def test_what_has_not_changed_is_not_brought_again(place):
    bring(place.folder)
    lineage = Lineage(place.folder, str(place.folder / "warehouse"))
    assert lineage.is_brought()
    assert bring(place.folder) == {}
    assert bring(place.folder, full=True) == {}
    Repository(place.folder / "datasets").name_version("v1", place.v0.id, move=True, actor="eve")
    assert not lineage.is_brought()
    # Both versions have other names now; nothing is said of their images again.
    assert bring(place.folder) == {"versions": 2}
    assert ask(place.folder, "SELECT names FROM versions ORDER BY names") == [
        ([],),
        (["v0", "v1"],),
    ]


def test_predictions_of_a_run_come_when_it_has_ended(place):
    path = place.folder / "runs" / "v1-1" / "run.json"
    run = json.loads(path.read_text())
    path.write_text(json.dumps({**run, "state": "running"}))
    assert bring(place.folder)["run_predictions"] == 6
    path.write_text(json.dumps({**run, "state": "done"}))
    assert bring(place.folder) == {"runs": 1, "run_predictions": 3}


def test_a_lost_record_costs_time_and_changes_no_row(place):
    bring(place.folder)
    (place.folder / "warehouse" / ".lineage.json").unlink()
    assert bring(place.folder) == {}


def test_results_of_evaluate_are_scores_and_slices(place):
    assert vidset("evaluate", "v0-1", "-p", place.folder).code == 0
    assert bring(place.folder)["scores"] == 1
    [row] = ask(place.folder, "SELECT score_name, score, images, right_images, right_low, "
                "right_high, version, evaluated_on FROM scores")  # fmt: skip
    # Wilson's interval of 1 of 3.
    assert row[:6] == (
        "accuracy", pytest.approx(1 / 3), 3, 1, pytest.approx(0.0615, abs=1e-4),
        pytest.approx(0.7923, abs=1e-4),
    )  # fmt: skip
    assert row[6:] == (place.v0.id, place.v0.id)
    assert ask(place.folder, "SELECT slice_value, images, right_images FROM slices "
               "WHERE slice_by = 'label' ORDER BY 1") == [("ii", 1, 1), ("v", 2, 0)]  # fmt: skip


def test_a_detectors_image_is_right_where_every_object_is_found_and_no_other(tmp_path):
    images = [{"uri": name, "objects": [CAR], "number": n} for n, name in enumerate("abc")]
    version = make_version(tmp_path / "datasets", images)
    found = {"label": "car", "box": CAR["box"], "score": 0.9}
    beside = {**found, "box": {**CAR["box"], "x": 14.0}}
    table = detected(version, "validation", {"a": [found], "b": [found, beside]})
    make_run(
        tmp_path / "runs" / "d", version, {"validation": {1: table}},
        task="detection", classes=["car"],
    )  # fmt: skip
    bring(tmp_path)
    query = "SELECT image_uri, is_right, confidence FROM run_predictions ORDER BY 1"
    assert ask(tmp_path, query) == [("a", True, None), ("b", False, None), ("c", False, None)]


@pytest.mark.parametrize(
    ("path", "text", "message"),
    [
        pytest.param("runs/v0-1/run.json", "{}", "run.json: wanted a run", id="run"),
        pytest.param(
            "runs/v0-1/history.jsonl", '{"scores": {}}\n[]', "history.jsonl, line 2", id="history"
        ),
    ],
)
def test_a_damaged_file_is_named(place, path, text, message):
    (place.folder / path).write_text(text)
    with pytest.raises(DatasetError, match=message):
        bring(place.folder)


def test_sync_and_sql_bring_them(tmp_path):
    label(tmp_path, {"cam1/a.mp4": 3}, labeled=2)
    place = make_place(tmp_path)
    synced = vidset("sync", "-p", tmp_path, "--json").found
    assert synced["lineage"]["entries"] == 11
    Repository(tmp_path / "datasets").name_version("best", place.v1.id)
    query = "SELECT names FROM versions WHERE len(names) > 1"
    assert vidset("sql", query, "-p", tmp_path, "--json").found["rows"] == [
        {"names": ["best", "v1"]}
    ]


def test_versions_of_a_place_without_videos_can_be_asked(place):
    query = "SELECT image_uri, split, label FROM entries JOIN versions USING (version) "
    query += "WHERE list_contains(names, 'v1') AND split = 'train' ORDER BY 1"
    called = vidset("sql", query, "--csv", "-p", place.folder)
    assert called.out == "image_uri,split,label\nt1,train,ii\nt2,train,v\nt3,train,v\n"


def test_images_of_a_warehouse_have_the_id_of_the_ledger():
    assert image_id_of("folder", "a.png") is None
    name = "cam1/a/0/0000000000.jpg"
    assert image_id_of("warehouse", name) == image_id(name)
    assert image_id_of("warehouse", f"gs://images/{name}") == image_id(f"images/{name}")


def test_a_segmentations_runs_have_rows_and_a_board(place):
    from vidset.masks import Mask
    from vidset.training.scoring.pixels import masks_to_json

    def said(label: str) -> str:
        return masks_to_json({label: Mask.of(np.ones((2, 3), bool))})

    rows = classified(place.v0, "validation", ["ii", "v"], {}).to_pylist()
    for row, answer in zip(rows, ("road", "road", "sky"), strict=True):
        row |= {"truth": said("road"), "predicted": said(answer), "probabilities": None}
    table = pa.Table.from_pylist(rows, PREDICTIONS)
    run = make_run(
        place.folder / "runs" / "streets", place.v0, {"validation": {1: table}},
        task="segmentation", model="unet-r18-320x180", recipe_hash="5" * 64,
        classes=["road", "sky"],
    )  # fmt: skip
    assert vidset("evaluate", run.name, "-p", place.folder).code == 0
    bring(place.folder)
    assert ask(
        place.folder,
        "SELECT score_name, score, right_images, right_low < 0.667 AND 0.666 < right_high "
        "FROM scores",
    ) == [("mean_iou", pytest.approx(1 / 3), 2, True)]
    assert ask(
        place.folder,
        "SELECT is_right, confidence FROM run_predictions JOIN runs USING (run_id) "
        "WHERE run = 'streets' ORDER BY 1",
    ) == [(False, None), (True, None), (True, None)]
    boards = vidset("dataset", "scores", "-p", place.folder, "--json").found["boards"]
    [board] = [each for each in boards if each["model"] == "unet-r18-320x180"]
    assert board["score_name"] == "mean_iou"
    assert board["versions"][0]["score"] == pytest.approx(1 / 3)
