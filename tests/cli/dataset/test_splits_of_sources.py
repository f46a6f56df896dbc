"""The splits that files of labels have already are those of the version."""

import json

from tests.cli.dataset.called import dataset, faults
from tests.cli.dataset.test_label_files import CAR, create, write_coco
from tests.datasets.pictures import write_files
from vidset.datasets.versions.repository import Repository


def write_yolo(folder, **parts):
    """A dataset of YOLO: for each part of data.yaml its images, which show a car each."""
    seeds = iter(range(99))
    for images in parts.values():
        write_files(folder, {f"images/{name}.png": next(seeds) for name in images})
        write_files(folder, {f"labels/{name}.txt": b"0 .5 .5 .5 .5\n" for name in images})
    lists = {f"{part}.txt": images for part, images in parts.items()}
    for file, images in lists.items():
        lines = "".join(f"./images/{name}.png\n" for name in images)
        write_files(folder, {file: lines.encode()})
    told = "".join(f"{part}: {part}.txt\n" for part in parts)
    write_files(folder, {"data.yaml": f"{told}names: [car]\n".encode()})
    return folder


def sides(tmp_path):
    manifest = Repository(tmp_path / "datasets").manifest("v")
    return {entry.image_uri: entry.split for entry in manifest}


def test_the_splits_of_a_source_are_those_of_the_version(tmp_path):
    folder = write_yolo(tmp_path / "in", train=["a", "b"], val=["c"], test=["d"])
    made = create(tmp_path, f"yolo:{folder}")
    assert made.code == 0, made.err
    assert sides(tmp_path) == {
        "a.png": "train",
        "b.png": "train",
        "c.png": "validation",
        "d.png": "test",
    }
    refused = create(tmp_path, f"train=yolo:{folder}")
    assert refused.code == 2
    told = "wanted no splits, as all are to be train, got images of validation"
    assert told in refused.found["error"]["message"]


def test_a_source_that_trains_alone_is_split(tmp_path):
    folder = write_yolo(tmp_path / "in", train=["a", "b", "c", "d"])
    options = ("-p", tmp_path, "--json", "--shares", "train=0.5,validation=0.5")
    for source, splits in (
        (f"yolo:{folder}", {"train": 2, "validation": 2}),
        (f"train=yolo:{folder}", {"train": 4}),
    ):
        made = dataset("create", source, *options)
        assert made.found["splits"] == splits


def test_an_image_in_several_splits_of_its_source_is_a_fault(tmp_path):
    folder = write_yolo(tmp_path / "in", train=["a", "b"], val=["b", "c"])
    made = create(tmp_path, f"yolo:{folder}")
    assert faults(made) == ["b.png: in several splits of its source: train, validation"]
    assert create(tmp_path, f"yolo:{folder}", "--skip-faults").code == 0
    assert sides(tmp_path) == {"a.png": "train", "c.png": "validation"}


def test_files_of_a_folder_are_the_splits_that_they_are_called(tmp_path):
    for seed, part in enumerate(("train", "valid")):
        document = json.loads(write_coco(tmp_path / "x", [CAR], ("a.png",)).read_text())
        document["images"][0]["file_name"] = f"{part}.png"
        files = {f"{part}.png": seed, "_annotations.coco.json": json.dumps(document).encode()}
        write_files(tmp_path / "in" / part, files)
    made = create(tmp_path, tmp_path / "in")
    assert made.code == 0, made.err
    assert sides(tmp_path) == {"train.png": "train", "valid.png": "validation"}
    refused = create(tmp_path, f"test=coco:{tmp_path / 'in'}")
    assert refused.code == 2
    assert "as all are to be test, got images of train" in refused.found["error"]["message"]


def test_cocos_own_folders_are_read_and_its_other_files_are_named(tmp_path):
    folder = tmp_path / "in"
    text = write_coco(tmp_path / "x", [CAR], ("a.png",)).read_text()
    for seed, part in enumerate(("train2017", "val2017")):
        files = {f"{part}/a.png": seed}
        for task in ("instances", "captions"):
            files[f"annotations/{task}_{part}.json"] = text.encode()
        write_files(folder, files)
    made = create(tmp_path, folder)
    assert made.code == 0, made.err
    assert sides(tmp_path) == {"train2017/a.png": "train", "val2017/a.png": "validation"}
    [left_out] = made.found["left_out"]
    assert left_out["what"] == "2 files beside the instances (captions)"
