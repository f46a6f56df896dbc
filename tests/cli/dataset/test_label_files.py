"""Labeled images from the files of labelme, COCO and Label Studio."""

import json

import pytest

from tests.cli.dataset.called import dataset, faults
from tests.datasets.pictures import HEIGHT, WIDTH, write_files
from vidset.datasets.versions.repository import Repository

SIZE = {"width": WIDTH, "height": HEIGHT}


def create(tmp_path, *arguments):
    return dataset(
        *("create", "-p", tmp_path, "--name", "v", "--move", "--json", "--shares", "train=1"),
        *arguments,
    )


def objects(tmp_path):
    """Of each image: the class, and the objects as (label, box or points)."""
    found = {}
    for entry in Repository(tmp_path / "datasets").manifest("v"):
        drawn = None
        if entry.objects is not None:
            drawn = [
                (thing["label"], thing["box"] or thing["points"])
                for thing in json.loads(entry.objects)
            ]
        found[entry.image_uri] = (entry.label, drawn)
    return found


def box(x, y, width, height):
    return {"x": x, "y": y, "width": width, "height": height}


def write_coco(folder, annotations, images=("a.png", "b.png"), **size):
    """Images and COCO's instances; the file."""
    write_files(folder / "images", {name: seed for seed, name in enumerate(images)})
    listed = [
        {"id": number, "file_name": name, **SIZE, **size} for number, name in enumerate(images)
    ]
    categories = [{"id": 7, "name": "car"}, {"id": 3, "name": "road"}]
    file = folder / "instances.json"
    document = {"images": listed, "annotations": annotations, "categories": categories}
    file.write_text(json.dumps(document))
    return file


CAR = {"id": 1, "image_id": 0, "category_id": 7, "bbox": [4, 5, 20, 10], "iscrowd": 0}
ROAD = {
    "id": 2,
    "image_id": 0,
    "category_id": 3,
    "segmentation": [[0, 20, 31, 20, 16, 3]],
    "bbox": [0, 3, 31, 17],
    "iscrowd": 0,
}


def test_coco_gives_boxes_and_polygons_and_images_of_nothing(tmp_path):
    file = write_coco(tmp_path / "in", [CAR, ROAD])
    made = create(tmp_path, f"coco:{file}")
    assert made.code == 0, made.err
    corners = [{"x": 0.0, "y": 20.0}, {"x": 31.0, "y": 20.0}, {"x": 16.0, "y": 3.0}]
    assert objects(tmp_path) == {
        "a.png": (None, [("car", box(4.0, 5.0, 20.0, 10.0)), ("road", corners)]),
        "b.png": (None, []),
    }
    assert made.found["labels"].keys() == {"car", "road", "(nothing)"}


def test_several_files_are_their_splits(tmp_path):
    train = write_coco(tmp_path / "train", [CAR], ("a.png",))
    val = write_coco(tmp_path / "val", [], ("b.png",))
    made = create(tmp_path, f"train=coco:{train}", f"validation={val}")
    assert made.code == 1
    write_files(tmp_path / "val" / "images", {"b.png": 40})
    made = create(tmp_path, f"train=coco:{train}", f"validation={val}")
    assert made.found["splits"] == {"train": 1, "validation": 1}


def test_an_image_of_another_size_than_its_labels_say_is_a_fault(tmp_path):
    made = create(tmp_path, write_coco(tmp_path / "in", [CAR], width=24, height=32))
    assert made.code == 1
    told = "labels that do not fit the image: labeled as an image of 24 x 32 pixels, got 32 x 24"
    assert faults(made) == [f"a.png: {told}", f"b.png: {told}"]


def test_a_box_outside_its_image_is_a_fault(tmp_path):
    made = create(tmp_path, write_coco(tmp_path / "in", [CAR | {"bbox": [20, 5, 20, 10]}]))
    (told,) = faults(made)
    assert told.startswith("a.png: labels that do not fit the image: object ")
    assert told.endswith("wanted it inside 32 x 24 pixels, got 20, 5 to 40, 15")


def test_images_without_labels_and_labels_without_images_are_named(tmp_path):
    file = write_coco(tmp_path / "in", [CAR])
    write_files(file.parent / "images", {"c.png": 9, "Thumbs.db": b"junk"})
    (file.parent / "images" / "b.png").unlink()
    made = create(tmp_path, f"coco:{file}")
    assert faults(made) == [
        "c.png: image without label",
        "b.png: label without image: there is no such file",
    ]


def test_a_crowd_cannot_be_said_and_the_file_is_refused(tmp_path):
    crowd = ROAD | {"segmentation": {"counts": [1, 2], "size": [24, 32]}, "iscrowd": 1}
    file = write_coco(tmp_path / "in", [crowd])
    made = create(tmp_path, file)
    assert made.code == 1
    told = "labels that do not fit the image: " + str(file)
    said = f"{file}: {told}: annotations[0]: an annotation cannot hold crowds"
    assert [fault for fault in faults(made) if fault.startswith(said)]
    assert Repository(tmp_path / "datasets").versions() == []


def shape(kind, *points, label="car"):
    return {"label": label, "shape_type": kind, "points": [list(point) for point in points]}


def write_labelme(folder, shapes_of):
    """A file of labelme beside each image."""
    for seed, (name, shapes) in enumerate(shapes_of.items()):
        write_files(folder, {f"{name}.png": seed})
        document = {
            "version": "5.5.0",
            "flags": {},
            "shapes": shapes,
            "imagePath": f"{name.rpartition('/')[2]}.png",
            "imageWidth": WIDTH,
            "imageHeight": HEIGHT,
        }
        (folder / f"{name}.json").write_text(json.dumps(document))
    return folder


def test_labelme_gives_rectangles_and_polygons(tmp_path):
    rectangle = shape("rectangle", (24, 15), (4, 5))
    polygon = shape("polygon", (0, 20), (31, 20), (16, 3), label="road")
    folder = write_labelme(tmp_path / "in", {"day/a": [rectangle, polygon], "b": []})
    assert create(tmp_path, f"labelme:{folder}").code == 0
    corners = [{"x": 0.0, "y": 20.0}, {"x": 31.0, "y": 20.0}, {"x": 16.0, "y": 3.0}]
    assert objects(tmp_path) == {
        "day/a.png": (None, [("car", box(4.0, 5.0, 20.0, 10.0)), ("road", corners)]),
        "b.png": (None, []),
    }


def test_labelme_files_and_images_are_paired(tmp_path):
    folder = write_labelme(tmp_path / "in", {"a": [], "b": []})
    write_files(folder, {"c.png": 9})
    (folder / "b.png").unlink()
    made = create(tmp_path, f"labelme:{folder}")
    assert faults(made) == [
        "c.png: image without label",
        "b.png: label without image: there is no such file",
    ]


def rectangle_of(label, x, y, width, height):
    """In percent, as Label Studio has them."""
    value = {"x": x, "y": y, "width": width, "height": height, "rotation": 0}
    return {
        "id": "r1",
        "type": "rectanglelabels",
        "from_name": "objects",
        "to_name": "image",
        "original_width": WIDTH,
        "original_height": HEIGHT,
        "value": value | {"rectanglelabels": [label]},
    }


def write_tasks(folder, results):
    """An export of Label Studio; of each image, the annotations' results."""
    write_files(folder, {name: seed for seed, name in enumerate(results)})
    tasks = [
        {
            "id": number,
            "data": {"image": f"/data/local-files/?d={name}"},
            "annotations": [{"id": n, "result": result} for n, result in enumerate(annotations)],
        }
        for number, (name, annotations) in enumerate(results.items())
    ]
    file = folder / "export.json"
    file.write_text(json.dumps(tasks))
    return file


def test_label_studio_gives_boxes_in_pixels(tmp_path):
    box_of = rectangle_of("car", 12.5, 25, 50, 50)
    file = write_tasks(tmp_path / "in", {"a.png": [[box_of]], "b.png": [[]], "c.png": []})
    made = create(tmp_path, f"label-studio:{file}")
    assert made.code == 0, made.err
    assert objects(tmp_path) == {
        "a.png": (None, [("car", box(4.0, 6.0, 16.0, 12.0))]),
        "b.png": (None, []),
    }
    assert made.found["left_out"] == [{"kind": "not labeled yet", "name": "c.png", "what": ""}]


def test_two_annotations_of_an_image_must_be_equal(tmp_path):
    car, bus = (rectangle_of(label, 12.5, 25, 50, 50) for label in ("car", "bus"))
    file = write_tasks(tmp_path / "in", {"a.png": [[car], [car]], "b.png": [[car], [bus]]})
    made = create(tmp_path, f"label-studio:{file}")
    assert made.code == 1
    assert faults(made) == [
        "b.png: same image, unequal labels: bus here, and b.png (car)",
        "b.png: same image, unequal labels: car here, and b.png (bus)",
    ]


@pytest.mark.parametrize(
    ("option", "content", "code", "message"),
    [
        pytest.param("coco", None, 2, "wanted labels of coco, got nothing", id="no file"),
        pytest.param("coco", "{", 1, "these labels cannot be read", id="no JSON"),
        pytest.param("label-studio", "{}", 1, "these labels cannot be read", id="no tasks"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, option, content, code, message):
    file = tmp_path / "labels.json"
    if content:
        file.write_text(content)
    made = create(tmp_path, f"{option}:{file}")
    assert made.code == code
    assert message in made.err + made.refusal


def test_names_that_lead_outside_are_looked_for_inside(tmp_path):
    file = write_coco(tmp_path / "in", [])
    document = json.loads(file.read_text())
    document["images"][0]["file_name"] = "../../secret.png"
    file.write_text(json.dumps(document))
    made = create(tmp_path, f"coco:{file}")
    assert made.code == 1
    assert "secret.png: label without image" in made.err


def test_labels_are_renamed_and_boxed_as_by_label_import(tmp_path):
    file = write_coco(tmp_path / "in", [CAR, ROAD])
    made = create(tmp_path, f"coco:{file}", "--map-labels", "road=street", "--as-boxes")
    assert made.code == 0, made.err
    drawn = [("car", box(4.0, 5.0, 20.0, 10.0)), ("street", box(0.0, 3.0, 31.0, 17.0))]
    assert [(label, _upright(edges)) for label, edges in objects(tmp_path)["a.png"][1]] == drawn
    write_files(tmp_path / "folders", {"auto/1.png": 1, "bus/2.png": 2})
    made = create(tmp_path, f"folders:{tmp_path / 'folders'}", "--map-labels", "auto=car")
    assert made.code == 0, made.err
    assert {label for label, _ in objects(tmp_path).values()} == {"car", "bus"}
    for wrong, told in (
        ("road", "--map-labels: wanted OLD=NEW, got 'road'"),
        ("raod=x", "--map-labels raod=x: unknown label 'raod'. Did you mean 'road'?"),
        ("ship=x", "--map-labels ship=x: unknown label 'ship': wanted one of car, road"),
    ):
        refused = create(tmp_path, f"coco:{file}", "--map-labels", wrong)
        assert refused.code == 2
        assert told in refused.found["error"]["message"]


def _upright(edges):
    return {name: edges[name] for name in ("x", "y", "width", "height")}


def test_a_list_of_results_is_read_with_the_file_that_it_is_about(tmp_path):
    about = write_coco(tmp_path / "in", [])
    results = tmp_path / "in" / "results.json"
    results.write_text(json.dumps([{**CAR, "score": 0.5}]))
    refused = create(tmp_path, f"coco:{results}")
    assert "--results-of FILE" in refused.found["error"]["message"]
    made = create(tmp_path, f"coco:{results}", "--results-of", about, "--skip-faults")
    assert made.code == 0, made.err
    assert objects(tmp_path)["a.png"][1] == [("car", box(4.0, 5.0, 20.0, 10.0))]


def test_many_faults_are_named_in_part_on_the_screen_and_all_with_json(tmp_path):
    images = [{"id": n, "file_name": f"gone{n}.png", "width": 9, "height": 9} for n in range(60)]
    told = {"images": images, "annotations": [], "categories": [{"id": 1, "name": "x" * 900}]}
    write_files(tmp_path / "in", {"a.json": json.dumps(told).encode()})
    words = ("create", f"coco:{tmp_path}/in/a.json", "-p", tmp_path)
    refused = dataset(*words)
    assert refused.code == 1
    assert refused.err.count("there is no such file") == 40
    assert "20 more: --json names all" in refused.err
    assert dataset(*words, "--json").out.count("there is no such file") == 60
