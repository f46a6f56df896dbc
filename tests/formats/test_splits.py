"""The parts of a dataset, as files of other tools tell them."""

import json
from pathlib import Path

import pytest

from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.formats.splits import split_of_file

_YAML = "names: [car]\n"
_COCO = json.dumps({"images": [{"id": 1, "file_name": "%s"}], "annotations": [], "categories": []})
_ITEM = {"id": "a", "annotations": [], "image": {"path": "%s", "size": [100, 200]}}
_DATUMARO = json.dumps({"categories": {}, "items": [_ITEM]})
_VOC = "<annotation><filename>%s</filename></annotation>"
_SAMPLE = {"filepath": "data/%s", "metadata": {"width": 200, "height": 100}}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def splits(name: str, folder: Path) -> dict[str, tuple[str, ...]]:
    found: list[ImageLabels] = [
        *format_named(name).read(folder, Reading(lambda _: (200, 100), collects=True))
    ]
    return {each.image_name: each.splits for each in found}


def yolo(**parts: str) -> dict[str, str]:
    lines = "".join(f"{part}: {told}\n" for part, told in parts.items())
    images = ("train/1.jpg", "val/2.jpg", "test/3.jpg")
    return {f"images/{image}": "" for image in images} | {"data.yaml": lines + _YAML}


@pytest.mark.parametrize(
    ("name", "files", "wanted"),
    [
        pytest.param(
            "yolo",
            yolo(train="images/train", valid="images/val", test="images/test"),
            {"train/1.jpg": ("train",), "val/2.jpg": ("validation",), "test/3.jpg": ("test",)},
            id="YOLO",
        ),
        pytest.param(
            "yolo",
            yolo(train="[images/train, images/val]", val="images/val"),
            {"train/1.jpg": ("train",), "val/2.jpg": ("train", "validation")},
            id="YOLO, an image in two",
        ),
        pytest.param(
            "yolo",
            yolo(train="images", val="images"),
            {"train/1.jpg": (), "val/2.jpg": (), "test/3.jpg": ()},
            id="YOLO, validated on what it is trained on",
        ),
        pytest.param(
            "yolo",
            yolo(train="images/train", val="images/val", test="images/val"),
            {"train/1.jpg": ("train",), "val/2.jpg": ("validation",)},
            id="YOLO, tested on what it is validated on",
        ),
        pytest.param(
            "yolo", yolo(train="images/train"), {"train/1.jpg": ()}, id="YOLO, train alone"
        ),
        pytest.param(
            "coco",
            {"train/_annotations.coco.json": _COCO % "1.jpg", "valid/x.json": _COCO % "2.jpg"},
            {"1.jpg": ("train",), "2.jpg": ("validation",)},
            id="COCO of Roboflow",
        ),
        pytest.param(
            "coco",
            {
                "annotations/instances_train2017.json": _COCO % "1.jpg",
                "annotations/instances_val2017.json": _COCO % "2.jpg",
                "annotations/more.json": _COCO % "3.jpg",
            },
            {"1.jpg": ("train",), "2.jpg": ("validation",), "3.jpg": ()},
            id="COCO's own",
        ),
        pytest.param(
            "datumaro",
            {"annotations/Train.json": _DATUMARO % "1", "annotations/default.json": _DATUMARO % 2},
            {"1": (), "2": ()},
            id="Datumaro, train alone",
        ),
        pytest.param(
            "datumaro",
            {"annotations/train.json": _DATUMARO % "1", "annotations/test.json": _DATUMARO % 2},
            {"1": ("train",), "2": ("test",)},
            id="Datumaro",
        ),
        pytest.param(
            "cvat",
            {
                "annotations.xml": "<annotations><image name='1' subset='Train'/>"
                "<image name='2' subset='Validation'/><image name='3' subset='x'/></annotations>"
            },
            {"1": ("train",), "2": ("validation",), "3": ()},
            id="CVAT",
        ),
        pytest.param(
            "voc",
            {
                "Annotations/1.xml": _VOC % "1.jpg",
                "Annotations/2.xml": _VOC % "2.jpg",
                "ImageSets/Main/train.txt": "1\n",
                "ImageSets/Main/val.txt": "2  1\n",
                "ImageSets/Main/trainval.txt": "1\n2\n",
                "ImageSets/Main/car_val.txt": "1 -1\n",
            },
            {"1.jpg": ("train",), "2.jpg": ("validation",)},
            id="Pascal VOC",
        ),
        pytest.param(
            "voc",
            {"train/1.xml": _VOC % "1.jpg", "valid/2.xml": _VOC % "2.jpg", "3.xml": _VOC % "3.jpg"},
            {"1.jpg": ("train",), "2.jpg": ("validation",), "3.jpg": ()},
            id="Pascal VOC of Roboflow",
        ),
        pytest.param(
            "voc",
            {"train/1.xml": _VOC % "a.jpg", "valid/1.xml": _VOC % "b.jpg"},
            {"a.jpg": ("train",), "b.jpg": ("validation",)},
            id="Pascal VOC, files of one name in two folders",
        ),
        pytest.param(
            "cvat",
            {
                "train.xml": "<annotations><image name='1'/></annotations>",
                "val.xml": "<annotations><image name='2'/></annotations>",
            },
            {"1": ("train",), "2": ("validation",)},
            id="CVAT, a file for each part",
        ),
        pytest.param(
            "csv",
            {"labels.csv": "image,label,split\n1.jpg,,TRAIN\n2.jpg,,test\n3.jpg,,fold3\n"},
            {"1.jpg": ("train",), "2.jpg": ("test",), "3.jpg": ()},
            id="CSV",
        ),
        pytest.param(
            "fiftyone",
            {
                "samples.json": json.dumps(
                    {
                        "samples": [
                            {**_SAMPLE, "filepath": "data/1.jpg", "tags": ["train", "night"]},
                            {**_SAMPLE, "filepath": "data/2.jpg", "tags": ["val"]},
                            {**_SAMPLE, "filepath": "data/3.jpg"},
                        ]
                    }
                )
            },
            {"1.jpg": ("train",), "2.jpg": ("validation",), "3.jpg": ()},
            id="FiftyOne",
        ),
    ],
)
def test_images_are_in_the_parts_that_files_tell(name, files, wanted, tmp_path):
    assert splits(name, write(tmp_path, files)) == wanted


def test_a_split_of_another_name_is_counted(tmp_path):
    write(tmp_path, {"labels.csv": "image,label,split\n1.jpg,,fold3\n"})
    reading = Reading()
    assert [each.splits for each in format_named("csv").read(tmp_path, reading)] == [()]
    assert reading.dropped == {"splits of other names (fold3)": 1}


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("annotations/instances_val2017.json", "validation"),
        ("valid/_annotations.coco.json", "validation"),
        ("train/images/test.json", "test"),
        ("trainval.json", None),
        ("train/val/train_val.json", None),
        ("contest/latest.json", None),
    ],
)
def test_the_name_of_a_file_tells_its_split(file, wanted):
    assert split_of_file(Path(file)) == wanted
