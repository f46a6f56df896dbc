import json
from datetime import UTC, date, datetime

import pytest

from tests.documents.labels import NOON, annotation, id_of, task
from vidset.documents.rows import annotation_row, task_row
from vidset.errors import BadInputError
from vidset.labeling.timestamps import format_timestamp

NAME = id_of(1)
BOX = {
    "id": "1",
    "label": "car",
    "type": "box",
    "box": {"x": 1, "y": 2.0, "width": 30.0, "height": 40.25},
    "points": None,
    "attributes": {},
}


def test_an_annotation_is_a_row():
    row = annotation_row(NAME, annotation(1))
    objects = row.pop("objects")
    assert row == {
        "image_id": NAME,
        "image_uri": "gs://images/cam1/drive-0/17/0000000001.jpg",
        "image_width": 1920,
        "image_height": 1080,
        "state": "labeled",
        "vendor": "scale",
        "vendor_task_id": "task-1",
        "annotator": "alice",
        "revision": 1,
        "updated_at": datetime(2026, 3, 1, 11, tzinfo=UTC),
        "written_at": NOON,
    }
    assert objects[0] == {
        "id": "1",
        "label": "car",
        "type": "box",
        "box": {"x": 1.5, "y": 2.0, "width": 30.0, "height": 40.25, "angle": 0.0},
        "points": [],
        "attributes": [{"name": "occluded", "value": '"no"'}],
        "rings": [],
        "mask": None,
    }
    corners = [{"x": 0.0, "y": 0.0}, {"x": 9.0, "y": 0.0}, {"x": 9.0, "y": 9.5}]
    assert (objects[1]["box"], objects[1]["points"]) == (None, corners)
    assert objects[1]["rings"] == [{"points": corners, "hole": False}]
    assert {each["name"]: each["value"] for each in objects[2]["attributes"]} == {
        "sure": "true",
        "percent": "40",
        "share": "0.5",
        "seen": '["sky", "Straße 日"]',
    }


def test_a_task_is_a_row():
    row = task_row(NAME, task(1))
    assert (row["state"], row["attempts"], row["cost"]) == ("completed", 1, 0.08)
    assert (row["booked_on"], row["due_at"]) == (date(2026, 2, 28), None)
    assert row["requested_at"] == datetime(2026, 2, 28, 12, tzinfo=UTC)


def test_times_as_sqlite_has_them_give_the_same_row():
    as_text = {
        key: format_timestamp(value) if isinstance(value, datetime) else value
        for key, value in annotation(1).items()
    }
    assert annotation_row(NAME, json.loads(json.dumps(as_text))) == annotation_row(
        NAME, annotation(1)
    )


def test_times_of_another_zone_are_told_in_utc():
    row = annotation_row(NAME, annotation(1) | {"updated_at": "2026-03-01T12:30:00+02:00"})
    assert row["updated_at"] == datetime(2026, 3, 1, 10, 30, tzinfo=UTC)
    assert row["updated_at"].tzinfo is UTC


def test_integers_of_pixels_become_floats():
    [item] = annotation_row(NAME, annotation(1) | {"objects": [BOX]})["objects"]
    assert repr(item["box"]["x"]) == "1.0"


def test_fields_that_the_table_does_not_have_are_passed_over():
    assert "new" not in annotation_row(NAME, annotation(1) | {"new": 1})


def changed(**changes):
    return annotation(1) | changes


def with_object(**changes):
    return annotation(1) | {"objects": [BOX | changes]}


def without(field: str):
    return {key: value for key, value in annotation(1).items() if key != field}


@pytest.mark.parametrize(
    ("document", "place", "reason"),
    [
        pytest.param(without("vendor"), "", "lacks the field vendor", id="missing"),
        pytest.param(changed(vendor=None), ".vendor", "wanted a text, got None", id="none"),
        pytest.param(changed(vendor="\ud800"), ".vendor", "wanted a text", id="no-unicode"),
        pytest.param(changed(image_id="x"), ".image_id", f"wanted {NAME}", id="another-id"),
        pytest.param(changed(state="done"), ".state", "wanted one of labeled,", id="state"),
        pytest.param(changed(revision="2"), ".revision", "wanted an integer", id="text"),
        pytest.param(changed(revision=True), ".revision", "wanted an integer", id="boolean"),
        pytest.param(changed(revision=2**63), ".revision", "wanted an integer", id="too-large"),
        pytest.param(changed(revision=1.0), ".revision", "wanted an integer", id="float"),
        pytest.param(changed(updated_at="noon"), ".updated_at", "wanted a time", id="no-time"),
        pytest.param(
            changed(updated_at="2026-03-01T12:00:00"), ".updated_at", "wanted a time with its zone",
            id="no-zone",
        ),
        pytest.param(
            changed(updated_at="9999-12-31T23:59:59-10:00"), ".updated_at", "wanted a time",
            id="beyond-all-years",
        ),
        pytest.param(changed(updated_at=5), ".updated_at", "wanted a time", id="number"),
        pytest.param(changed(objects=None), ".objects", "wanted a list", id="no-list"),
        pytest.param(changed(objects=["x"]), ".objects[0]", "wanted a map", id="no-map"),
        pytest.param(
            with_object(type="circle"), ".objects[0].type", "wanted one of box", id="type"
        ),
        pytest.param(
            with_object(box=None), ".objects[0].box", "wanted a map for a box", id="no-box"
        ),
        pytest.param(
            with_object(type="polygon", box=None), ".objects[0].points",
            "wanted a list for a polygon", id="no-points",
        ),
        pytest.param(
            with_object(type="polygon", box=None, points=[[1, 2]]), ".objects[0].points",
            "wanted a map", id="points-of-lists",
        ),
        pytest.param(
            with_object(box=BOX["box"] | {"x": float("nan")}), ".objects[0].box",
            "wanted a finite number, got nan", id="nan",
        ),
        pytest.param(
            with_object(box=BOX["box"] | {"x": 10**400}), ".objects[0].box",
            "wanted a finite number", id="no-end",
        ),
        pytest.param(
            with_object(box={"x": 1.0}), ".objects[0].box", "lacks the field y", id="half-a-box"
        ),
        pytest.param(
            with_object(attributes=[]), ".objects[0].attributes", "wanted a map", id="attributes"
        ),
        pytest.param(
            with_object(attributes={"a": b"x"}), ".objects[0].attributes", "wanted a finite number",
            id="bytes",
        ),
        pytest.param(
            with_object(attributes={"a": "\ud800"}), ".objects[0].attributes", "wanted texts",
            id="attribute-no-unicode",
        ),
        pytest.param(
            with_object(attributes={"a": [1]}), ".objects[0].attributes", "wanted a finite number",
            id="list-of-numbers",
        ),
    ],
)  # fmt: skip
def test_a_malformed_annotation_is_told_by_its_field(document, place, reason):
    with pytest.raises(BadInputError) as told:
        annotation_row(NAME, document)
    assert told.value.uri == f"annotations/{NAME}{place}"
    assert told.value.reason.startswith(reason)


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({"booked_on": "yesterday"}, ".booked_on", id="day"),
        pytest.param({"cost": "8"}, ".cost", id="cost"),
        pytest.param({"state": "labeled"}, ".state", id="state"),
        pytest.param({"requested_at": None}, ".requested_at", id="no-time"),
        pytest.param({"dispatched_at": "soon"}, ".dispatched_at", id="time"),
        pytest.param({"image_width": 1.5}, ".image_width", id="width"),
    ],
)
def test_a_malformed_task_is_told_by_its_field(changes, place):
    with pytest.raises(BadInputError) as told:
        task_row(NAME, task(1) | changes)
    assert told.value.uri == f"tasks/{NAME}{place}"


def test_an_object_may_have_no_attributes_and_a_label_any_name():
    item = BOX | {"label": 'a "quoted" \\ 日\n'}
    [row] = annotation_row(NAME, annotation(1) | {"objects": [item]})["objects"]
    assert (row["label"], row["attributes"]) == ('a "quoted" \\ 日\n', [])
