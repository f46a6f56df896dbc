"""YOLO's datasets as Ultralytics, Roboflow, CVAT, labelImg and Label Studio lay them out."""

from pathlib import Path

import pytest

from vidset.formats import yolo
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading

_BOX = "0 0.5 0.5 0.1 0.2\n"
_NAMES = "names: [car, bus]\n"


def read(path: Path, files: dict[str, str], reading: Reading | None = None) -> list[ImageLabels]:
    for name, text in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text, encoding="utf-8")
    return list(yolo.read(path, reading or Reading(lambda _: (200, 100))))


def told(labels: list[ImageLabels]) -> dict[str, list[str] | None]:
    return {
        each.image_name: None if each.state == "unlabeled" else [i.label for i in each.objects]
        for each in labels
    }


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param(
            {
                "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n",
                "obj.names": "car\nbus\n",
                "train.txt": "data/obj_train_data/a/1.jpg\ndata/obj_train_data/2.jpg\n",
                "obj_train_data/a/1.txt": _BOX,
                "obj_train_data/2.txt": "",
            },
            {"obj_train_data/a/1.jpg": ["car"], "obj_train_data/2.jpg": []},
            id="CVAT's YOLO 1.1 without images",
        ),
        pytest.param(
            {"classes.txt": "car\n", "1.jpg": "", "1.txt": _BOX, "2.jpg": ""},
            {"1.jpg": ["car"], "2.jpg": None},
            id="labelImg's",
        ),
        pytest.param(
            {"classes.txt": "car\n", "images/1.jpg": "", "labels/1.txt": _BOX, "notes.json": "{}"},
            {"1.jpg": ["car"]},
            id="Label Studio's",
        ),
        pytest.param(
            {"labels/classes.txt": "car\n", "images/1.jpg": "", "labels/1.txt": _BOX},
            {"1.jpg": ["car"]},
            id="names beside the labels",
        ),
        pytest.param(
            {
                "data.yaml": f"train: ../train/images\nval: ../valid/images\n{_NAMES}",
                "train/images/1.jpg": "",
                "train/labels/1.txt": _BOX,
                "valid/images/2.jpg": "",
            },
            {"train/images/1.jpg": ["car"], "valid/images/2.jpg": None},
            id="Roboflow's",
        ),
        pytest.param(
            {
                "data.yaml": f"train: C:\\\\data\\\\ds\\\\images\\\\train\n{_NAMES}",
                "images/train/1.jpg": "",
                "labels/train/1.txt": _BOX,
            },
            {"train/1.jpg": ["car"]},
            id="a folder of another machine",
        ),
        pytest.param(
            {
                "data.yaml": f"train: train.txt\n{_NAMES}",
                "train.txt": "/home/me/ds/images/1.jpg\nD:\\ds\\images\\2.jpg\n",
                "labels/1.txt": _BOX,
                "images/2.jpg": "",
            },
            {"1.jpg": ["car"], "2.jpg": None},
            id="a list of another machine",
        ),
        pytest.param(
            {"data.yaml": f"train: images\n{_NAMES}", "labels/x/1.txt": _BOX, "labels/2.txt": ""},
            {"2": [], "x/1": ["car"]},
            id="labels alone",
        ),
        pytest.param(
            {
                "data.yaml": f"train: images\n{_NAMES}",
                "images/1.jpg": "",
                "labels/1.txt": _BOX,
                "labels/of_another.txt": _BOX,
            },
            {"1.jpg": ["car"], "of_another": ["car"]},
            id="labels of an image that is elsewhere",
        ),
        pytest.param(
            {
                "data.yaml": "train: images\nnames: {'0': no, '1': yes}\nnc: 2\n",
                "images/1.jpg": "",
                "labels/1.txt": "0.0 .5 .5 .1 .1\n1 .5 .5 .1 .1\n",
            },
            {"1.jpg": ["no", "yes"]},
            id="numbers as texts, and names that YAML takes for flags",
        ),
    ],
)
def test_datasets_of_other_tools_are_read(files, wanted, tmp_path):
    assert told(read(tmp_path, files)) == wanted


def test_a_part_that_is_not_there_is_counted(tmp_path):
    reading = Reading(lambda _: (200, 100))
    files = {"data.yaml": f"train: images\ntest: test/images\n{_NAMES}", "images/1.jpg": ""}
    assert told(read(tmp_path, files, reading)) == {"1.jpg": None}
    assert reading.dropped == {"parts of the dataset that are not there (test)": 1}


def test_a_dataset_of_which_no_part_is_there_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"data\.yaml: train: wanted a folder or a list of images"):
        read(tmp_path, {"data.yaml": f"train: none\n{_NAMES}"})


def test_texts_that_are_no_labels_are_counted(tmp_path):
    reading = Reading(lambda _: (200, 100))
    files = {"classes.txt": "car\n", "images/1.jpg": "", "labels/1.txt": _BOX}
    assert read(tmp_path, files | {"labels/notes.txt": "hello\n"}, reading)
    assert reading.dropped == {"files that are no labels (notes.txt)": 1}


def test_an_image_that_is_in_no_part_is_named(tmp_path):
    files = {
        "data.yaml": f"train: images/train\n{_NAMES}",
        "images/train/1.jpg": "",
        "images/val/2.jpg": "",
        "labels/val/2.txt": _BOX,
    }
    with pytest.raises(ValueError, match=r"labels/val/2\.txt: wanted its image in one of train"):
        read(tmp_path, files)


@pytest.mark.parametrize("line", ["../a.jpg", "/a.jpg", "images/../../a.jpg", r"C:\a.jpg"])
def test_a_list_that_leads_outside_names_an_image_and_reads_nothing_there(line, tmp_path):
    (tmp_path / "a.jpg").write_text("")
    (tmp_path / "a.txt").write_text(_BOX)
    files = {"data.yaml": f"train: train.txt\n{_NAMES}", "train.txt": f"{line}\n"}
    [labels] = read(tmp_path / "set", files)
    assert (labels.image_name, labels.state, labels.is_elsewhere) == ("a.jpg", "unlabeled", True)


@pytest.mark.parametrize("base", ["..", "../", "x/../.."])
def test_a_root_above_the_folder_is_the_folder(base, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "secret.jpg").write_text("")
    files = {"data.yaml": f"path: {base}\ntrain: set/images\n{_NAMES}", "images/1.jpg": ""}
    assert told(read(tmp_path / "set", files)) == {"1.jpg": None}


def test_one_of_several_settings_has_to_be_named(tmp_path):
    files = {"a.yaml": _NAMES, "b.yaml": _NAMES, "._data.yaml": "", "images/1.jpg": ""}
    with pytest.raises(
        ValueError, match=r"wanted data\.yaml or one other \.yaml, got a\.yaml, b\."
    ):
        read(tmp_path, files)
    assert told(list(yolo.read(tmp_path / "a.yaml", Reading(lambda _: (200, 100)))))
    (tmp_path / "b.yaml").unlink()
    assert told(read(tmp_path, {})) == {"1.jpg": None}


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"wanted the classes in data\.yaml, obj\.data or classes"):
        read(tmp_path, {"images/1.jpg": ""})


def test_keypoints_beside_a_box_are_left_out_with_a_count(tmp_path):
    files = {
        "data.yaml": f"train: images\nkpt_shape: [2, 3]\n{_NAMES}",
        "images/1.jpg": "",
        "labels/1.txt": "0 .5 .5 .1 .1 .5 .5 2 .4 .4 1\n1 .5 .5 .1 .1\n",
    }
    reading = Reading(lambda _: (200, 100))
    assert told(read(tmp_path, files, reading)) == {"1.jpg": ["car", "bus"]}
    assert reading.dropped == {"keypoints": 1}


def test_where_images_come_from_stands_beside_the_labels(tmp_path):
    said = ImageLabels(
        "a/1.jpg", 200, 100, (), annotator="ann", image_id="7", revision=3, video_uri="gs://b/v.mp4"
    )
    yolo.write([said], tmp_path)
    assert read(tmp_path, {}) == [said]
    with pytest.raises(ValueError, match=r"origins\.jsonl:1: wanted an origin in JSON"):
        read(tmp_path, {"origins.jsonl": "x\n"})
