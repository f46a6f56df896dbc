"""The shapes in which Label Studio writes tasks beside its JSON of a project."""

import json
from pathlib import Path
from typing import Any

import pytest

from vidset.formats import label_studio
from vidset.formats.format import ImageLabels
from vidset.formats.reading import Reading
from vidset.labeling.annotation import Box

_SIZE = {"original_width": 200, "original_height": 100}
_VALUE = {"x": 10, "y": 10, "width": 20, "height": 20, "rotation": 0}
_REGION = {**_VALUE, "rectanglelabels": ["car"], **_SIZE}
_RESULT = {
    "id": "a", "type": "rectanglelabels", "from_name": "label", "to_name": "image", **_SIZE,
    "value": {**_VALUE, "rectanglelabels": ["car"]},
}  # fmt: skip
_MIN = {"image": "/data/upload/1/1a2b3c4d-a.jpg", "id": 3, "annotator": 7, "annotation_id": 9}


def read(path: Path, content: Any, reading: Reading | None = None) -> list[ImageLabels]:
    path.write_text(json.dumps(content))
    return list(label_studio.read(path, reading))


def test_json_min_is_read_with_who_labeled_it_and_when(tmp_path):
    told = {**_MIN, "label": [_REGION], "updated_at": "2026-01-02T03:04:05Z"}
    [labels] = read(tmp_path / "a.json", [told])
    [item] = labels.objects
    assert (labels.image_name, labels.width, labels.annotator) == (
        "1/1a2b3c4d-a.jpg",
        200,
        "user 7",
    )
    assert (item.label, item.box) == ("car", Box(20, 10, 40, 20))
    assert labels.updated_at is not None


def test_answers_of_json_min_go_to_the_region_that_they_are_on(tmp_path):
    other = {**_REGION, "x": 50}
    occluded = {**_VALUE, "x": 50, "choices": ["yes"], **_SIZE}
    told = {**_MIN, "label": [_REGION, other], "occluded": [occluded]}
    [labels] = read(tmp_path / "a.json", [told])
    assert [dict(item.attributes) for item in labels.objects] == [{}, {"occluded": "yes"}]


def test_words_of_json_min_are_classifications_and_what_may_be_one_is_counted(tmp_path):
    told = {**_MIN, "weather": {"choices": ["rain", "night"]}, "road": "wet", "stars": 4}
    reading = Reading()
    [labels] = read(tmp_path / "a.json", [told], reading)
    assert [(item.label, item.type) for item in labels.objects] == [
        ("rain", "classification"), ("night", "classification"),
    ]  # fmt: skip
    assert reading.dropped == {
        "fields that may be answers on whole images (road)": 1,
        "fields that may be answers on whole images (stars)": 1,
    }


def test_a_region_of_json_min_without_a_label_is_named_with_its_place(tmp_path):
    with pytest.raises(ValueError, match=r"a\.json: \[0\]\.label\[1\]: wanted a region with its"):
        read(tmp_path / "a.json", [{**_MIN, "label": [_REGION, _VALUE]}])


def test_a_task_alone_is_read(tmp_path):
    task = {"id": 1, "data": {"image": "a.jpg"}, "annotations": [{"result": [_RESULT]}]}
    [labels] = read(tmp_path / "a.json", task)
    assert (labels.image_name, len(labels.objects)) == ("a.jpg", 1)


def test_a_storage_has_a_file_for_each_annotation(tmp_path):
    for number in (1, 2):
        task = {"id": number, "data": {"image": f"{number}.jpg"}}
        content = {"id": 7, "result": [_RESULT], "completed_by": {"id": 4}, "task": task}
        (tmp_path / str(number)).write_text(json.dumps(content))
    labels = list(label_studio.read(tmp_path))
    assert [(each.image_name, each.annotator) for each in labels] == [
        ("1.jpg", "user 4"), ("2.jpg", "user 4"),
    ]  # fmt: skip


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(ValueError, match="wanted Label Studio's files, got none"):
        list(label_studio.read(tmp_path))


def test_answers_on_a_whole_image_are_dropped_with_a_count_or_refused(tmp_path):
    rating = {"id": "x", "type": "rating", "from_name": "q", "value": {"rating": 4}}
    on_object = rating | {"id": "a", **_SIZE}
    task = {"data": {"image": "a.jpg"}, "annotations": [{"result": [_RESULT, rating, on_object]}]}
    with pytest.raises(
        ValueError, match=r"result\[1\]: an annotation cannot hold ratings of whole"
    ):
        read(tmp_path / "a.json", [task])
    reading = Reading(lossy=True)
    [labels] = read(tmp_path / "a.json", [task], reading)
    assert [dict(item.attributes) for item in labels.objects] == [{"q": 4}]
    assert reading.dropped == {"ratings of whole images": 1}


def test_predictions_tell_how_sure_the_model_is(tmp_path):
    prediction = {"model_version": "v9", "result": [_RESULT | {"score": 0.83}]}
    task = {"data": {"image": "a.jpg"}, "predictions": [prediction]}
    [labels] = read(tmp_path / "a.json", [task], Reading(kind="predictions"))
    assert dict(labels.objects[0].attributes) == {"score": 0.83}
