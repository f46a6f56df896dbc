"""FiftyOne's own layouts are read as well as written, and its COCO is read."""

import base64
import io
import json
import zlib
from pathlib import Path

import numpy as np
import pytest

from vidset.formats import coco, fiftyone
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box, LabeledObject

SIZE = (200, 100)


def compressed(picture: np.ndarray) -> str:
    file = io.BytesIO()
    np.save(file, picture, allow_pickle=False)
    return base64.b64encode(zlib.compress(file.getvalue())).decode()


def dataset(folder: Path, *samples: object) -> Path:
    (folder / "metadata.json").write_text('{"version": "1.0", "name": "x"}')
    (folder / "samples.json").write_text(json.dumps({"samples": samples}))
    return folder


def sample(name: str = "data/a/1.jpg", **fields: object) -> dict:
    metadata = {"_cls": "ImageMetadata", "width": SIZE[0], "height": SIZE[1], "num_channels": 3}
    always = {"_media_type": "image", "_rand": 0.5, "tags": [], "_id": {"$oid": "5f"}}
    return {"filepath": name, "metadata": metadata, **always, **fields}


def detection(label: str = "car", **more: object) -> dict:
    box = [0.1, 0.2, 0.25, 0.5]
    always = {"_id": {"$oid": f"id-{label}"}, "_cls": "Detection", "attributes": {}, "tags": []}
    return {**always, "label": label, "bounding_box": box, **more}


def detections(*parts: dict) -> dict:
    return {"_cls": "Detections", "detections": list(parts)}


def test_labels_json_is_read(tmp_path):
    labels = {
        "1": [{"label": "car", "bounding_box": [0.1, 0.2, 0.25, 0.5], "confidence": 0.75}],
        "b/2": [{"label": 1, "bounding_box": [0, 0, 1, 1], "attributes": {"occluded": True}}],
        "3": [],
        "4": None,
        "5": "rain",
    }
    (tmp_path / "labels.json").write_text(json.dumps({"classes": ["x", "bus"], "labels": labels}))
    found = {each.image_name: each for each in fiftyone.read(tmp_path, Reading(lambda _: SIZE))}
    [car], [bus] = found["1"].objects, found["b/2"].objects
    assert (car.box, car.attributes) == (Box(20, 20, 50, 50), {"score": 0.75})
    assert (bus.label, bus.box, bus.attributes) == ("bus", Box(0, 0, 200, 100), {"occluded": True})
    assert [each.state for each in found.values()] == ["labeled"] * 3 + ["unlabeled", "labeled"]
    assert not found["3"].empty_is_told
    assert [(item.label, item.type) for item in found["5"].objects] == [("rain", "classification")]


def test_what_was_written_comes_back_with_its_origin(tmp_path):
    box = LabeledObject("7", "car", "box", box=Box(20, 20, 50, 50), attributes={"lanes": 2})
    said = ImageLabels(
        "a/1.jpg", *SIZE, (box,), annotator="ann", image_id="0" * 32, revision=3, video_uri="v.mp4"
    )
    fiftyone.write([said], tmp_path)
    assert list(fiftyone.read(tmp_path, Reading(lambda _: SIZE))) == [said]


def test_samples_are_read_with_all_that_an_annotation_can_hold(tmp_path):
    picture = np.array([[1, 0], [1, 1]], bool)
    mask = {"$binary": {"base64": compressed(picture), "subType": "00"}}
    line = {"label": "lane", "points": [[[0, 0], [1, 1]]], "closed": False, "filled": False}
    outline = {"label": "lane", "closed": True, "points": [[[0, 0], [0.5, 0], [0.5, 1]]]}
    parts = [
        detection(occluded={"_cls": "BooleanAttribute", "value": False}, lanes=2),
        detection("sky", mask=mask),
    ]
    weather = {"_cls": "Classification", "label": "rain", "logits": None}
    path = dataset(
        tmp_path,
        sample(
            ground_truth=detections(*parts),
            lanes={"_cls": "Polylines", "polylines": [outline, line]},
            weather=weather,
            uniqueness=0.5,
        ),
        sample("data/2.jpg", ground_truth=None),
    )
    with pytest.raises(
        ValueError, match=r"samples\[0\]\.lanes\.polylines\[1\]: an annotation cann"
    ):
        list(fiftyone.read(path))
    reading = Reading(lossy=True)
    first, second = fiftyone.read(path, reading)
    assert reading.dropped == {"lines": 1, "fields of samples (uniqueness)": 1}
    assert (first.image_name, first.width, first.height) == ("a/1.jpg", *SIZE)
    assert (second.image_name, second.state) == ("2.jpg", "unlabeled")
    car, sky, lane, rain = first.objects
    assert (car.id, car.box) == ("id-car", Box(20, 20, 50, 50))
    assert car.attributes == {"lanes": 2, "occluded": False}
    assert sky.mask
    assert sky.mask.bounds == (20, 20, 70, 70)
    assert sky.mask.area == 50 * 50 * 3 // 4
    assert (lane.type, lane.points) == ("polygon", ((0, 0), (100, 0), (100, 100)))
    assert (rain.label, rain.type) == ("rain", "classification")


def test_fields_with_confidences_are_predictions(tmp_path):
    fields = {
        "ground_truth": detections(detection()),
        "model": detections(detection("bus", confidence=0.5), detection("van", confidence=0.25)),
    }
    path = dataset(tmp_path, sample(**fields))
    reading = Reading()
    [people] = fiftyone.read(path, reading)
    assert [item.label for item in people.objects] == ["car"]
    assert reading.dropped == {"labels of other fields (model)": 2}
    [model] = fiftyone.read(path, Reading(kind="predictions"))
    assert [(item.label, item.attributes) for item in model.objects] == [
        ("bus", {"score": 0.5}),
        ("van", {"score": 0.25}),
    ]
    assert model.annotator == "model"


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (sample(filepath=7), r"samples\[0\]: wanted filepath as a text, got 7"),
        (sample(_media_type="video"), r"samples\[0\]: wanted an image, got 'video'"),
        (sample(metadata=None, a=detections()), r"wanted the size of a/1\.jpg"),
        (
            sample(a=detections({"label": "x", "bounding_box": [1]})),
            r"bounding_box: wanted x, y, width, height, got 1",
        ),
        (
            sample(a=detections({"label": "x", "_cls": "Detection"})),
            "wanted bounding_box as .*, got nothing",
        ),
        (
            sample(a=detections(detection(confidence=10**400))),
            "confidence: wanted a list of finite numbers",
        ),
        (
            sample(a=detections(detection(mask=compressed(np.array([["x"]]))))),
            r"\.mask: wanted a picture of rows and columns",
        ),
        (sample(a=detections(detection(label=3))), "wanted a label of the file's classes, got 3"),
        (sample(a={"_cls": "Keypoints", "keypoints": [{}]}), "cannot hold keypoints; --lossy"),
        (sample(a={"_cls": "Heatmap", "map": ""}), "cannot hold heatmaps; --lossy"),
        (sample(a=detections(detection(mask="?"))), r"\.mask: wanted a compressed array"),
        (
            sample(a=detections(detection(mask=base64.b64encode(zlib.compress(b"x")).decode()))),
            r"\.mask: wanted a compressed array",
        ),
        (
            sample(a=detections(detection(mask=compressed(np.zeros(3))))),
            r"\.mask: wanted a picture of rows and columns",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_place(tmp_path, made, message):
    with pytest.raises(ValueError, match=message):
        list(fiftyone.read(dataset(tmp_path, made)))


def test_a_field_whose_class_is_no_text_is_counted_as_left_out(tmp_path):
    reading = Reading()
    made = sample(a={"_cls": ["Detections"], "detections": []})
    [labels] = fiftyone.read(dataset(tmp_path, made), reading)
    assert labels.state == "unlabeled"
    assert reading.dropped == {"fields of samples (a)": 1}


def test_a_mask_that_unpacks_to_gigabytes_is_refused(tmp_path):
    packing = zlib.compressobj(9)
    data = b"".join(packing.compress(bytes(1 << 24)) for _ in range(17)) + packing.flush()
    bomb = detection(mask=base64.b64encode(data).decode())
    with pytest.raises(ValueError, match="cut off, or larger than any image"):
        list(fiftyone.read(dataset(tmp_path, sample(a=detections(bomb)))))


def test_its_coco_is_read(tmp_path):
    document = {
        "info": {"year": "", "version": "", "description": "Exported from FiftyOne"},
        "licenses": [],
        "categories": [{"id": 0, "name": "car", "supercategory": None}],
        "images": [
            {"id": 1, "file_name": "1.jpg", "height": 100, "width": 200, "license": None,
             "coco_url": None},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 0, "bbox": [20.0, 20.0, 50.0, 50.0],
             "area": 2500.0, "iscrowd": 0, "score": 0.5, "supercategory": "vehicle"},
        ],
    }  # fmt: skip
    (tmp_path / "labels.json").write_text(json.dumps(document))
    [found] = coco.read(tmp_path, Reading())
    [car] = found.objects
    assert (found.image_name, car.label, car.box) == ("1.jpg", "car", Box(20, 20, 50, 50))
    assert car.attributes["score"] == 0.5
