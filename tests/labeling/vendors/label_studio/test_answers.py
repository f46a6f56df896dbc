import json
import math
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.labeling.vendors.label_studio.examples import (
    CREATED,
    DELETED,
    IMAGE_ID,
    MANY_CREATED,
    OCCLUDED,
    POLLED,
    RECTANGLE,
    changed,
    polygon,
)
from vidset.labeling.annotation import Answer, Box, LabeledObject
from vidset.labeling.errors import InvalidAnswerError
from vidset.labeling.vendors.label_studio.answers import read_callback, read_task

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
            for kind in ("ellipselabels", "keypointlabels", "videorectangle")
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
