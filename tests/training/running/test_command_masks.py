"""Models of masks that are programs: label maps of pixels, and COCO's masks and polygons."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.called import vidset
from tests.cli.dataset.outputs import add_video
from tests.cli.exports import annotate
from tests.contracts.pages import pages
from tests.datasets.masked_cells import write_masked_cells
from tests.datasets.numerals import entry
from tests.datasets.streets import LABELS, write_streets
from tests.prediction.predicted import documents, store_of
from tests.training.running.test_command import write_model
from vidset.datasets.errors import DatasetError
from vidset.datasets.versions.repository import Repository
from vidset.labeling.annotation import LabeledObject, outline
from vidset.training.models.commands import CommandModel, read_command_model
from vidset.training.scoring.matching import read_things
from vidset.training.scoring.pixels import read_masks
from vidset.training.scoring.run import read_run


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A place with streets and cells, a run of a program on each, and some images of a video."""
    root = tmp_path_factory.mktemp("place")
    repository = Repository(root / "datasets")
    repository.name_version("streets", write_streets(repository, {"train": 6, "validation": 3}))
    repository.name_version("cells", write_masked_cells(repository, {"train": 8, "validation": 4}))
    add_video(root, "drive.mp4", [1, 2, 3])
    labels = "".join(f"  - {{name: {label}, type: mask}}\n" for label in (*LABELS, "red cell"))
    (root / "template.yaml").write_text(
        f"name: all\nlabels:\n{labels}  - {{name: white cell, type: polygon}}\n"
    )
    (root / "vidset.toml").write_text(f'template = "{root}/template.yaml"\n')
    write_model(root / "pixels", "pixels", "segmentation")
    write_model(root / "cells", "cells", "detection", masks=True)
    trained = vidset(
        *("train", "streets", "-p", root, "--model", root / "pixels/model.toml"),
        *("--seeds", "1-2", "--json"),
    )
    assert trained.code == 0, trained.err
    cells = ("train", "cells", "-p", root, "--model", root / "cells/model.toml")
    trained = vidset(*cells, "--json")
    assert trained.code == 0, trained.err
    return root


def test_a_program_labels_pixels_and_leaves_those_alone_that_nobody_labeled(place):
    done = vidset("evaluate", "streets-pixels-1", "-p", place, "--json")
    assert done.code == 0, done.err
    result = done.found["results"]["validation"]
    assert result["labels"]["road"]["iou"] > 0.6
    assert result["mean_iou"] > 2 * result["constant_guess"]
    assert result["pixels"] + result["ignored_pixels"] == 3 * 320 * 180
    assert result["ignored_pixels"] > 0
    run = read_run(place / "runs" / "streets-pixels-1")
    assert run.task == "segmentation"
    assert set(run.classes) == set(LABELS)
    [row, *_] = run.predictions("validation", 1).to_pylist()
    found = read_masks(row["predicted"], "a", "predicted")
    assert sum(mask.area for mask in found.values()) == 320 * 180
    reviewed = vidset("errors", "streets-pixels-1", "-p", place, "-o", place / "e1", "--json")
    assert (reviewed.code, reviewed.found["task"]) == (0, "segmentation"), reviewed.err
    words = ("streets-pixels-1", "vs", "streets-pixels-2", "--allow-few")
    compared = vidset("compare", *words, "-p", place, "--json")
    assert (compared.code, compared.found["measure"]) == (0, "mean_iou"), compared.err


def test_a_program_finds_the_pixels_of_objects(place):
    done = vidset("evaluate", "cells-cells-1", "-p", place, "--json")
    assert done.code == 0, done.err
    result = done.found["results"]["validation"]
    assert min(result[by]["ap50"] for by in ("masks", "parts")) > 0.7
    history = json.loads((place / "runs/cells-cells-1/history.jsonl").read_text())
    scores = history["scores"]["validation"]
    assert next(iter(scores)) == "ap50"
    assert scores["ap_parts"] == result["parts"]["ap"]
    run = read_run(place / "runs" / "cells-cells-1")
    table = run.predictions("validation", 1)
    for column in ("truth", "predicted"):
        for image in read_things(table, column):
            for thing in image:
                assert thing.mask is not None
                left, top, right, bottom = thing.mask.bounds or (0, 0, 0, 0)
                box = (left, top, right - left, bottom - top)
                assert (thing.x, thing.y, thing.width, thing.height) == box
    words = ("-o", place / "e2", "--json")
    reviewed = vidset("errors", "cells-cells-1", "-p", place, *words)
    assert (reviewed.code, reviewed.found["task"]) == (0, "detection"), reviewed.err
    asked = vidset(
        *("evaluate", "cells-cells-1", "--on", "cells", "-p", place, "--json"),
        *("--model", place / "cells/model.toml"),
    )
    assert asked.code == 0, asked.err
    assert asked.found["results"]["validation"]["masks"] == result["masks"]


def test_the_pixel_classifier_of_the_guide_learns_streets(place, tmp_path):
    [page] = [page for page in pages() if page.name == "docs/training.md"]
    [code] = [each for each in page.blocks("python") if "label_map" in each]
    toml = write_model(tmp_path / "tree", "pixels", "segmentation")
    (tmp_path / "tree" / "pixels.py").write_text(code)
    done = vidset(
        "train", "streets", "-p", place, "--model", toml, "-o", tmp_path / "run", "--json"
    )
    assert done.code == 0, done.err
    assert done.found["runs"][0]["best"]["validation"]["mean_iou"] > 0.2


@pytest.mark.parametrize("name", ["streets-pixels-1", "cells-cells-1"])
def test_a_program_is_asked_about_the_images_of_the_place(place, tmp_path, name):
    model = place / name.split("-")[1] / "model.toml"
    words = ("predict", name, "-p", place, "--model", model, "--draw", tmp_path / "drawn")
    done = vidset(*words, "--json")
    assert done.code == 0, done.err
    assert (done.found["predicted"], done.found["drawn"]) == (3, 3)
    assert sorted(path.name for path in tmp_path.rglob("*.jpg")) == [
        f"{second * 1000:010d}.jpg" for second in range(3)
    ]
    said = [each for each in documents(store_of(place)).values() if each["run"] == name]
    assert len(said) == 3
    kinds = {(thing["label"], thing["type"]) for each in said for thing in each["objects"]}
    if name.startswith("streets"):
        assert kinds
        assert {kind for _, kind in kinds} == {"mask"}
    else:
        assert kinds <= {("red cell", "mask"), ("white cell", "polygon")}


@pytest.mark.parametrize(
    ("name", "label"), [("streets-pixels-1", "road"), ("cells-cells-1", "cell")]
)
def test_what_people_drew_stands_beside_what_a_program_says(place, tmp_path, name, label):
    here = shutil.copytree(place, tmp_path / "place")
    (here / "vidset.toml").write_text(f'template = "{here}/template.yaml"\n')
    corners = ((4.0, 4.0), (28.0, 4.0), (28.0, 20.0), (4.0, 20.0))
    drawn = LabeledObject("1", label, "polygon", rings=outline(corners))
    annotate(here, {"drive/0/0000000000.jpg": (drawn,)})
    model = here / name.split("-")[1] / "model.toml"
    words = ("predict", name, "-p", here, "--all", "--model", model, "--draw", tmp_path / "out")
    done = vidset(*words, "--json")
    assert (done.code, done.found["drawn"]) == (0, 3), done.out + done.err
    labeled, other = (
        cv2.imread(str(tmp_path / f"out/drive/0/{second:07d}000.jpg")) for second in (0, 1)
    )
    assert labeled is not None
    assert other is not None
    if name.startswith("streets"):  # Two pictures side by side, the left one with the road.
        assert labeled.shape[1] == 2 * other.shape[1] + 4
        return
    # One line more below it, and the left edge of the polygon in dashes, 15 times as large.
    assert labeled.shape[0] > other.shape[0]
    edge = labeled[70:290, 60].astype(int).mean(axis=1)
    assert edge.max() > 220
    assert edge.min() < 60


def test_masks_are_a_part_of_the_recipe(tmp_path):
    plain = read_command_model(write_model(tmp_path / "a", "cells", "detection"))
    masked = read_command_model(write_model(tmp_path / "b", "cells", "detection", masks=True))
    assert plain.recipe_hash != masked.recipe_hash
    assert "masks" not in plain.recipe
    assert masked.copy_to(tmp_path / "c").recipe == masked.recipe


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        pytest.param("segmentation", {"masks": True}, "masks: .* detection alone", id="of pixels"),
        pytest.param("detection", {"masks": "yes"}, "masks: wanted true or false", id="no bool"),
        pytest.param(
            "detection",
            {"masks": True, "data": "yolo"},
            "wanted coco for detection with masks",
            id="yolo",
        ),
        pytest.param("segmentation", {"data": "coco"}, "wanted label-maps", id="coco"),
    ],
)
def test_what_a_model_cannot_be_is_refused(tmp_path, kind, more, said):
    with pytest.raises(DatasetError, match=said):
        read_command_model(write_model(tmp_path, "cells", kind, **more))


def test_boxes_alone_are_refused_before_the_program_runs(place, tmp_path):
    repository = Repository(tmp_path / "datasets")
    box = {"x": 1, "y": 2, "width": 9, "height": 9}
    thing = {"id": "1", "label": "cell", "type": "box", "box": box, "attributes": {}}
    picture = np.zeros((20, 30, 3), np.uint8)
    one = entry(repository, picture, "a.png", "train", None, [thing])
    for model in (
        CommandModel("m", "segmentation", tmp_path, "label-maps", ("x",), {}),
        CommandModel("m", "detection", tmp_path, "coco", ("x",), {}, masks=True),
    ):
        assert "has a box (cell)" in (model.truths().unusable(one) or "")
