"""The options of `label import` on how files are read, each with formats of every shape."""

import csv
import json
from pathlib import Path

import pytest

from tests.cli.called import vidset
from tests.cli.exports import FIRST, SECOND
from tests.cli.labels import HEIGHT, WIDTH, make_output
from vidset.formats.format import ImageLabels
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Box, LabeledObject

_CAR = LabeledObject("1", "auto", "box", box=Box(4.0, 5.0, 20.0, 10.0))
_TURNED = LabeledObject("2", "auto", "rotated_box", box=Box(20.0, 20.0, 20.0, 10.0, 90.0))
_SHAPES = ("coco", "csv", "cvat", "datumaro", "label-studio", "labelme", "yolo")


@pytest.fixture
def out(tmp_path) -> Path:
    return make_output(tmp_path / "out", {"a.mp4": 4})


def written(name: str, folder: Path, *images: ImageLabels) -> Path:
    path = folder / "labels"
    format_named(name).writer().write(list(images), path)
    return path


def imported(out: Path, path: Path, name: str, *options: object):
    return vidset("label", "import", path, "-f", name, "-p", out, "--dry-run", "--json", *options)


def image(name: str, *objects: LabeledObject) -> ImageLabels:
    return ImageLabels(name, WIDTH, HEIGHT, objects)


@pytest.mark.parametrize("name", _SHAPES)
def test_labels_are_renamed_and_boxed_from_every_format(name, out, tmp_path):
    path = written(name, tmp_path, image(FIRST, _CAR, _TURNED))
    refused = imported(out, path, name)
    assert "wanted a label of car" in refused.found["error"]["message"]
    done = imported(out, path, name, "--map-labels", "auto=car", "--as-boxes")
    assert done.code == 0, done.err
    assert done.found["labels"] == {"car": [0, 2]}
    refused = imported(out, path, name, "--map-labels", "atuo=car")
    assert refused.code == 2
    told = "--map-labels atuo=car: unknown label 'atuo'. Did you mean 'auto'?"
    assert refused.found["error"]["message"] == told


@pytest.mark.parametrize("name", _SHAPES)
def test_faults_pass_over_their_image_alone_and_stand_in_a_table(name, out, tmp_path):
    far = LabeledObject("1", "car", "box", box=Box(4.0, 5.0, 900.0, 10.0))
    good = LabeledObject("1", "car", "box", box=Box(4.0, 5.0, 20.0, 10.0))
    images = [ImageLabels(FIRST, 2000, 2000, (far,)), image(SECOND, good)]
    path, table = written(name, tmp_path, *images), tmp_path / "faults.csv"
    assert imported(out, path, name, "--faults", table).code == 2
    [header, row] = csv.reader(table.open(newline=""))
    assert header == ["where", "what"]
    assert row[0].startswith(str(path))
    assert "wanted" in row[1]
    done = imported(out, path, name, "--skip-faults", "--faults", table)
    assert (done.code, done.found["labels"]) == (1, {"car": [0, 1]})
    assert len(list(csv.reader(table.open(newline="")))) == 2


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        pytest.param(
            f"file,what,l,t,r,b\n{FIRST},car,4,5,24,15\n",
            "image=file,label=what,xmin=l,ymin=t,xmax=r,ymax=b",
            id="by name",
        ),
        pytest.param(
            f"{FIRST},4,5,24,15,7,car\n", "image,xmin,ymin,xmax,ymax,-,label", id="in order"
        ),
    ],
)
def test_columns_of_csv_are_told(text, columns, out, tmp_path):
    (tmp_path / "a.csv").write_text(text)
    done = imported(out, tmp_path / "a.csv", "csv", "--columns", columns)
    assert (done.code, done.found["labels"]) == (0, {"car": [0, 1]})


@pytest.mark.parametrize(
    ("name", "columns", "message"),
    [
        ("csv", "image=gone,label=l", "wanted the column 'gone', got"),
        ("csv", "picture=file", "--columns: wanted of angle"),
        ("csv", "image=file,label", "--columns: wanted such as image=file,label=cls"),
        ("coco", "image=file", "--columns is for csv, got coco"),
    ],
)
def test_columns_that_cannot_be_are_refused(name, columns, message, out, tmp_path):
    (tmp_path / "a.csv").write_text("file,l\n")
    refused = imported(out, tmp_path / "a.csv", name, "--columns", columns)
    assert message in refused.found["error"]["message"]


def test_crowds_and_results_are_taken_if_asked(out, tmp_path):
    truth = {
        "images": [{"id": 7, "file_name": FIRST, "width": WIDTH, "height": HEIGHT}],
        "categories": [{"id": 3, "name": "car"}],
        "annotations": [{"image_id": 7, "category_id": 3, "bbox": [4, 5, 20, 10], "iscrowd": 1}],
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    refused = imported(out, tmp_path / "truth.json", "coco")
    assert "cannot hold crowds; --crowds takes them" in refused.found["error"]["message"]
    dropped = imported(out, tmp_path / "truth.json", "coco", "--lossy")
    assert dropped.found["dropped"] == {"crowds": 1}
    taken = imported(out, tmp_path / "truth.json", "coco", "--crowds")
    assert taken.found["labels"] == {"car": [0, 1]}
    results = [{"image_id": 7, "category_id": 3, "bbox": [4, 5, 20, 10], "score": 0.5}]
    (tmp_path / "results.json").write_text(json.dumps(results))
    of = ("--results-of", tmp_path / "truth.json")
    assert imported(out, tmp_path / "results.json", "coco", *of).found["labels"] == {"car": [0, 1]}
