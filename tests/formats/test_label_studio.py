import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.strategies import boxes, images, is_near, polygons, texts
from vidset.formats import label_studio
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.formats.registry import format_named
from vidset.labeling.annotation import Box, LabeledObject, outline

CAR = LabeledObject("c", "car", "box", box=Box(10.0, 20.0, 30.0, 40.0))
ROAD = LabeledObject("r", "road", "polygon", rings=outline(((0.0, 0.0), (50.0, 0.0), (0.0, 80.0))))

PREDICTIONS = Reading(kind="predictions")


def sayable(labels: ImageLabels) -> ImageLabels:
    objects = tuple(
        replace(
            item,
            attributes={
                name: value for name, value in item.attributes.items() if not name.endswith("[]")
            },
        )
        for item in labels.objects
    )
    return replace(labels, objects=objects)


@given(images(boxes, polygons))
def test_shapes_come_back_within_a_millionth_of_a_pixel(labels):
    with TemporaryDirectory() as folder:
        label_studio.write(labels, Path(folder, "a.json"), lossy=True)
        got = list(label_studio.read(Path(folder, "a.json")))
    assert is_near(got, [sayable(each) for each in labels])


@given(st.sets(texts, min_size=1))
def test_classifications_come_back(words):
    objects = tuple(LabeledObject(word, word, "classification") for word in sorted(words))
    with TemporaryDirectory() as folder:
        label_studio.write([ImageLabels("a.jpg", 10, 10, objects)], Path(folder, "a.json"))
        (labels,) = label_studio.read(Path(folder, "a.json"))
    assert [(item.label, item.type) for item in labels.objects] == [
        (word, "classification") for word in sorted(words)
    ]


def test_a_rotated_rectangle_comes_back(tmp_path):
    car = replace(CAR, type="rotated_box", box=Box(45.0, 10.0, 20.0, 10.0, 45.0))
    label_studio.write([ImageLabels("a.jpg", 100, 80, (car,))], tmp_path / "a.json")
    (task,) = json.loads((tmp_path / "a.json").read_text())
    assert task["annotations"][0]["result"][0]["type"] == "rectanglelabels"
    assert is_near(
        list(label_studio.read(tmp_path / "a.json")), [ImageLabels("a.jpg", 100, 80, (car,))]
    )


def test_a_file_is_as_label_studio_exports_it(tmp_path):
    said = {"annotator": "user 3", "updated_at": datetime(2026, 1, 2, tzinfo=UTC)}
    labels = [
        ImageLabels("gs://images/a.jpg", 100, 80, (CAR, ROAD), **said),
        ImageLabels("gs://images/a.jpg", None, None, (), "skipped"),
        ImageLabels("b.jpg", 100, 80, ()),
    ]
    label_studio.write(labels, tmp_path / "a.json")
    item = {
        "to_name": "image",
        "original_width": 100,
        "original_height": 80,
        "image_rotation": 0,
    }
    assert json.loads((tmp_path / "a.json").read_text()) == [
        {
            "id": 1,
            "data": {"image": "gs://images/a.jpg"},
            "annotations": [
                {
                    "id": 1,
                    "was_cancelled": False,
                    "ground_truth": False,
                    "image_width": 100,
                    "image_height": 80,
                    "annotator": "user 3",
                    "updated_at": "2026-01-02T00:00:00.000000Z",
                    "result": [
                        item
                        | {
                            "id": "c",
                            "from_name": "box",
                            "type": "rectanglelabels",
                            "value": {
                                "x": 10.0,
                                "y": 25.0,
                                "width": 30.0,
                                "height": 50.0,
                                "rotation": 0.0,
                                "rectanglelabels": ["car"],
                            },
                        },
                        item
                        | {
                            "id": "r",
                            "from_name": "polygon",
                            "type": "polygonlabels",
                            "value": {
                                "points": [[0.0, 0.0], [50.0, 0.0], [0.0, 100.0]],
                                "closed": True,
                                "polygonlabels": ["road"],
                            },
                        },
                    ],
                },
                {"id": 2, "was_cancelled": True, "ground_truth": False, "result": []},
            ],
            "predictions": [],
        },
        {
            "id": 2,
            "data": {"image": "b.jpg"},
            "annotations": [
                {
                    "id": 3,
                    "was_cancelled": False,
                    "ground_truth": False,
                    "image_width": 100,
                    "image_height": 80,
                    "result": [],
                }
            ],
            "predictions": [],
        },
    ]
    assert list(label_studio.read(tmp_path / "a.json")) == labels


RECTANGLE = {
    "id": "q1",
    "from_name": "box",
    "to_name": "image",
    "type": "rectanglelabels",
    "original_width": 100,
    "original_height": 80,
    "image_rotation": 0,
    "value": {
        "x": 10,
        "y": 25,
        "width": 30,
        "height": 50,
        "rotation": 0,
        "rectanglelabels": ["car"],
    },
}
ANNOTATION = {
    "id": 4,
    "completed_by": 3,
    "was_cancelled": False,
    "updated_at": "2026-01-02T00:00:00.000000Z",
    "result": [RECTANGLE],
}


def read(path: Path, *annotations, image: object = "a.jpg", **changes) -> list[ImageLabels]:
    task = {"id": 1, "data": {"image": image}, "annotations": annotations, "predictions": []}
    (path / "export.json").write_text(json.dumps([task | changes]))
    return list(label_studio.read(path / "export.json"))


def test_an_export_is_read_with_who_said_it_and_when(tmp_path):
    spelled_out = ANNOTATION | {"completed_by": {"id": 9, "email": "a@example.com"}}
    first, second = read(tmp_path, ANNOTATION, spelled_out)
    assert first == ImageLabels(
        "a.jpg",
        100,
        80,
        (replace(CAR, id="q1"),),
        annotator="user 3",
        updated_at=datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert second == replace(first, annotator="user 9")


def test_what_was_drawn_before_a_skip_is_no_answer(tmp_path):
    brush = {"type": "ellipselabels"}
    (labels,) = read(tmp_path, ANNOTATION | {"was_cancelled": True, "result": [RECTANGLE, brush]})
    assert (labels.state, labels.objects) == ("skipped", ())


def test_a_task_without_annotations_says_nothing(tmp_path):
    assert read(tmp_path) == []
    assert read(tmp_path, annotations=None) == []


def test_predictions_are_read_apart(tmp_path):
    prediction = {"model_version": "v3", "score": 0.5, "result": [RECTANGLE]}
    assert read(tmp_path, predictions=[prediction, {"result": []}]) == []
    assert list(label_studio.read(tmp_path / "export.json", PREDICTIONS)) == [
        ImageLabels("a.jpg", 100, 80, (replace(CAR, id="q1"),), annotator="v3"),
        ImageLabels("a.jpg", None, None, ()),
    ]


@pytest.mark.parametrize(
    ("image", "name"),
    [
        pytest.param("drive/a.jpg", "drive/a.jpg", id="relative"),
        pytest.param("gs://images/a.jpg", "gs://images/a.jpg", id="uri"),
        pytest.param(
            "/data/local-files/?d=drive%2F1/a%20b.jpg", "drive/1/a b.jpg", id="local file"
        ),
        pytest.param(
            "https://storage.googleapis.com/images/a.jpg?X-Goog-Credential=c&X-Goog-Signature=s",
            "https://storage.googleapis.com/images/a.jpg",
            id="signed url",
        ),
    ],
)
def test_images_are_named_without_signatures(image, name, tmp_path):
    (labels,) = read(tmp_path, ANNOTATION, image=image)
    assert labels.image_name == name


@pytest.mark.parametrize(
    ("annotation", "changes", "reason"),
    [
        pytest.param({"was_cancelled": "no"}, {}, "wanted was_cancelled true or false", id="flag"),
        pytest.param({"result": None}, {}, "annotations[0].result must be a list", id="result"),
        pytest.param(
            {"result": [RECTANGLE, RECTANGLE | {"id": "q2", "type": "ellipselabels"}]},
            {},
            "annotations[0].result[1]: an annotation cannot hold ellipses; --lossy leaves",
            id="ellipse",
        ),
        pytest.param({}, {"annotations": {}}, "wanted annotations as a list", id="no list"),
        pytest.param({}, {"annotations": [7]}, "annotations[0]: wanted an object, got '7'", id="7"),
        pytest.param({}, {"data": {}}, "[0].data: wanted image as a text", id="no image"),
        pytest.param({}, {"image": "../a.jpg"}, "stays below, got '../a.jpg'", id="outside"),
        pytest.param({}, {"image": "/srv/1/a.jpg"}, "stays below", id="absolute"),
        pytest.param({}, {"image": "/data/local-files/?d=../a.jpg"}, "below", id="local, outside"),
        pytest.param({}, {"image": "/data/local-files/"}, "stays below, got ''", id="no file"),
    ],
)
def test_a_wrong_task_is_named_with_its_place(annotation, changes, reason, tmp_path):
    with pytest.raises(ValueError, match=r"export\.json: \[0\]") as raised:
        read(tmp_path, ANNOTATION | annotation, **changes)
    assert reason in str(raised.value)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        pytest.param({"img": "/data/local-files/?d=a/1.jpg"}, "a/1.jpg", id="another key"),
        pytest.param({"image": "/data/upload/7/1a2b3c4d-1.jpg"}, "7/1a2b3c4d-1.jpg", id="upload"),
        pytest.param({"url": "s3://b/a/1.png", "note": "x"}, "s3://b/a/1.png", id="a url"),
    ],
)
def test_an_image_is_found_under_the_names_that_projects_give_it(data, name, tmp_path):
    task = {"data": data | {"image_id": "0" * 32}, "annotations": [{"result": []}]}
    (tmp_path / "a.json").write_text(json.dumps([task]))
    [labels] = format_named("label-studio").read(tmp_path / "a.json")
    assert (labels.image_name, labels.image_id) == (name, "0" * 32)
