import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given

from tests.formats.strategies import boxes, images, polygons
from vidset.formats import coco
from vidset.formats.format import ImageLabels
from vidset.labeling.annotation import Box, LabeledObject, Ring, outline

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


def document(*annotations, **changes) -> dict:
    """As other tools write it: ids of any kind, integers, no attributes."""
    return {
        "images": [{"id": "x7", "file_name": "./a.jpg", "width": 100, "height": 80}],
        "categories": [{"id": 0, "name": "car"}],
        "annotations": [
            {"id": n, "image_id": "x7", "category_id": 0, "iscrowd": 0} | each
            for n, each in enumerate(annotations)
        ],
    } | changes


def read(path: Path, content: dict) -> list[ImageLabels]:
    file = path / "coco.json"
    file.write_text(json.dumps(content))
    return list(coco.read(file))


def test_other_tools_files_are_read(tmp_path):
    content = document({"bbox": [1, 2, 3, 4]}, {"segmentation": [[0, 0, 9, 0, 0, 9]]})
    assert read(tmp_path, content) == [
        ImageLabels(
            "a.jpg",
            100,
            80,
            (
                LabeledObject("0", "car", "box", box=Box(1.0, 2.0, 3.0, 4.0)),
                LabeledObject(
                    "1", "car", "polygon", rings=outline(((0.0, 0.0), (9.0, 0.0), (0.0, 9.0)))
                ),
            ),
        )
    ]


def test_an_object_of_several_parts_is_one_object_of_several_rings(tmp_path):
    parts = [[0, 0, 9, 0, 0, 9], [20, 0, 29, 0, 20, 9]]
    content = document({"segmentation": parts, "attributes": {"far": "no"}})
    (labels,) = read(tmp_path, content)
    assert labels.objects == (
        LabeledObject(
            "0",
            "car",
            "polygon",
            rings=(
                Ring(((0.0, 0.0), (9.0, 0.0), (0.0, 9.0))),
                Ring(((20.0, 0.0), (29.0, 0.0), (20.0, 9.0))),
            ),
            attributes={"far": "no"},
        ),
    )


def test_object_ids_are_made_unique(tmp_path):
    same = {"bbox": [1, 2, 3, 4], "object_id": "c"}
    (labels,) = read(tmp_path, document(same, same, same))
    assert [item.id for item in labels.objects] == ["c", "c-2", "c-3"]


BOX = {"bbox": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(
            document({"segmentation": {"counts": "p", "size": [80, 100]}}),
            "annotations[0].segmentation: wanted COCO's compressed counts",
            id="run-length mask",
        ),
        pytest.param(
            document(BOX, BOX | {"iscrowd": 1}),
            "annotations[1]: an annotation cannot hold crowds",
            id="crowd",
        ),
        pytest.param(document({}), "annotations[0].bbox: wanted a list of finite", id="no shape"),
        pytest.param(document({"bbox": [1, 2, 3]}), "wanted x, y, width and height", id="three"),
        pytest.param(document({"bbox": [1, 2, 3, float("nan")]}), "finite numbers", id="nan"),
        pytest.param(document({"bbox": [1, 2, 3, 10**400]}), "finite numbers", id="huge"),
        pytest.param(document({"bbox": [1, 2, 3, True]}), "finite numbers", id="flag"),
        pytest.param(document({"segmentation": [[0, 0, 1, 1]]}), "got 4 numbers", id="two points"),
        pytest.param(
            document({"segmentation": [[0, 0, 1, 1, 2, 3, 4]]}), "got 7 numbers", id="odd"
        ),
        pytest.param(document(BOX | {"image_id": "x8"}), "the image_id of an entry", id="image"),
        pytest.param(document(BOX | {"category_id": 5}), "the category_id of an", id="category"),
        pytest.param(document(BOX | {"category_id": [0]}), "the category_id of an", id="list id"),
        pytest.param(document(BOX | {"attributes": [1]}), "[0].attributes: wanted an", id="list"),
        pytest.param(document(images=[{"id": 1}]), "images[0]: wanted file_name", id="no name"),
        pytest.param(
            document(images=[{"id": 1, "file_name": "../a.jpg"}]), "stays below", id="outside"
        ),
        pytest.param(
            document(images=[{"id": 1, "file_name": "/a.jpg"}]), "stays below", id="absolute"
        ),
        pytest.param(
            document(images=[{"id": 1, "file_name": "a"}, {"id": 2, "file_name": "./a"}]),
            "images[1]: wanted each file_name once, got 'a' again",
            id="image twice",
        ),
        pytest.param(
            document(images=[{"id": 1, "file_name": "a", "width": 9}]), "wanted a width", id="width"
        ),
        pytest.param(document(images=[{"file_name": "a"}]), "images[0]: wanted an id", id="no id"),
        pytest.param(document(images={}), "wanted images as list", id="no list"),
        pytest.param(document(categories=[{"id": 0}]), "categories[0]: wanted name", id="no label"),
        pytest.param(document(categories=["car"]), "categories[0]: wanted an id", id="a text"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place(content, reason, tmp_path):
    with pytest.raises(ValueError, match=r"coco\.json: ") as raised:
        read(tmp_path, content)
    assert reason in str(raised.value)
