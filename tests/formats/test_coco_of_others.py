"""COCO as other tools write it: ids of any kind, results, crowds, folders, and what is wrong."""

import json
from pathlib import Path

import pytest

from vidset.formats import coco
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject, Ring, outline

BOX = {"bbox": [1, 2, 3, 4]}
IMAGE = {"id": 7, "file_name": "a.jpg", "width": 100, "height": 80}
OTHER = {"id": 8, "file_name": "c.jpg", "width": 100, "height": 80}


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


@pytest.mark.parametrize("name", ["../x/a.jpg", "/data/x/a.jpg", r"C:\data\x\a.jpg"])
def test_a_path_of_another_machine_is_left_to_the_names_of_images(name, tmp_path):
    content = document(BOX, images=[{"id": "x7", "file_name": name}])
    [labels] = read(tmp_path, content)
    assert labels.image_name.endswith("x/a.jpg")
    assert ".." not in labels.image_name
    assert labels.is_elsewhere


def test_ids_of_images_and_categories_may_be_texts_here_and_numbers_there(tmp_path):
    content = document(BOX | {"image_id": "7", "category_id": 0.0}, images=[IMAGE])
    assert [len(each.objects) for each in read(tmp_path, content)] == [1]
    content = document(BOX | {"image_id": 7, "category_id": "0"}, images=[IMAGE | {"id": "7"}])
    assert [len(each.objects) for each in read(tmp_path, content)] == [1]
    both = [IMAGE, IMAGE | {"id": "7", "file_name": "b.jpg"}]
    labels = read(tmp_path, document(BOX | {"image_id": "7"}, images=both))
    assert [(each.image_name, len(each.objects)) for each in labels] == [("a.jpg", 0), ("b.jpg", 1)]


@pytest.mark.parametrize("part", [[10, 20, 40, 60], [10, 20, 30, 40]])
def test_four_numbers_of_a_box_are_that_box(part, tmp_path):
    [labels] = read(tmp_path, document({"bbox": [10, 20, 30, 40], "segmentation": [part]}))
    assert [(item.type, item.box) for item in labels.objects] == [("box", Box(10, 20, 30, 40))]


def test_two_points_beside_an_outline_are_dropped_with_a_count_or_refused(tmp_path):
    content = document({"segmentation": [[0, 0, 9, 0, 0, 9], [1, 1, 2, 2]]})
    with pytest.raises(ValueError, match=r"segmentation\[1\]: an annotation cannot hold parts"):
        read(tmp_path, content)
    reading = Reading(lossy=True)
    [labels] = coco.read(tmp_path / "coco.json", reading)
    assert [len(item.rings or ()) for item in labels.objects] == [1]
    assert reading.dropped == {"parts of outlines with fewer than 3 points": 1}


def test_crowds_are_objects_if_asked(tmp_path):
    crowd = {"segmentation": {"size": [80, 100], "counts": [0, 3, 7997]}, "iscrowd": 1}
    content = document(BOX, crowd)
    with pytest.raises(ValueError, match=r"cannot hold crowds; --crowds takes them, as CVAT"):
        read(tmp_path, content)
    [labels] = coco.read(tmp_path / "coco.json", Reading(crowds=True))
    box, mask = labels.objects
    assert (box.type, mask.type, mask.attributes) == ("box", "mask", {"iscrowd": True})
    assert mask.mask is not None
    assert mask.mask.area == 3


def test_an_image_with_an_annotation_of_no_category_is_not_taken_by_halves(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps(document(BOX, BOX | {"category_id": 5})))
    reading = Reading(collects=True)
    assert list(coco.read(tmp_path / "a.json", reading)) == []
    assert len(reading.faults) == 1


RESULTS = [{"image_id": 7, "category_id": 0, "bbox": [1, 2, 3, 4], "score": 0.5}]


def test_a_list_of_results_is_read_with_the_file_that_it_is_about(tmp_path):
    (tmp_path / "truth.json").write_text(json.dumps(document(BOX, images=[IMAGE, OTHER])))
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    reading = Reading(results_of=tmp_path / "truth.json")
    [labels] = coco.read(tmp_path / "results.json", reading)
    [item] = labels.objects
    assert (labels.image_name, item.label, item.box) == ("a.jpg", "car", Box(1, 2, 3, 4))
    assert item.attributes == {"score": 0.5}


def test_a_list_of_results_with_names_needs_no_other_file(tmp_path):
    named = RESULTS[0] | {"image_id": "x/a", "category_name": "bus"}
    (tmp_path / "results.json").write_text(json.dumps([named, named | {"file_name": "b.jpg"}]))
    first, second = coco.read(tmp_path / "results.json")
    assert (first.image_name, second.image_name) == ("x/a", "b.jpg")
    assert first.objects[0].label == "bus"


def test_numbers_that_no_file_explains_are_named_with_their_place(tmp_path):
    (tmp_path / "results.json").write_text(json.dumps(RESULTS))
    wanted = r"results\.json: \[0\]: wanted a name, got image_id 7 .*--results-of FILE"
    with pytest.raises(ValueError, match=wanted):
        list(coco.read(tmp_path / "results.json"))


def test_the_files_of_a_folder_have_roots_of_their_own(tmp_path):
    image = {"id": "x7", "width": 100, "height": 80}
    for name, file_name in {
        "x/annotations/instances_default.json": "a.jpg",
        "y/_annotations.coco.json": "a.jpg",
        "z/z.json": "b.jpg",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True)
        images = [image | {"file_name": file_name}]
        (tmp_path / name).write_text(json.dumps(document(BOX, images=images)))
    (tmp_path / "package.json").write_text("{}")
    reading = Reading()
    names = [each.image_name for each in coco.read(tmp_path, reading)]
    assert names == ["x/a.jpg", "y/a.jpg", "b.jpg"]
    assert reading.dropped == {"files that are not COCO's (package.json)": 1}


def test_one_image_in_two_files_of_a_folder_is_a_fault(tmp_path):
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(json.dumps(document(BOX)))
    with pytest.raises(ValueError, match=r"b\.json: images\[0\]: wanted each .*a\.json as well"):
        list(coco.read(tmp_path))


def test_a_folder_without_files_of_coco_is_named(tmp_path):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(ValueError, match=r"wanted COCO's files, with images and annotations"):
        list(coco.read(tmp_path))


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
            document(images=[{"id": 1, "file_name": ".."}]), "wanted a file name", id="no file"
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
        pytest.param(document(images={}), "wanted images as a list", id="no list"),
        pytest.param(document(categories=[{"id": 0}]), "categories[0]: wanted name", id="no label"),
        pytest.param(document(categories=["car"]), "categories[0]: wanted an id", id="a text"),
    ],
)
def test_a_wrong_entry_is_named_with_its_place(content, reason, tmp_path):
    with pytest.raises(ValueError, match=r"coco\.json: ") as raised:
        read(tmp_path, content)
    assert reason in str(raised.value)


def test_files_of_other_tasks_beside_the_instances_are_counted(tmp_path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    text = json.dumps(document(BOX))
    for name in ("captions_train2017", "panoptic_train2017", "instances_train2017"):
        (folder / f"{name}.json").write_text(text)
    reading = Reading()
    [labels] = coco.read(tmp_path, reading)
    assert [item.label for item in labels.objects] == ["car"]
    assert reading.dropped == {
        "files beside the instances (captions)": 1,
        "files beside the instances (panoptic)": 1,
    }
