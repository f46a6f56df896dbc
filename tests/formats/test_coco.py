import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given

from tests.formats.strategies import boxes, images, polygons
from vidset.formats import coco
from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject, outline

CAR = LabeledObject("c", "car", "box", box=Box(10.5, 20.0, 30.0, 4.0), attributes={"far": True})
ROAD = LabeledObject("r", "road", "polygon", rings=outline(((0.0, 0.0), (10.0, 0.0), (0.0, 8.0))))


@given(images(boxes, polygons))
def test_labels_come_back_exactly(labels):
    with TemporaryDirectory() as folder:
        coco.write(labels, Path(folder, "a.json"))
        assert list(coco.read(Path(folder, "a.json"))) == labels


def test_a_file_has_coco_s_structure(tmp_path):
    labels = [
        ImageLabels("a.jpg", 100, 80, ()),
        ImageLabels(
            "gs://images/b.jpg",
            100,
            80,
            (CAR, ROAD),
            annotator="ann",
            updated_at=datetime(2026, 1, 2, tzinfo=UTC),
        ),
    ]
    coco.write(labels, tmp_path / "a.json", ["sky", "road", "car"])
    assert json.loads((tmp_path / "a.json").read_text()) == {
        "info": {"description": "Exported by vidset", "version": "1.0"},
        "licenses": [],
        "categories": [
            {"id": 1, "name": "sky", "supercategory": ""},
            {"id": 2, "name": "road", "supercategory": ""},
            {"id": 3, "name": "car", "supercategory": ""},
        ],
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 100, "height": 80},
            {
                "id": 2,
                "file_name": "gs://images/b.jpg",
                "width": 100,
                "height": 80,
                "annotator": "ann",
                "updated_at": "2026-01-02T00:00:00.000000Z",
            },
        ],
        "annotations": [
            {
                "id": 1,
                "image_id": 2,
                "category_id": 3,
                "bbox": [10.5, 20.0, 30.0, 4.0],
                "segmentation": [],
                "area": 120.0,
                "iscrowd": 0,
                "object_id": "c",
                "attributes": {"far": True},
            },
            {
                "id": 2,
                "image_id": 2,
                "category_id": 2,
                "bbox": [0.0, 0.0, 10.0, 8.0],
                "segmentation": [[0.0, 0.0, 10.0, 0.0, 0.0, 8.0]],
                "area": 40.0,
                "iscrowd": 0,
                "object_id": "r",
                "attributes": {},
            },
        ],
    }


def test_without_an_order_the_categories_are_sorted(tmp_path):
    objects = tuple(replace(CAR, id=label, label=label) for label in "hgfedcba")
    coco.write([ImageLabels("a.jpg", 100, 80, objects)], tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text())
    assert [(each["id"], each["name"]) for each in document["categories"]] == [
        (1, "a"),
        (2, "b"),
        (3, "c"),
        (4, "d"),
        (5, "e"),
        (6, "f"),
        (7, "g"),
        (8, "h"),
    ]


def test_the_area_does_not_depend_on_the_direction(tmp_path):
    turned = replace(ROAD, rings=outline(((0.0, 8.0), (10.0, 0.0), (0.0, 0.0))))
    coco.write([ImageLabels("a.jpg", 100, 80, (turned,))], tmp_path / "a.json")
    (annotation,) = json.loads((tmp_path / "a.json").read_text())["annotations"]
    assert annotation["area"] == 40.0
