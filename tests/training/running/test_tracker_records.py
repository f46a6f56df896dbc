"""Trackers have the version, the tables and the checkpoint of a run: the real ones."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.datasets.numerals import numerals, write_version
from tests.training.running.asked_trackers import ask, tell, tell_and_ask
from tests.training.runs import COUNTS, LABELS, train
from vidset.datasets.versions.repository import Repository
from vidset.rights import Rights
from vidset.training.running.trackers.records import write_records
from vidset.training.scoring.run import read_run


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> Path:
    """A run of two epochs with its records, on images whose licence is stated."""
    place = tmp_path_factory.mktemp("trained")
    repository = Repository(place / "datasets")
    stated = Rights(license="CC-BY-4.0", attribution="Ada").to_json()
    drawn = numerals(repository, COUNTS, LABELS, seed=0)
    version = write_version(repository, [replace(entry, rights=stated) for entry in drawn])
    train(repository, version, place / "run", epochs=2)
    write_records(place / "run", repository)
    return place / "run"


def told(trained: Path) -> tuple[dict, dict]:
    """run.json, and the records of the split validation."""
    records = json.loads((trained / "records" / "records.json").read_text())
    return json.loads((trained / "run.json").read_text()), records["splits"]["validation"]


def test_records_have_truth_predictions_and_the_split_of_every_image(trained):
    run, validation = told(trained)
    images = len(LABELS) * COUNTS["validation"]
    assert len(validation["images"]) == images
    right = [each for each in validation["images"] if each["truth"] == each["prediction"]]
    assert [each for each in validation["images"] if each["right"]] == right
    assert len(right) == validation["result"]["right"]
    assert all((trained / "records" / each["file"]).is_file() for each in validation["images"])
    assert "by Ada" in (trained / "records" / "LICENSE").read_text()
    lines = (trained / "records" / "split.csv").read_text().splitlines()
    assert lines[0] == "image_sha256,image_uri,split,label,group,source"
    assert len(lines) == 1 + len(LABELS) * sum(COUNTS.values())
    assert (
        run["version"]
        == json.loads((trained / "records/records.json").read_text())["version"]["id"]
    )


def points_of(trained: Path) -> list[list]:
    """What precision_recall.csv of the validation says."""
    lines = (trained / "records/validation/precision_recall.csv").read_text().splitlines()[1:]
    rows = [line.split(",") for line in lines]
    return [[label, *(float(number) for number in numbers)] for label, *numbers in rows]


def test_records_have_a_point_of_the_curve_for_every_threshold(trained):
    run = read_run(trained)
    table = run.predictions("validation", run.best_epoch)
    points = points_of(trained)
    for place, label in enumerate(sorted(LABELS)):
        mine = [point[1:] for point in points if point[0] == label]
        scores = sorted({row[place] for row in table["probabilities"].to_pylist()}, reverse=True)
        assert [point[0] for point in mine] == scores
        # All images count at the lowest threshold: a third of them have the label.
        assert mine[-1][1:] == [pytest.approx(1 / 3), 1.0]


@pytest.mark.slow
def test_mlflow_has_the_version_the_tables_and_the_checkpoint(trained):
    [run] = tell_and_ask("mlflow", trained)
    details, validation = told(trained)
    assert run["inputs"] == [
        [
            f"version-{details['version'][:12]}",
            details["version"],
            {"version": details["version"], "parents": []},
        ]
    ]
    assert {"checkpoints", "version", "validation"} <= set(run["files"])
    assert run["version_files"] == ["version/LICENSE", "version/split.csv"]
    assert {"path": "validation/images.json", "type": "table"} in run["tables"]
    best = run["metrics"]["best/validation/score"]
    assert best == [[details["best_epoch"], validation["result"]["score"]]]
    images = run["read"]["validation/images.json"]
    assert images["columns"] == ["image", "image_uri", "truth", "prediction", "right"]
    assert [row[1:3] for row in images["data"]] == [
        [each["image_uri"], each["truth"]] for each in validation["images"]
    ]
    cells = run["read"]["validation/confusion.json"]["data"]
    matrix = validation["result"]["confusion"]["matrix"]
    assert [number for _, _, number in cells] == [number for line in matrix for number in line]
    assert [row[0] for row in run["read"]["validation/labels.json"]["data"]] == sorted(LABELS)
    assert run["read"]["validation/precision_recall.json"]["data"] == points_of(trained)


@pytest.mark.slow
def test_wandb_has_the_version_the_tables_and_the_checkpoint_offline(trained):
    tell("wandb", trained)
    [run] = ask("wandb", trained)
    details, validation = told(trained)
    by_type = {kind: rest for kind, *rest in run["artifacts"] if kind in ("dataset", "model")}
    name, metadata, files = by_type["dataset"]
    assert name == f"version-{details['version'][:12]}"
    assert (metadata["id"], files) == (details["version"], ["LICENSE", "split.csv"])
    assert metadata["licences"] == {"CC-BY-4.0": len(LABELS) * sum(COUNTS.values())}
    name, metadata, files = by_type["model"]
    assert metadata == {"run_id": details["run_id"], "version": details["version"]}
    assert files == [
        "best.pt",
        "label_book/precision_recall.csv",
        "validation/precision_recall.csv",
    ]
    assert run["summary"]["best/validation/score"] == validation["result"]["score"]
    images = run["tables"]["validation/images"]
    assert images["columns"] == ["image", "image_uri", "truth", "prediction", "right"]
    assert [row[1:] for row in images["data"]] == [
        [each["image_uri"], each["truth"], each["prediction"], each["right"]]
        for each in validation["images"]
    ]
    # Offline the table's own file has a word in the place of each image; the files are beside it.
    pictures = {
        path
        for kind, name, _, files in run["artifacts"]
        if kind == "run_table" and "validationimages" in name
        for path in files
        if path.endswith(".png")
    }
    assert len(pictures) == len(validation["images"])
    assert run["tables"]["validation/precision_recall"]["data"] == points_of(trained)
    cells = run["tables"]["validation/confusion"]["data"]
    assert sum(number for _, _, number in cells) == len(validation["images"])
