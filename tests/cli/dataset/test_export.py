"""`vidset dataset export` and `export VERSION` of datasets, as called."""

import json

import pyarrow.parquet as pq
import pytest
import yaml

from tests.cli.called import vidset
from tests.cli.dataset.called import create, dataset
from tests.cli.dataset.test_label_files import CAR, write_coco
from tests.datasets.pictures import write_files
from vidset.datasets.versions.repository import Repository

FOLDERS = ("export", "v0", "-f", "folders", "-o")


def test_export_writes_folders_once(folders, root, tmp_path):
    create(folders, root, "--name", "v0")
    done = vidset(
        "export", "v0", "-f", "folders", "-o", tmp_path / "out", "-p", root.parent, "--json"
    )
    found = done.found
    assert (found["version"], found["images"]) == (Repository(root).resolve("v0"), 20)
    assert (found["output"], found["dropped"]) == (str(tmp_path / "out"), {})
    assert len(list((tmp_path / "out" / "train" / "cat").iterdir())) == 8
    again = vidset(*FOLDERS, tmp_path / "out", "-p", root.parent)
    assert "is there already; --overwrite" in again.refusal
    replaced = (
        "export",
        "v0",
        "-f",
        "folders",
        "-o",
        tmp_path / "out",
        "-p",
        root.parent,
        "--overwrite",
    )
    assert vidset(*replaced).code == 0


@pytest.mark.parametrize("name", ["coco", "labelme", "yolo", "voc"])
def test_export_writes_objects_for_each_split(tmp_path, root, name):
    train = write_coco(tmp_path / "1", [CAR], ("a.png",))
    val = write_coco(tmp_path / "2", [CAR | {"category_id": 3}], ("b.png",))
    write_files(tmp_path / "2" / "images", {"b.png": 40})
    both = (f"train={train}", f"validation=coco:{val}")
    assert dataset("create", *both, "-p", root.parent, "--name", "v0").code == 0
    out = tmp_path / "out"
    done = vidset("export", "v0", "-o", out, "--format", name, "-p", root.parent)
    assert done.code == 0, done.refusal
    assert len(list(out.glob("train/**/a-*.png"))) == 1
    assert len(list(out.glob("validation/**/b-*.png"))) == 1
    if name == "coco":
        told = [
            json.loads((out / s / "annotations.json").read_text()) for s in ("train", "validation")
        ]
        assert told[0]["categories"] == told[1]["categories"]
        assert [each["annotations"][0]["category_id"] for each in told] == [1, 2]
        assert told[0]["annotations"][0]["bbox"] == [4.0, 5.0, 20.0, 10.0]
        again = dataset("create", f"train={out}/train/annotations.json", "-p", root.parent)
        assert again.code == 0, again.err


def write_splits(tmp_path, root, drawn):
    """A version with a box to train on, and an object of this shape to validate on."""
    train = write_coco(tmp_path / "1", [CAR], ("a.png",))
    val = write_coco(tmp_path / "2", [CAR | {"category_id": 3} | drawn], ("b.png",))
    write_files(tmp_path / "2" / "images", {"b.png": 40})
    both = (f"train={train}", f"validation=coco:{val}")
    assert dataset("create", *both, "-p", root.parent, "--name", "v0").code == 0
    out = tmp_path / "out"
    return out, vidset("export", "v0", "-o", out, "-f", "yolo", "-p", root.parent)


def test_a_settings_file_above_yolos_splits_names_them(tmp_path, root):
    out, done = write_splits(tmp_path, root, {})
    assert done.code == 0, done.err
    settings = yaml.safe_load((out / "data.yaml").read_text())
    assert (settings["train"], settings["val"]) == ("train/images", "validation/images")
    for split in ("train", "validation"):
        assert settings["names"] == yaml.safe_load((out / split / "data.yaml").read_text())["names"]
    again = tmp_path / "again"
    assert dataset("create", f"yolo:{out}", "-p", again, "--name", "v0").code == 0
    before, after = (
        {
            (entry.split, entry.image_sha256, entry.objects)
            for entry in Repository(each).manifest("v0")
        }
        for each in (root, again / "datasets")
    )
    assert after == before


def test_splits_of_yolo_with_different_kinds_of_objects_are_refused(tmp_path, root):
    outline = [4, 5, 24, 5, 24, 15, 9, 15]
    out, refused = write_splits(tmp_path, root, {"segmentation": [outline]})
    assert (
        "wanted objects of one kind in all splits, got detect in train, segment" in refused.refusal
    )
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("tfrecord", ["images-00000-of-00001.tfrecord", "label_map.pbtxt"]),
        ("webdataset", ["images-000000.tar"]),
        ("parquet", ["data/train-00000-of-00001.parquet"]),
    ],
)
def test_export_writes_files_with_the_images_in_them_for_each_split(
    folders, root, tmp_path, name, files
):
    create(folders, root, "--name", "v0")
    out = tmp_path / "out"
    done = vidset("export", "v0", "-f", name, "-o", out, "-p", root.parent, "--json")
    assert (done.code, done.found["images"]) == (0, 20), done.err
    for split in Repository(root).manifest("v0").splits:
        assert all((out / split / each).is_file() for each in files)
    image = next(iter(Repository(root).manifest("v0").split("train")))
    data = Repository(root).read_image(image)
    path = out / "train" / files[0]
    if name == "parquet":
        assert data in [row["bytes"] for row in pq.read_table(path)["image"].to_pylist()]
    else:
        assert data in path.read_bytes()
    refused = vidset("export", "v0", "-f", name, "-o", out, "--link", "-p", root.parent)
    assert "--link: wanted a format that leaves images as files" in refused.refusal


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("folders", "wanted a class for the folder to be in", id="no class"),
        pytest.param("nonsense", "wanted a format of ", id="unknown"),
        pytest.param("fodlers", "got 'fodlers'; did you mean folders", id="nearly-folders"),
    ],
)
def test_export_that_cannot_be_leaves_nothing(tmp_path, root, name, message):
    file = write_coco(tmp_path / "in", [CAR])
    dataset("create", file, "-p", root.parent, "--name", "v0", "--shares", "train=1")
    refused = vidset("export", "v0", "-o", tmp_path / "out", "--format", name, "-p", root.parent)
    assert message in refused.refusal
    assert sorted(path.name for path in tmp_path.iterdir()) == ["datasets", "in"]
