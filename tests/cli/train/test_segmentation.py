"""All commands on a version of masks, and on runs of the model that they choose."""

import json

import pytest

from tests.cli.called import vidset
from tests.datasets.streets import LABELS, write_streets
from vidset.datasets.versions.repository import Repository
from vidset.project import find_project
from vidset.view.versions import read_confusion


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A place with the version `streets` and two runs on it."""
    root = tmp_path_factory.mktemp("place")
    (root / "vidset.toml").write_text("")
    repository = Repository(root / "datasets")
    version = write_streets(repository, {"train": 3, "validation": 2})
    repository.name_version("streets", version)
    done = vidset("train", "streets", "-p", root, "--epochs", 1, "--seeds", "1,2", "--json")
    assert done.code == 0, done.err
    assert done.found["model"] == "unet-r18-320x180"
    return root


def test_evaluate_gives_scores_of_pixels(place):
    done = vidset("evaluate", "streets-1", "-p", place, "--json")
    assert done.code == 0, done.err
    result = done.found["results"]["validation"]
    assert set(result["labels"]) == set(LABELS)
    assert result["score"] == result["mean_iou"] <= 1
    low, high = result["interval"]
    assert 0 <= low <= high <= 1
    assert result["pixels"] + result["ignored_pixels"] == 2 * 320 * 180
    assert result["ignored_pixels"] > 0
    assert sum(map(sum, result["confusion"]["matrix"])) == result["pixels"]
    said = vidset("evaluate", "streets-1", "-p", place).out
    assert "mean IoU" in said
    assert "more are ignored" in said
    gate = vidset("evaluate", "streets-1", "-p", place, "--floor", "0.99")
    assert gate.code == 1
    assert "is below the floor 0.99" in gate.err


def test_compare_is_of_mean_iou(place):
    done = vidset("compare", "-p", place, "streets-1", "vs", "streets-2", "--allow-few", "--json")
    assert done.code == 0, done.err
    assert done.found["measure"] == "mean_iou"
    one, other = (
        vidset("evaluate", f"streets-{seed}", "-p", place, "--json").found["results"]["validation"][
            "score"
        ]
        for seed in (1, 2)
    )
    assert done.found["best_epoch"]["difference"] == pytest.approx(other - one)
    assert (
        "mean IoU on 2 images"
        in vidset("compare", "-p", place, "streets-1", "vs", "streets-2", "--allow-few").out
    )


def test_errors_shows_the_worst_images_with_their_wrong_pixels(place, tmp_path):
    done = vidset("errors", "streets-1", "-p", place, "-o", tmp_path / "out", "--json")
    assert done.code == 0, done.err
    found = json.loads((tmp_path / "out/errors.json").read_text())
    assert found["task"] == "segmentation"
    scores = [image["score"] for image in found["shown"]]
    assert len(scores) == 2
    assert scores == sorted(scores)
    for image in found["shown"]:
        assert "taken for" in image["reason"]
        assert image["wrong_pixels"]["size"] == [180, 320]
    assert len(list((tmp_path / "out/thumbnails").glob("*.png"))) == 2
    assert "wrong_pixels" not in (tmp_path / "out/index.html").read_text()
    assert "mean IoU" in vidset("errors", "streets-1", "-p", place, "-o", tmp_path / "out").out


def test_folds_are_of_labels_of_images_alone(place, tmp_path):
    done = vidset(
        *("errors", "streets", "--folds", 2, "--model", "unet-r18-320x180"),
        *("-p", place, "-o", tmp_path / "out"),
    )
    assert done.code == 2
    assert "unet-r18-320x180 is a segmentation model" in done.err


def test_the_page_of_confusions_has_labels_of_pixels(place):
    found = read_confusion(find_project(str(place)), "streets-1", "validation")
    assert found["labels"] == list(LABELS)
    for cell in found["cells"]:
        assert {cell["truth"], cell["predicted"]} <= set(LABELS)
        assert 1 <= len(cell["images"]) <= 2
