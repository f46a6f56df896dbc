import copy
import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from labeling.annotation import Answer, Box, LabeledObject
from labeling.errors import InvalidAnswerError
from labeling.vendors.label_studio_answers import (
    objects_of,
    read_callback,
    read_task,
    result_of,
    size_of,
)

IMAGE_ID = "0123456789abcdef0123456789abcdef"
SIGNED = "https://storage.googleapis.com/b/a.jpg?X-Goog-Credential=c&X-Goog-Signature=5ec2e7"
DATA = {"image": SIGNED, "image_id": IMAGE_ID, "image_uri": "gs://b/a.jpg"}
RECTANGLE = {
    "id": "r1",
    "from_name": "box",
    "to_name": "image",
    "type": "rectanglelabels",
    "origin": "manual",
    "original_width": 640,
    "original_height": 480,
    "image_rotation": 0,
    "value": {
        "x": 12.5,
        "y": 25,
        "width": 50.0,
        "height": 10,
        "rotation": 0,
        "rectanglelabels": ["car"],
    },
}
OCCLUDED = RECTANGLE | {
    "from_name": "occluded",
    "type": "choices",
    "value": {"x": 12.5, "y": 25, "width": 50.0, "height": 10, "rotation": 0, "choices": ["yes"]},
}
# What Label Studio 1.23.2 sent, shortened: fields left out, ids and times replaced.
ANNOTATION = {
    "id": 7,
    "result": [RECTANGLE],
    "was_cancelled": False,
    "ground_truth": False,
    "created_at": "2026-11-20T14:29:58.808071Z",
    "updated_at": "2026-11-20T14:29:59.012673Z",
    "lead_time": 3.2,
    "task": 3,
    "project": 1,
    "completed_by": 5,
    "updated_by": 1,
}
CREATED = {
    "action": "ANNOTATION_CREATED",
    "annotation": ANNOTATION | {"prediction": {}, "unique_id": "95c4a9d9-ed01-48eb-8ca4-540d4218"},
    "project": {"id": 1, "title": "road users", "token": "XnPktIQ0OTEsUAtXKq4x"},
    "task": {"id": 3, "data": DATA, "updated_at": "2026-11-20T14:29:59.026919Z"},
}
MANY_CREATED = {
    "action": "ANNOTATIONS_CREATED",
    "annotation": [ANNOTATION, ANNOTATION | {"id": 8, "task": 4}],
    "project": CREATED["project"],
    "task": [{"id": 3, "data": DATA}, {"id": 4, "data": DATA | {"image_id": "f" * 32}}],
}
DELETED = {
    "action": "ANNOTATIONS_DELETED",
    "annotations": [{"id": 7}, {"id": 8}],
    "project": {"id": 1, "title": "road users"},
}
POLLED = {
    "id": 3,
    "annotations": [ANNOTATION | {"created_username": " a@example.com, 5"}],
    "predictions": [{"id": 1, "result": [RECTANGLE], "model_version": "vidset"}],
    "drafts": [{"id": 2, "result": [RECTANGLE]}],
    "data": DATA,
}
ANSWER = Answer(
    image_id=IMAGE_ID,
    vendor="label-studio",
    vendor_task_id="3",
    annotation_id="7",
    annotator="user 5",
    state="labeled",
    objects=(LabeledObject("r1", "car", "box", box=Box(80, 120, 320, 48)),),
    updated_at=datetime(2026, 11, 20, 14, 29, 59, 12673, UTC),
    image_width=640,
    image_height=480,
)


def changed(document, value, *path):
    """A copy with one value set (or, for `...`, taken away)."""
    whole = place = copy.deepcopy(document)
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return whole


def test_a_callback_and_a_poll_give_the_same_answer():
    [report] = read_callback(CREATED)
    assert (report.image_id, report.vendor_task_id, report.state) == (IMAGE_ID, "3", "answered")
    assert report.answers == (ANSWER,)
    assert not report.is_complete
    polled = read_task(POLLED)
    assert polled is not None
    assert polled.answers == (ANSWER,)
    assert polled.is_complete
    assert polled.answers[0].key == report.answers[0].key


def test_an_annotator_spelled_out_is_the_same_annotator():
    user = {"id": 5, "email": "a@example.com", "first_name": ""}
    polled = read_task(changed(POLLED, user, "annotations", 0, "completed_by"))
    assert polled is not None
    assert polled.answers == (ANSWER,)


def test_an_annotation_outlives_its_annotator():
    [report] = read_callback(changed(CREATED, None, "annotation", "completed_by"))
    assert report.answers[0].annotator == "deleted user"


@pytest.mark.parametrize("result", [[RECTANGLE], [], None])
def test_a_skip_is_an_answer_without_objects(result):
    skipped = CREATED["annotation"] | {"was_cancelled": True, "result": result}
    [report] = read_callback(CREATED | {"annotation": skipped})
    assert (report.answers[0].state, report.answers[0].objects) == ("skipped", ())


def test_an_annotation_without_a_region_is_an_answer():
    [report] = read_callback(changed(CREATED, [], "annotation", "result"))
    answer = report.answers[0]
    assert (answer.state, answer.objects, answer.image_width) == ("labeled", (), None)


def test_predictions_and_drafts_are_no_answers():
    report = read_task(POLLED | {"annotations": []})
    assert report is not None
    assert (report.state, report.answers, report.is_complete) == ("open", (), True)


def test_several_annotations_in_one_callback_are_a_report_for_each_image():
    one, other = read_callback(MANY_CREATED)
    assert (one.image_id, one.answers) == (IMAGE_ID, (ANSWER,))
    assert (other.image_id, other.vendor_task_id) == ("f" * 32, "4")
    assert [answer.annotation_id for answer in other.answers] == ["8"]


def test_deleted_annotations_are_withdrawn_from_an_image_that_is_not_told():
    [report] = read_callback(DELETED)
    assert (report.image_id, report.withdrawn, report.state) == ("", ("7", "8"), "open")
    assert not report.is_complete


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"action": "TASKS_CREATED", "tasks": []}, id="another event"),
        pytest.param(DELETED | {"annotations": []}, id="nothing deleted"),
        pytest.param(changed(CREATED, {"text": "hello"}, "task", "data"), id="not our task"),
    ],
)
def test_a_callback_that_tells_nothing_of_our_images_gives_no_report(body):
    assert read_callback(body) == []


def test_neither_signatures_nor_the_projects_token_are_kept():
    kept = [report.raw for report in read_callback(CREATED)]
    polled = read_task(POLLED)
    assert polled is not None
    text = json.dumps([*kept, polled.raw])
    assert "https://storage.googleapis.com/b/a.jpg" in text
    assert "5ec2e7" not in text
    assert "XnPktIQ0OTEsUAtXKq4x" not in text


RESULT = ("annotation", "result", 0)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        pytest.param([], "body must be an object, got list", id="list"),
        pytest.param({}, "body.action must be a text, got None", id="empty"),
        pytest.param(
            {"action": "ANNOTATION_CREATED"}, "body.annotation must be an object", id="no"
        ),
        pytest.param(
            changed(CREATED, 4, "task", "id"), "body.task must tell of task 3", id="other task"
        ),
        pytest.param(
            changed(CREATED, 7, "task", "data", "image_id"),
            "body.task.data.image_id must be a text, got int",
            id="image id",
        ),
        pytest.param(
            changed(CREATED, "yesterday", "annotation", "updated_at"),
            "body.annotation.updated_at must be a time with its zone, got 'yesterday'",
            id="time",
        ),
        pytest.param(
            changed(CREATED, "0001-01-01T00:00:00+23:00", "annotation", "updated_at"),
            "updated_at must be a time with its zone",
            id="time before all times",
        ),
        pytest.param(
            changed(CREATED, True, "annotation", "id"),
            "body.annotation.id must be a number from 1, got True",
            id="flag as id",
        ),
        pytest.param(
            changed(CREATED, None, "annotation", "result"),
            "body.annotation.result must be a list, got None",
            id="no result",
        ),
        pytest.param(
            changed(CREATED, "x", *RESULT, "value", "width"),
            r"result\[0\].value.width must be a finite number, got 'x'",
            id="text for a number",
        ),
        pytest.param(
            changed(CREATED, math.nan, *RESULT, "value", "x"),
            r"result\[0\].value.x must be a finite number, got nan",
            id="nan",
        ),
        pytest.param(
            changed(CREATED, 10**400, *RESULT, "value", "x"),
            r"value.x must be a finite number, got int",
            id="endless number",
        ),
        pytest.param(
            changed(CREATED, 1e308, *RESULT, "value", "x"),
            r"value.x must be a percentage, got 1e\+308",
            id="endless pixels",
        ),
        pytest.param(
            changed(CREATED, ..., *RESULT, "original_width"),
            r"result\[0\].original_width must be a number from 1, got None",
            id="no size",
        ),
        pytest.param(
            changed(CREATED, 90, *RESULT, "image_rotation"),
            r"image_rotation must be 0, got 90: the annotator turned the image",
            id="turned image",
        ),
        pytest.param(
            changed(CREATED, ["a", "b"], *RESULT, "value", "rectanglelabels"),
            "rectanglelabels must be one label, got 2",
            id="two labels",
        ),
        pytest.param(
            changed(CREATED, "\ud800", *RESULT, "id"),
            "id must be Unicode, got half a character",
            id="half a character",
        ),
        pytest.param(
            changed(CREATED, [RECTANGLE, RECTANGLE], "annotation", "result"),
            r"result\[1\].id must be new, got 'r1' again",
            id="shape twice",
        ),
        pytest.param(
            changed(CREATED, [OCCLUDED, RECTANGLE, OCCLUDED], "annotation", "result"),
            r"result\[2\].from_name must be new, got 'occluded' again",
            id="attribute twice",
        ),
        pytest.param(
            changed(
                CREATED,
                [RECTANGLE, RECTANGLE | {"id": "r2", "original_width": 641}],
                "annotation",
                "result",
            ),
            r"must be of one image size, got \[\(640, 480\), \(641, 480\)\]",
            id="two sizes",
        ),
        *(
            pytest.param(
                changed(CREATED, kind, *RESULT, "type"),
                rf"result\[0\].type must be one of .*, got '{kind}'",
                id=kind,
            )
            for kind in ("brushlabels", "ellipselabels", "keypointlabels", "videorectangle")
        ),
        pytest.param(
            changed(
                CREATED,
                [RECTANGLE, {"type": "relation", "from_id": "r1", "to_id": "r1"}],
                "annotation",
                "result",
            ),
            r"result\[1\].type must be one of .*, got 'relation'",
            id="relation",
        ),
        pytest.param(
            changed(CREATED, "rating", *RESULT, "type"),
            r"result\[0\].id must be of a shape: it is a rating",
            id="rating of the whole image",
        ),
    ],
)
def test_what_is_not_as_documented_is_told_with_its_place(body, reason):
    with pytest.raises(InvalidAnswerError, match=reason):
        read_callback(body)


def flat(item):
    box, points = item.box, item.points or ()
    numbers = [box.x, box.y, box.width, box.height] if box else []
    return [*numbers, *(coordinate for point in points for coordinate in point)]


def polygon(**value):
    points = {"points": [[10, 10], [20, 10], [20, 30.5]], "closed": True}
    return RECTANGLE | {
        "id": "p1",
        "from_name": "polygon",
        "type": "polygonlabels",
        "value": points | {"polygonlabels": ["road"]} | value,
    }


def test_a_polygon_is_its_corners_in_pixels():
    assert objects_of([polygon()]) == (
        LabeledObject("p1", "road", "polygon", points=((64, 48), (128, 48), (128, 146.4))),
    )


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param(
            {"closed": False}, "closed must be true: the polygon is unfinished", id="open"
        ),
        pytest.param({"points": [[1, 1], [2, 2]]}, "points must be 3 or more, got 2", id="line"),
        pytest.param(
            {"points": [[1, 1], [2], [3, 3]]}, r"points\[1\] must be a pair", id="no pair"
        ),
        pytest.param({"points": "abc"}, "points must be a list, got 'abc'", id="text"),
    ],
)
def test_a_polygon_that_is_none_is_told(value, reason):
    with pytest.raises(InvalidAnswerError, match=rf"result\[0\].value.{reason}"):
        objects_of([polygon(**value)])


def test_a_rotated_rectangle_is_its_corners_clockwise_from_its_own_top_left():
    value = RECTANGLE["value"] | {"x": 50, "y": 50, "width": 10, "height": 10, "rotation": 90}
    [item] = objects_of([RECTANGLE | {"value": value}])
    assert (item.type, item.label, item.box) == ("polygon", "car", None)
    assert item.attributes == {"rotation": 90.0}
    # 64 pixels wide and 48 high, turned to the right: down from the corner, and to its left.
    assert flat(item) == pytest.approx([320, 240, 320, 304, 272, 304, 272, 240])


@pytest.mark.parametrize("rotation", [0, 360, -360, None])
def test_a_rectangle_that_is_not_turned_is_a_box(rotation):
    value = RECTANGLE["value"] | {"rotation": rotation}
    assert objects_of([RECTANGLE | {"value": value}]) == ANSWER.objects


@pytest.mark.parametrize(
    ("kind", "name", "value", "attributes"),
    [
        pytest.param("choices", "occluded", ["yes"], {"occluded": "yes"}, id="choice"),
        pytest.param("choices", "occluded", ["a", "b"], {"occluded": ["a", "b"]}, id="choices"),
        pytest.param("choices", "weather[]", ["sun"], {"weather": ["sun"]}, id="one of many"),
        pytest.param("choices", "weather[]", [], {"weather": []}, id="none of many"),
        pytest.param("textarea", "plate", ["AB 1"], {"plate": "AB 1"}, id="text"),
        pytest.param("number", "age", 4, {"age": 4}, id="number"),
        pytest.param("rating", "age", 2, {"age": 2}, id="rating"),
    ],
)
def test_an_item_with_the_id_of_a_shape_is_its_attribute(kind, name, value, attributes):
    said = {"text" if kind == "textarea" else kind: value}
    item = OCCLUDED | {"from_name": name, "type": kind, "value": said}
    [found] = objects_of([item, RECTANGLE])  # In any order.
    assert found.attributes == attributes
    assert found.box == Box(80, 120, 320, 48)


def test_choices_with_an_id_of_their_own_are_classifications():
    # The annotator's interface leaves the size out here.
    night = {"id": "c1", "from_name": "scene", "to_name": "image", "type": "choices"}
    assert objects_of([night | {"value": {"choices": ["night"]}}]) == (
        LabeledObject("c1", "night", "classification"),
    )
    assert objects_of([night | {"value": {"choices": ["night", "rain"]}}]) == (
        LabeledObject("c1/night", "night", "classification"),
        LabeledObject("c1/rain", "rain", "classification"),
    )
    assert size_of([night | {"value": {"choices": ["night"]}}]) is None


def test_objects_as_a_result_have_label_studios_form():
    car = LabeledObject(
        "r1", "car", "box", box=Box(80, 120, 320, 48), attributes={"occluded": "yes"}
    )
    words = [LabeledObject(f"c/{w}", w, "classification") for w in ("night", "rain")]
    value = {"x": 12.5, "y": 25.0, "width": 50.0, "height": 10.0, "rotation": 0.0}
    head = {"to_name": "image", "original_width": 640, "original_height": 480, "image_rotation": 0}
    assert result_of([car, *words], 640, 480) == [
        {"id": "r1", "from_name": "box", "type": "rectanglelabels"}
        | head
        | {"value": value | {"rectanglelabels": ["car"]}},
        {"id": "r1", "from_name": "occluded", "type": "choices"}
        | head
        | {"value": value | {"choices": ["yes"]}},
        {"id": "c", "from_name": "classification", "type": "choices"}
        | head
        | {"value": {"choices": ["night", "rain"]}},
    ]


def test_a_classification_with_attributes_cannot_be_said():
    night = LabeledObject("c", "night", "classification", attributes={"sure": "no"})
    with pytest.raises(
        ValueError, match=r"object c: .* no attributes of the classification 'night'"
    ):
        result_of([night], 640, 480)


names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
pixels = st.floats(-50, 9000, allow_nan=False)
lengths = st.floats(0.01, 9000, allow_nan=False)
attribute_values = (
    names
    | st.lists(names, max_size=3)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
)
attributes = st.dictionaries(
    names.filter(lambda name: name != "rotation" and not name.endswith("[]")),
    attribute_values,
    max_size=3,
)
shapes = st.builds(
    lambda box, attributes: LabeledObject("", "car", "box", box=box, attributes=attributes),
    st.builds(Box, pixels, pixels, lengths, lengths),
    attributes,
) | st.builds(
    lambda points, attributes: LabeledObject(
        "", "road", "polygon", points=tuple(points), attributes=attributes
    ),
    st.lists(st.tuples(pixels, pixels), min_size=3, max_size=9),
    attributes,
)


@given(st.lists(shapes, max_size=4), st.integers(1, 9000), st.integers(1, 9000))
def test_objects_come_back_from_a_result(items, width, height):
    objects = [
        LabeledObject(f"o{n}", i.label, i.type, i.box, i.points, i.attributes)
        for n, i in enumerate(items)
    ]
    result = json.loads(json.dumps(result_of(objects, width, height)))
    back = objects_of(result)
    assert [(i.id, i.label, i.type, i.attributes) for i in back] == [
        (i.id, i.label, i.type, i.attributes) for i in objects
    ]
    for got, wanted in zip(back, objects, strict=True):
        assert flat(got) == pytest.approx(flat(wanted), rel=0, abs=1e-6)
    assert size_of(result) == ((width, height) if objects else None)


@given(
    st.builds(Box, pixels, pixels, lengths, lengths),
    st.floats(-720, 720).filter(lambda turn: turn % 360),
    st.integers(1, 9000),
    st.integers(1, 9000),
)
def test_a_rotated_rectangle_comes_back_as_one(box, rotation, width, height):
    value = {
        "x": box.x * 100 / width,
        "y": box.y * 100 / height,
        "width": box.width * 100 / width,
        "height": box.height * 100 / height,
        "rotation": rotation,
    }
    item = RECTANGLE | {
        "original_width": width,
        "original_height": height,
        "value": value | {"rectanglelabels": ["car"]},
    }
    [polygon] = objects_of([item])
    assert polygon.type == "polygon"
    [back] = result_of([polygon], width, height)
    assert (back["type"], back["value"]["rotation"]) == ("rectanglelabels", rotation)
    for side, extent in zip(("x", "y", "width", "height"), (width, height) * 2, strict=True):
        assert back["value"][side] * extent / 100 == pytest.approx(
            value[side] * extent / 100, rel=0, abs=1e-6
        )


def test_a_polygon_with_a_rotation_that_is_no_rectangle_stays_a_polygon():
    points = ((0.0, 0.0), (10.0, 0.0), (20.0, 10.0), (0.0, 10.0))
    item = LabeledObject("p", "road", "polygon", points=points, attributes={"rotation": 45})
    result = result_of([item], 100, 100)
    assert [each["type"] for each in result] == ["polygonlabels", "number"]
    assert objects_of(result) == (item,)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def places(document, path=()):
    yield path
    steps = document.items() if isinstance(document, dict) else ()
    steps = enumerate(document) if isinstance(document, list) else steps
    for step, value in steps:
        yield from places(value, (*path, step))


HOSTILE = [
    (body, path)
    for body in (
        changed(CREATED, [OCCLUDED, RECTANGLE, polygon()], "annotation", "result"),
        MANY_CREATED,
        DELETED,
    )
    for path in places(body)
    if path
]


def reports_or_none(body):
    """None for an answer that is refused, with its place: no other error may come."""
    try:
        return read_callback(body)
    except InvalidAnswerError as error:
        return None if str(error).startswith("body") else pytest.fail(f"no place: {error}")


@given(st.sampled_from(HOSTILE), json_values | st.just(...))
@example((CREATED, ("annotation", "id")), 10**5000)
def test_any_callback_gives_reports_or_an_invalid_answer(place, value):
    body, path = place
    for report in reports_or_none(changed(body, value, *path)) or ():
        assert isinstance(report.image_id, str)
        assert all(answer.key.startswith(report.image_id) for answer in report.answers)


@given(json_values)
def test_any_json_gives_no_report(body):
    assert not reports_or_none(body)
